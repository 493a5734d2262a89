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

TEST(FactWrite, GoesOnAtTheFoundVersionWhenOnlyTheLocalCopyWasOld) {
    auto write = write_of({.compares = {{"duty/leader", 7}}, .ops = {{"a", "1"}}}, 3);
    EXPECT_TRUE(write.adjust({{"duty/leader", "me", 7}, {"a", "0", 5}}));
    EXPECT_EQ(write.txn().compares[1].version, 5u);
}

TEST(FactWrite, EndsWhenTheDutyHasAnotherHolder) {
    auto write = write_of({.compares = {{"duty/leader", 7}}, .ops = {{"a", "1"}}}, 3);
    EXPECT_FALSE(write.adjust({{"duty/leader", "other", 9}, {"a", "0", 3}}));
    EXPECT_FALSE(write.adjust({{"a", "0", 3}}));
}

TEST(FactWrite, RecognisesAnEarlierTryOnlyWhenThereWasOne) {
    auto write = write_of({.compares = {}, .ops = {{"a", "mine"}, {"b", std::nullopt}}}, 0);
    const std::vector<Entry> ours{{"a", "mine", 8}};
    EXPECT_FALSE(write.applied_before(ours)) << "somebody else wrote the same";
    write.unknown();
    EXPECT_EQ(write.applied_before(ours), 8u);
    EXPECT_FALSE(write.applied_before({{"a", "other", 8}}));
    EXPECT_FALSE(write.applied_before({{"a", "mine", 8}, {"b", "still there", 2}}));
}

}  // namespace
}  // namespace evenkeel::coord
