#include "cdc/source/source_choice.h"

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

StreamPlace at(const std::string& text) {
    const auto gtids = parse_gtids(text);
    const BinlogPosition position =
        gtids ? *gtids : BinlogPosition(FilePosition{*parse_file_position(text)});
    return {.published = position, .read_from = position};
}

BinlogHistory mariadb(const char* state) {
    return {.kind = PositionKind::mariadb_gtid, .state = *parse_gtid_state(state)};
}

BinlogHistory mysql(const std::string& executed, const std::string& purged = "") {
    return {.kind = PositionKind::mysql_gtid,
            .executed = *parse_gtid_set(executed),
            .purged = *parse_gtid_set(purged),
            .gtid_mode = "ON"};
}

BinlogHistory files(const std::string& uuid) {
    return {.kind = PositionKind::file, .server_uuid = uuid, .gtid_mode = "OFF"};
}

const std::string kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string kB = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

struct FitnessCase {
    const char* what;
    StreamPlace place;
    BinlogHistory history;
    bool is_primary;
    bool patience_over;
    Fitness fitness;
    std::string says;  // In the verdict's text.
};

void PrintTo(const FitnessCase& row, std::ostream* out) {
    *out << row.what;
}

class FitnessOf : public testing::TestWithParam<FitnessCase> {};

TEST_P(FitnessOf, Judges) {
    const FitnessCase& row = GetParam();
    const auto verdict = fitness_of(row.place, row.history, row.is_primary, row.patience_over);
    EXPECT_EQ(verdict.fitness, row.fitness) << verdict.why;
    EXPECT_NE(verdict.why.find(row.says), std::string::npos) << verdict.why;
}

StreamPlace of_server(const std::string& text, const std::string& uuid) {
    FilePosition position = *parse_file_position(text);
    position.server_uuid = uuid;
    return {.published = position, .read_from = position};
}

INSTANTIATE_TEST_SUITE_P(
    Table, FitnessOf,
    testing::Values(
        FitnessCase{"MariaDB holds the position", at("0-1-5,7-2-3"), mariadb("0-1-6,7-2-3,0-9-1"),
                    false, true, Fitness::ready, ""},
        FitnessCase{"anew on an empty server", {}, mariadb(""), true, true, Fitness::ready, ""},
        FitnessCase{"a server may be behind for a while", at("0-1-5"), mariadb("0-1-4"), true,
                    false, Fitness::wait, "0-1-5"},
        FitnessCase{"a replica that stays behind", at("0-1-5"), mariadb("0-1-4"), false, true,
                    Fitness::elsewhere, "0-1-5"},
        FitnessCase{"names what a primary lacks", at("0-1-105"), mariadb("0-1-100,0-2-103"), true,
                    true, Fitness::diverged, "0-1-(101..105)"},
        FitnessCase{"MySQL holds the set", at(kA + ":1-5"), mysql(kA + ":1-9," + kB + ":1"), true,
                    true, Fitness::ready, ""},
        FitnessCase{"purged what was read", at(kA + ":1-5"), mysql(kA + ":1-9", kA + ":1-5"), true,
                    true, Fitness::ready, ""},
        FitnessCase{"purged more than was read", at(kA + ":1-5"),
                    mysql(kA + ":1-9," + kB + ":1-2", kA + ":1-7," + kB + ":1"), true, true,
                    Fitness::unusable, kA + ":6-7," + kB + ":1 were purged"},
        FitnessCase{
            "purged what a prepared transaction needs",
            {.published = *parse_gtids(kA + ":1-5"), .read_from = *parse_gtids(kA + ":1-2:4-5")},
            mysql(kA + ":1-9", kA + ":1-4"),
            true,
            true,
            Fitness::unusable,
            kA + ":3 were"},
        FitnessCase{"anew, though something was purged",
                    {},
                    mysql(kA + ":1-9", kA + ":1-4"),
                    true,
                    true,
                    Fitness::unusable,
                    kA + ":1-4 were"},
        FitnessCase{"MySQL behind", at(kA + ":1-5"), mysql(kA + ":1-4"), false, false,
                    Fitness::wait, kA + ":5 as yet"},
        FitnessCase{"MySQL diverged", at(kA + ":1-5," + kB + ":9"), mysql(kA + ":1-4"), true, true,
                    Fitness::diverged, "lacks " + kA + ":5," + kB + ":9"},
        FitnessCase{"a rebuilt MySQL", at(kA + ":1-5"), mysql(""), true, true, Fitness::diverged,
                    "it has nothing"},
        FitnessCase{"the same server's file", of_server("b.000002:4", kA), files(kA), true, true,
                    Fitness::ready, ""},
        FitnessCase{"a file as configured", at("b.000002:4"), files(kA), true, true, Fitness::ready,
                    ""},
        FitnessCase{"another server's file", of_server("b.000002:4", kA), files(kB), true, true,
                    Fitness::unusable, "b.000002:4 of another server"},
        FitnessCase{"the same server's file, though GTIDs are on now",
                    of_server("b.000002:4", kA),
                    {.kind = PositionKind::mysql_gtid, .server_uuid = kA, .gtid_mode = "ON"},
                    true,
                    true,
                    Fitness::ready,
                    ""},
        FitnessCase{"a file on MariaDB", of_server("b.000002:4", kA), mariadb("0-1-5"), true, true,
                    Fitness::unusable, "it is a MariaDB server"},
        FitnessCase{"a MariaDB position on MySQL", at("0-1-5"), mysql(kA + ":1-4"), true, true,
                    Fitness::unusable, "MySQL with gtid_mode=ON"},
        FitnessCase{"a set where GTIDs are off", at(kA + ":1"), files(kA), true, true,
                    Fitness::unusable, "Set gtid_mode=ON there"},
        FitnessCase{"a set on MariaDB", at(kA + ":1"), mariadb("0-1-5"), true, true,
                    Fitness::unusable, "it is a MariaDB server"}));

}  // namespace
}  // namespace evenkeel::cdc
