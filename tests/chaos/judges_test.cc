// The judges of the chaos tests see what is wrong, and nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/chaos/lead_runs.h"
#include "tests/chaos/lease_spans.h"

namespace evenkeel::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Instant at(int millis) {
    return Instant(Millis(millis));
}

LeadRun run(std::size_t node, int first_sent, int first_received, int last_sent,
            int last_received) {
    return {node, {at(first_sent), at(first_received)}, {at(last_sent), at(last_received)}};
}

LeadRun once(std::size_t node, int sent, int received) {
    return run(node, sent, received, sent, received);
}

TEST(ProvenOverlaps, NeedTimeThatIsCertainOfBoth) {
    EXPECT_EQ(proven_overlaps({run(0, 0, 2, 50, 52), run(1, 40, 42, 90, 92)}).size(), 1u);
    // The second may have begun to lead after the first one's last answer was made.
    EXPECT_THAT(proven_overlaps({run(0, 0, 2, 50, 60), run(1, 52, 54, 90, 92)}), IsEmpty());
    EXPECT_THAT(proven_overlaps({run(0, 0, 2, 50, 52), run(1, 60, 62, 90, 92)}), IsEmpty());
}

TEST(ProvenOverlaps, OneAnswerWithinTheOthersTimeIsEnough) {
    EXPECT_EQ(proven_overlaps({run(0, 0, 2, 50, 52), once(1, 20, 22)}).size(), 1u);
    EXPECT_THAT(proven_overlaps({run(0, 0, 2, 50, 52), once(1, 49, 51)}), IsEmpty());
    EXPECT_THAT(proven_overlaps({once(0, 0, 10), once(1, 2, 3)}), IsEmpty());
}

TEST(ProvenOverlaps, ANodeMayLeadAgain) {
    EXPECT_THAT(proven_overlaps({run(0, 0, 2, 50, 52), run(0, 20, 22, 30, 32)}), IsEmpty());
}

TEST(LeaseSpans, AreReadLineByLine) {
    EXPECT_THAT(lease_spans("node1 leader 7 1000000 2000000\nnode1 leader 7 15000"),
                ElementsAre(LeaseSpan{"node1", "leader", 7, at(1), at(2)}));
}

TEST(Holdings, JoinRenewals) {
    EXPECT_THAT(
        holdings({{"a", "leader", 1, at(0), at(10)}, {"a", "leader", 1, at(5), at(15)}}, {}),
        ElementsAre(LeaseSpan{"a", "leader", 1, at(0), at(15)}));
    EXPECT_THAT(
        holdings({{"a", "leader", 1, at(5), at(15)}, {"a", "leader", 1, at(0), at(10)}}, {}),
        ElementsAre(LeaseSpan{"a", "leader", 1, at(0), at(15)}));
}

TEST(Holdings, EndWhenGivenUpOrDead) {
    EXPECT_THAT(holdings({{"a", "leader", 1, at(0), at(10)}, {"a", "leader", 1, at(4), at(4)}}, {}),
                ElementsAre(LeaseSpan{"a", "leader", 1, at(0), at(4)}));
    EXPECT_THAT(holdings({{"a", "leader", 1, at(0), at(10)}}, {{"a", at(3)}, {"b", at(2)}}),
                ElementsAre(LeaseSpan{"a", "leader", 1, at(0), at(3)}));
}

TEST(Holdings, HaveAGapWhereALeaseRanOut) {
    EXPECT_THAT(
        holdings({{"a", "leader", 1, at(0), at(10)}, {"a", "leader", 1, at(12), at(20)}}, {}),
        ElementsAre(LeaseSpan{"a", "leader", 1, at(0), at(10)},
                    LeaseSpan{"a", "leader", 1, at(12), at(20)}));
}

TEST(LeaseViolations, AreNoneWhenOneFollowsTheOther) {
    EXPECT_THAT(lease_violations({{"a", "leader", 1, at(0), at(10)},
                                  {"b", "leader", 2, at(10), at(20)},
                                  {"b", "stream/x", 1, at(5), at(30)}}),
                IsEmpty());
}

TEST(LeaseViolations, AreTwoHoldersAtOnce) {
    EXPECT_THAT(
        lease_violations({{"a", "leader", 1, at(0), at(10)}, {"b", "leader", 2, at(9), at(20)}}),
        ElementsAre(HasSubstr("two holders of leader")));
    // Also when a third one was there between.
    EXPECT_EQ(lease_violations({{"a", "leader", 1, at(0), at(100)},
                                {"b", "leader", 2, at(10), at(20)},
                                {"c", "leader", 3, at(30), at(40)}})
                  .size(),
              2u);
}

TEST(LeaseViolations, AreEpochsThatDoNotGrow) {
    EXPECT_THAT(
        lease_violations({{"a", "leader", 2, at(0), at(10)}, {"b", "leader", 2, at(11), at(20)}}),
        ElementsAre(HasSubstr("does not grow")));
    EXPECT_THAT(
        lease_violations({{"a", "leader", 2, at(0), at(10)}, {"b", "leader", 1, at(11), at(20)}}),
        ElementsAre(HasSubstr("does not grow")));
}

}  // namespace
}  // namespace evenkeel::test
