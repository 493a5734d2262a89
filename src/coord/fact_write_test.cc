#include "coord/fact_write.h"

#include <gtest/gtest.h>

namespace evenkeel::coord {
namespace {

FactWrite write_of(Txn txn, Version known) {
    return {std::move(txn), [known](const std::string&) { return known; }};
}

TEST(FactWrite, ComparesEveryKeyThatItWrites) {
    const auto write = write_of({.compares = {{"duty/leader", 7}}, .ops = {{"a", "1"}}}, 3);
    const Txn txn = write.txn();
    ASSERT_EQ(txn.compares.size(), 2u);
    EXPECT_EQ(txn.compares[0].version, 7u);
    EXPECT_EQ(txn.compares[1].key, "a");
    EXPECT_EQ(txn.compares[1].version, 3u);
}

using Fate = FactWrite::Fate;

TxnOutcome refused(std::vector<Entry> found) {
    return {.applied = false, .version = 0, .found = std::move(found)};
}

TEST(FactWrite, GoesOnAtTheFoundVersionWhenOnlyTheLocalCopyWasOld) {
    auto write = write_of({.compares = {{"duty/leader", 7}}, .ops = {{"a", "1"}}}, 3);
    const auto judged = write.judge(refused({{"duty/leader", "me", 7}, {"a", "0", 5}}));
    EXPECT_EQ(judged.fate, Fate::again);
    EXPECT_EQ(write.txn().compares[1].version, 5u);
    const auto applied = write.judge({.applied = true, .version = 9, .found = {}});
    EXPECT_EQ(applied.fate, Fate::applied);
    EXPECT_EQ(applied.version, 9u);
}

TEST(FactWrite, EndsWhenTheDutyHasAnotherHolder) {
    for (const bool unknown : {false, true}) {
        auto write = write_of({.compares = {{"duty/leader", 7}}, .ops = {{"a", "1"}}}, 3);
        if (unknown) write.unknown();
        // An earlier try may have been applied, and the next holder have written over it.
        const Fate end = unknown ? Fate::unknown : Fate::conflict;
        EXPECT_EQ(write.judge(refused({{"duty/leader", "other", 9}, {"a", "0", 3}})).fate, end);
        EXPECT_EQ(write.judge(refused({{"a", "0", 3}})).fate, end);
    }
}

TEST(FactWrite, RecognisesAnEarlierTryOnlyWhenThereWasOne) {
    const auto judge = [](bool unknown, std::vector<Entry> found) {
        auto write = write_of({.compares = {}, .ops = {{"a", "mine"}, {"b", std::nullopt}}}, 0);
        if (unknown) write.unknown();
        return write.judge(refused(std::move(found)));
    };
    const std::vector<Entry> ours{{"a", "mine", 8}};
    EXPECT_EQ(judge(false, ours).fate, Fate::again) << "somebody else wrote the same";
    EXPECT_EQ(judge(true, ours).fate, Fate::applied);
    EXPECT_EQ(judge(true, ours).version, 8u);
    EXPECT_EQ(judge(true, {{"a", "other", 8}}).fate, Fate::again);
    EXPECT_EQ(judge(true, {{"a", "mine", 8}, {"b", "still there", 2}}).fate, Fate::again);
}

}  // namespace
}  // namespace evenkeel::coord
