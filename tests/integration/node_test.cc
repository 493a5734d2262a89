// A group of three nodes: it forms by itself, has one leader, and repairs itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "io/clock.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;

constexpr Millis kFormLimit{30'000};
constexpr Millis kTtl{1000};

class Node : public ::testing::Test {
protected:
    void SetUp() override {
        group_.start_all();
        const Instant start = io::now();
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
        std::printf("formed after %ld ms\n",
                    std::chrono::duration_cast<Millis>(io::now() - start).count());
    }

    std::size_t leader() {
        const auto leaders = group_.leaders();
        EXPECT_EQ(leaders.size(), 1u);
        return leaders.empty() ? 0 : leaders.front();
    }

    TestFolder folder_;
    EvenkeelGroup group_{folder_.path(), 3};
};

TEST_F(Node, OneLeadsAndAllSaySo) {
    const std::size_t leader = this->leader();
    for (std::size_t i = 0; i < group_.size(); ++i) {
        EXPECT_EQ(group_.ask(i, "/api/raft-leader").body, "\"" + group_.node(leader).api + "\"");
        EXPECT_EQ(group_.ask(i, "/api/raft-state").body,
                  i == leader ? "\"Leader\"" : "\"Follower\"");
        EXPECT_EQ(group_.ask(i, "/api/leader-check/503").status, i == leader ? 200 : 503);
        EXPECT_EQ(group_.ask(i, "/api/health/").status, 200);
        EXPECT_EQ(group_.ask(i, "/api/nothing").status, 404);
    }
}

TEST_F(Node, FollowersForwardToTheLeader) {
    const std::size_t follower = (leader() + 1) % group_.size();
    EXPECT_EQ(group_.ask(follower, "/api/v1/clusters").body, R"({"clusters":[]})");
    EXPECT_THAT(group_.ask(follower, "/metrics").body,
                HasSubstr("evenkeel_http_requests_forwarded_total 1"));
    EXPECT_THAT(group_.ask(follower, "/api/v1/clusters?stale=true").body,
                HasSubstr(R"("stale":true)"));
}

TEST_F(Node, AKilledWorkersDutyIsTakenOverAtOnce) {
    const std::size_t leader = this->leader();
    const pid_t worker = group_.child(leader, "node-worker");
    ASSERT_GT(worker, 0);
    ASSERT_EQ(::kill(worker, SIGKILL), 0);
    const auto taken = eventually(Millis(5000), [&] {
        const auto leaders = group_.leaders();
        return leaders.size() == 1 && group_.child(leader, "node-worker") != worker;
    });
    EXPECT_TRUE(taken) << group_.log(leader);
    EXPECT_TRUE(group_.wait_healthy(Millis(5000))) << group_.log(leader);
    EXPECT_THAT(group_.log(leader), HasSubstr("killed by signal 9"));
}

TEST_F(Node, TheGapAfterAKilledWorkerIsShorterThanItsLease) {
    const std::size_t leader = this->leader();
    const Instant killed = io::now();
    ASSERT_EQ(::kill(group_.child(leader, "node-worker"), SIGKILL), 0);
    ASSERT_TRUE(eventually(Millis(5000), [&] { return group_.leaders().size() == 1; }));
    const auto gap = std::chrono::duration_cast<Millis>(io::now() - killed);
    std::printf("worker killed: a leader again after %ld ms\n", gap.count());
    EXPECT_LT(gap, kTtl / 2);
}

TEST_F(Node, ALostHostIsReplacedAfterItsLease) {
    const std::size_t leader = this->leader();
    group_.kill_host(leader);
    const auto gap = group_.time_to_other_leader(leader, Millis(10'000));
    ASSERT_TRUE(gap);
    std::printf("host lost: another leader after %ld ms\n", gap->count());
    EXPECT_LT(*gap, 3 * kTtl);
    group_.start(leader);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(leader);
}

TEST_F(Node, AKilledEtcdMemberIsStartedAgain) {
    const std::size_t follower = (leader() + 1) % group_.size();
    const pid_t member = group_.child(follower, "etcd");
    ASSERT_GT(member, 0);
    ASSERT_EQ(::kill(member, SIGKILL), 0);
    ASSERT_TRUE(eventually(Millis(5000), [&] {
        const pid_t now = group_.child(follower, "etcd");
        return now != 0 && now != member;
    }));
    EXPECT_TRUE(group_.wait_healthy(Millis(10'000))) << group_.log(follower);
}

TEST_F(Node, AStoppedNodeHandsItsDutyOver) {
    const std::size_t leader = this->leader();
    const Instant start = io::now();
    group_.node(leader).process.signal(SIGTERM);
    const auto gap = group_.time_to_other_leader(leader, Millis(5000));
    ASSERT_TRUE(gap);
    std::printf("leader stopped: another leader after %ld ms\n", gap->count());
    const auto exit = group_.node(leader).process.wait(io::within(Millis(10'000)));
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->str(), "exited with status 0") << group_.log(leader);
    EXPECT_LT(io::now() - start, Millis(5000));
}

TEST_F(Node, AMinorityHasNoLeader) {
    const std::size_t leader = this->leader();
    for (std::size_t i = 0; i < group_.size(); ++i) {
        if (i != leader) group_.kill_host(i);
    }
    EXPECT_TRUE(eventually(Millis(5000), [&] {
        return group_.ask(leader, "/api/leader-check").status == 404 &&
               group_.ask(leader, "/api/raft-health").status == 500;
    }));
    EXPECT_EQ(group_.ask(leader, "/api/lb-check").status, 200);
    EXPECT_EQ(group_.ask(leader, "/api/v1/clusters").status, 503);
}

}  // namespace
}  // namespace evenkeel::test
