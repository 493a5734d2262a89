#include "coord/coordinator.h"

#include <gtest/gtest.h>

#include "coord/engines/local_engine.h"
#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;

CoordinatorOptions seat(const std::string& node) {
    return {.node = node,
            .incarnation = node + "-1",
            .api_address = node + ":3000",
            .peer_address = node + ":3001",
            .ttl = 1500ms};
}

// Two nodes on one engine; a leads.
struct Pair {
    Pair() : engine(std::move(*open_local_engine(":memory:"))) {}

    testing::AssertionResult starts() {
        for (Coordinator* each : {&a, &b}) {
            if (const auto started = each->start(io::within(10s)); !started) {
                return testing::AssertionFailure() << started.error().what;
            }
        }
        a.want(kLeaderDuty);
        if (!holds(a)) return testing::AssertionFailure() << "a does not lead";
        return testing::AssertionSuccess();
    }
    static bool holds(const Coordinator& node) {
        const Deadline deadline = io::within(10s);
        io::StopToken pause;
        while (!node.holds(kLeaderDuty)) {
            if (deadline.passed(io::now())) return false;
            pause.wait_for(2ms);
        }
        return true;
    }

    std::unique_ptr<Engine> engine;
    Coordinator a{*engine, seat("a")};
    Coordinator b{*engine, seat("b")};
};

TEST(CoordinatorTransfer, GivesTheDutyToTheChosenNode) {
    Pair pair;
    ASSERT_TRUE(pair.starts());
    pair.b.want(kLeaderDuty);
    const Grant before = *pair.a.holds(kLeaderDuty);
    const auto given = pair.a.transfer(kLeaderDuty, "b", io::within(10s));
    ASSERT_TRUE(given) << given.error().what;
    EXPECT_FALSE(pair.a.holds(kLeaderDuty));
    ASSERT_TRUE(Pair::holds(pair.b));
    EXPECT_EQ(pair.b.holds(kLeaderDuty)->epoch.value, before.epoch.value + 1);
    // It goes back the same way: the former holder still wants it.
    const auto back = pair.b.transfer(kLeaderDuty, "a", io::within(10s));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_TRUE(Pair::holds(pair.a));
}

TEST(CoordinatorTransfer, RefusesWhatCannotWorkAndKeepsTheDuty) {
    Pair pair;
    ASSERT_TRUE(pair.starts());
    const auto by_another = pair.b.transfer(kLeaderDuty, "a", io::within(1s));
    ASSERT_FALSE(by_another);
    EXPECT_EQ(by_another.error().code, Errc::conflict);
    const auto to_nobody = pair.a.transfer(kLeaderDuty, "z", io::within(1s));
    ASSERT_FALSE(to_nobody);
    EXPECT_EQ(to_nobody.error().code, Errc::not_found);
    EXPECT_TRUE(pair.a.transfer(kLeaderDuty, "a", io::within(1s))) << "it has it";
    EXPECT_TRUE(pair.a.holds(kLeaderDuty));
}

TEST(CoordinatorTransfer, SaysWhoTookItInstead) {
    Pair pair;
    ASSERT_TRUE(pair.starts());
    // b is alive but does not want it: after a second it falls back to a.
    const auto given = pair.a.transfer(kLeaderDuty, "b", io::within(10s));
    ASSERT_FALSE(given);
    EXPECT_EQ(given.error().code, Errc::conflict) << given.error().what;
    EXPECT_TRUE(Pair::holds(pair.a));
}

TEST(Coordinator, TellsWhereOthersReachAMember) {
    Pair pair;
    ASSERT_TRUE(pair.starts());
    const auto view = pair.a.group();
    ASSERT_TRUE(view.leader);
    EXPECT_EQ(view.leader->api_address, "a:3000");
    EXPECT_EQ(view.leader->peer_address, "a:3001");
}

TEST(Coordinator, OwnWritesAndRemovalsAreInTheLocalCopyAtOnce) {
    Pair pair;
    ASSERT_TRUE(pair.starts());
    const Grant grant = *pair.a.holds(kLeaderDuty);
    ASSERT_TRUE(pair.a.put(grant, "cluster/x", "1", io::within(5s)));
    ASSERT_TRUE(pair.a.get("cluster/x"));
    ASSERT_TRUE(pair.a.remove(grant, "cluster/x", io::within(5s)));
    EXPECT_FALSE(pair.a.get("cluster/x"));
}

}  // namespace
}  // namespace evenkeel::coord
