#include "topology/candidate.h"

#include <gmock/gmock.h>

namespace evenkeel::topology {
namespace {

using testing::HasSubstr;

Contender replica(const std::string& host, const std::string& received,
                  const std::string& applied) {
    return {.id = {.host = host},
            .log_bin = true,
            .log_replica_updates = true,
            .applies = true,
            .received = *parse_gtid_position(received),
            .applied = *parse_gtid_position(applied)};
}

TEST(PickCandidate, LosesTheFewestTransactions) {
    const auto picked =
        pick_candidate({replica("b", "0-1-90", "0-1-90"), replica("c", "0-1-100", "0-1-40")});
    ASSERT_TRUE(picked) << picked.error().what;
    EXPECT_EQ(picked->id.host, "c");
    EXPECT_EQ(picked->position.str(), "0-1-100");
}

TEST(PickCandidate, TakesTheOneThatIsWritableSoonest) {
    const auto picked =
        pick_candidate({replica("b", "0-1-100", "0-1-90"), replica("c", "0-1-100", "0-1-95")});
    ASSERT_TRUE(picked) << picked.error().what;
    EXPECT_EQ(picked->id.host, "c");
}

TEST(PickCandidate, IsTheSameInAnyOrder) {
    const Contender b = replica("b", "0-1-100", "0-1-100");
    const Contender c = replica("c", "0-1-100", "0-1-100");
    EXPECT_EQ(pick_candidate({b, c})->id.host, "b");
    EXPECT_EQ(pick_candidate({c, b})->id.host, "b");
}

TEST(PickCandidate, EveryDomainCounts) {
    const auto picked = pick_candidate(
        {replica("b", "0-1-100,1-5-7", "0-1-100,1-5-7"), replica("c", "0-1-100", "0-1-100")});
    ASSERT_TRUE(picked) << picked.error().what;
    EXPECT_EQ(picked->id.host, "b");
}

TEST(PickCandidate, SaysWhyNoneCanBePromoted) {
    Contender b = replica("b", "0-1-100", "0-1-100");
    b.log_bin = false;
    Contender c = replica("c", "0-1-100", "0-1-100");
    c.applies = false;
    const auto picked = pick_candidate({b, c});
    ASSERT_FALSE(picked);
    EXPECT_EQ(picked.error().code, Errc::unavailable);
    EXPECT_THAT(picked.error().what, HasSubstr("b:3306: its binary log is off"));
    EXPECT_THAT(picked.error().what, HasSubstr("c:3306: it does not apply"));
    EXPECT_FALSE(pick_candidate({}));
}

TEST(PickCandidate, RefusesToLoseWhatWasAcknowledged) {
    Contender b = replica("b", "0-1-100", "0-1-100");
    b.log_replica_updates = false;
    const Contender c = replica("c", "0-1-99", "0-1-99");
    EXPECT_TRUE(pick_candidate({b, c})) << "asynchronous: losing the least is the best there is";
    b.semi_sync = true;
    EXPECT_FALSE(pick_candidate({b, c}));
}

TEST(CandidateContender, WhatItAppliedCountsWhenItNeverReceived) {
    const ServerView view{.id = {.host = "b"},
                          .health = Health::alive,
                          .applied = *parse_gtid_position("0-1-50"),
                          .replication = Replication{}};
    EXPECT_EQ(contender(view).received.str(), "0-1-50");
    EXPECT_TRUE(contender(view).applies) << "nothing is left to apply";
}

}  // namespace
}  // namespace evenkeel::topology
