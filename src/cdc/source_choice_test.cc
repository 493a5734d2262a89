#include "cdc/source_choice.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

using namespace std::chrono_literals;

const ServerId a{"a", 3306};
const ServerId b{"b", 3306};
const ServerId c{"c", 3306};

struct Case {
    const char* what;
    SourceSituation now;
    std::optional<ServerId> server;
    bool is_primary;
};

void PrintTo(const Case& row, std::ostream* out) {
    *out << row.what;
}

class ChooseSource : public testing::TestWithParam<Case> {};

TEST_P(ChooseSource, Chooses) {
    const SourceChoice choice = choose_source(GetParam().now);
    EXPECT_EQ(choice.server, GetParam().server) << choice.why;
    EXPECT_EQ(choice.is_primary, GetParam().is_primary) << choice.why;
    EXPECT_FALSE(choice.why.empty());
}

const ClusterFact whole{.primary = a, .replicas = {b, c}};

INSTANTIATE_TEST_SUITE_P(
    Table, ChooseSource,
    testing::Values(
        Case{"prefers a replica", {.fact = whole}, b, false},
        Case{"stays on its replica", {.fact = whole, .current = c}, c, false},
        Case{
            "leaves a replica that failed", {.fact = whole, .current = b, .failed = {b}}, c, false},
        Case{"falls back on the primary", {.fact = {.primary = a}}, a, true},
        Case{"falls back when all replicas failed", {.fact = whole, .failed = {b, c}}, a, true},
        Case{"stays on its server for a while after that was promoted",
             {.fact = {.primary = b, .replicas = {c}}, .current = b, .on_current = 1s},
             b,
             true},
        Case{"then goes to a replica",
             {.fact = {.primary = b, .replicas = {c}}, .current = b, .on_current = 6s},
             c,
             false},
        Case{"reads on from a replica while there is no primary",
             {.fact = {.replicas = {b, c}}, .current = c},
             c,
             false},
        Case{"leaves a fenced primary",
             {.fact = {.fenced = {a}}, .current = a},
             std::nullopt,
             false},
        Case{"wants the primary when told to",
             {.fact = whole, .current = b, .preference = SourcePreference::primary},
             a,
             true},
        Case{"never takes the primary when told to read from replicas",
             {.fact = {.primary = a}, .preference = SourcePreference::replica},
             std::nullopt,
             false},
        Case{"waits when all failed", {.fact = whole, .failed = {a, b, c}}, std::nullopt, false}));

GtidPosition position(const char* text) {
    return *parse_gtid_position(text);
}
GtidState state(const char* text) {
    return *parse_gtid_state(text);
}

TEST(FitnessOf, IsReadyWhenTheBinlogHoldsThePosition) {
    EXPECT_EQ(fitness_of(position("0-1-5,7-2-3"), state("0-1-6,7-2-3,0-9-1"), false, true).fitness,
              Fitness::ready);
    EXPECT_EQ(fitness_of({}, {}, true, true).fitness, Fitness::ready);
}

TEST(FitnessOf, WaitsForAServerThatIsBehind) {
    EXPECT_EQ(fitness_of(position("0-1-5"), state("0-1-4"), true, false).fitness, Fitness::wait);
}

TEST(FitnessOf, LeavesAReplicaThatStaysBehind) {
    EXPECT_EQ(fitness_of(position("0-1-5"), state("0-1-4"), false, true).fitness,
              Fitness::elsewhere);
}

TEST(FitnessOf, NamesWhatAPrimaryLacks) {
    const auto verdict = fitness_of(position("0-1-105"), state("0-1-100,0-2-103"), true, true);
    EXPECT_EQ(verdict.fitness, Fitness::diverged);
    EXPECT_NE(verdict.why.find("0-1-(101..105)"), std::string::npos) << verdict.why;
}

}  // namespace
}  // namespace evenkeel::cdc
