#include "coord/member/membership_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coord {
namespace {

using ::testing::HasSubstr;

MemberRow member(int number) {
    return {.id = 0xa0u + static_cast<unsigned>(number),
            .node = "n" + std::to_string(number),
            .address = "h" + std::to_string(number) + ":10008",
            .started = true,
            .leader = number == 1,
            .live = true};
}
MemberRow away(int number) {
    MemberRow row = member(number);
    row.live = false;
    return row;
}
MemberRow unstarted(int number) {
    MemberRow row = away(number);
    row.node.clear();
    row.started = false;
    return row;
}
MemberRow learner(int number) {
    MemberRow row = away(number);
    row.learner = true;
    return row;
}

std::string refusal(const Result<MemberChange>& plan) {
    return plan ? "allowed" : plan.error().what;
}

TEST(PlanAdd, TakesANewAddress) {
    const auto plan = plan_add({member(1), member(2), member(3)}, "h4");
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_EQ(plan->address, "h4:10008");
    EXPECT_THAT(plan->warning, HasSubstr("even number of voters then (4)"));
    EXPECT_EQ(plan_add({member(1), member(2), member(3), member(4)}, "h5")->warning, "");
}

TEST(PlanAdd, RefusesWhatWouldCostAvailability) {
    EXPECT_THAT(refusal(plan_add({member(1), member(2), away(3)}, "h4")), HasSubstr("n3 is away"));
    EXPECT_THAT(refusal(plan_add({member(1), member(2), unstarted(3)}, "h4")),
                HasSubstr("h3:10008 is away"));
    EXPECT_THAT(refusal(plan_add({member(1), member(2), member(3), learner(4)}, "h5")),
                HasSubstr("n4 was added before"));
    EXPECT_THAT(refusal(plan_add({member(1), member(2), unstarted(3)}, "h3:10008")),
                HasSubstr("already (unstarted): start its node"));
    EXPECT_THAT(refusal(plan_add({member(1)}, "")), HasSubstr("not an address"));
}

TEST(PlanRemove, FindsAMemberByAnyOfItsNames) {
    for (const char* hint : {"n2", "h2", "h2:10008", "a2"}) {
        const auto plan = plan_remove({member(1), member(2), member(3)}, hint);
        ASSERT_TRUE(plan) << plan.error().what;
        EXPECT_EQ(plan->member.id, 0xa2u);
        EXPECT_EQ(plan->next_leader, 0u);
        EXPECT_THAT(plan->warning, HasSubstr("(2)"));
    }
    EXPECT_THAT(refusal(plan_remove({member(1), member(2)}, "n7")),
                HasSubstr("the members are n1, n2"));
}

TEST(PlanRemove, TheLeaderHandsOverFirst) {
    EXPECT_EQ(plan_remove({member(1), away(2), member(3), member(4)}, "n1")->next_leader, 0xa3u);
}

TEST(PlanRemove, RefusesToLoseTheQuorum) {
    EXPECT_THAT(refusal(plan_remove({member(1), member(2), away(3)}, "n2")),
                HasSubstr("only 1 of 2 voters are here, 2 needed"));
    EXPECT_THAT(refusal(plan_remove({member(1), member(2), unstarted(3)}, "n2")),
                HasSubstr("first bring back h3:10008"));
    EXPECT_THAT(refusal(plan_remove({member(1)}, "n1")), HasSubstr("only voter"));
    EXPECT_EQ(refusal(plan_remove({member(1), member(2), away(3)}, "n3")), "allowed");
    EXPECT_EQ(refusal(plan_remove({member(1), member(2), away(3), learner(4)}, "n4")), "allowed");
}

TEST(PlanReplace, IsForANodeThatIsAway) {
    EXPECT_THAT(refusal(plan_replace({member(1), member(2), member(3)}, "n3")),
                HasSubstr("running and healthy"));
    const auto plan = plan_replace({member(1), member(2), away(3)}, "n3");
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_EQ(plan->address, "h3:10008");
    EXPECT_THAT(refusal(plan_replace({member(1), away(2), away(3)}, "n3")),
                HasSubstr("only 1 of 2 voters"));
    EXPECT_THAT(refusal(plan_replace({member(1), member(2), away(3), learner(4)}, "n3")),
                HasSubstr("n4 was added before"));
    EXPECT_EQ(refusal(plan_replace({member(1), member(2), member(3), learner(4)}, "n4")),
              "allowed");
}

TEST(MemberState, InWords) {
    EXPECT_STREQ(state_of(member(1)), "leader");
    EXPECT_STREQ(state_of(member(2)), "follower");
    EXPECT_STREQ(state_of(unstarted(3)), "unstarted");
    EXPECT_STREQ(state_of(learner(4)), "learner");
}

}  // namespace
}  // namespace evenkeel::coord
