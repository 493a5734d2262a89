#include "topology/tracker.h"

#include <gtest/gtest.h>

namespace evenkeel::topology {
namespace {

const ServerId kDb1{.host = "db1"};
const ServerId kDb2{.host = "db2"};

Instant at(int ms) {
    return Instant{Millis(1'000'000 + ms)};
}

class TrackerTest : public testing::Test {
protected:
    ClusterConfig config_{.seeds = {kDb1}};
    Tracker tracker_{config_};

    std::vector<ProbeRequest> ask(int ms) { return tracker_.due(at(ms)); }
    void answer(const ServerId& id, int asked_ms, int ended_ms, ServerView view = {}) {
        view.id = id;
        view.probed_at = at(ended_ms);
        tracker_.on_probe({id, at(asked_ms), at(ended_ms), view});
    }
    void refuse(const ServerId& id, int asked_ms, int ended_ms, Errc code) {
        tracker_.on_probe({id, at(asked_ms), at(ended_ms), Error{code, "no"}});
    }
    void beat(const ServerId& id, Beat::Kind kind, int ms) {
        tracker_.on_beat({.server = id, .kind = kind, .reason = "beat", .at = at(ms)});
    }
    Health health(const ServerId& id) { return tracker_.view().servers.at(id).health; }
    // db2 replicates from db1; both were seen alive and are pinged.
    void healthy_pair() {
        ask(0);
        answer(kDb1, 0, 1, {.replicas = {kDb2}});
        ask(2);
        answer(kDb2, 2, 3, {.replication = Replication{.source = kDb1}});
        beat(kDb1, Beat::Kind::connected, 4);
        beat(kDb2, Beat::Kind::connected, 4);
    }
};

TEST_F(TrackerTest, FindsTheTreeFromOneServer) {
    healthy_pair();
    EXPECT_EQ(tracker_.servers(), (std::set<ServerId>{kDb1, kDb2}));
    EXPECT_EQ(health(kDb1), Health::alive);
    EXPECT_EQ(health(kDb2), Health::alive);
    EXPECT_TRUE(ask(10).empty()) << "nothing is due before the poll interval";
    EXPECT_EQ(ask(1004).size(), 2u);
}

TEST_F(TrackerTest, EndedConnectionIsLookedIntoAtOnce) {
    healthy_pair();
    beat(kDb1, Beat::Kind::ended, 100);
    EXPECT_EQ(health(kDb1), Health::alive) << "a lost connection alone proves nothing";
    const auto requests = ask(100);
    ASSERT_EQ(requests.size(), 2u) << "and so are its witnesses";
    EXPECT_TRUE(requests[0].fresh);
    EXPECT_FALSE(requests[1].fresh);
    refuse(kDb1, 100, 101, Errc::unavailable);
    EXPECT_EQ(health(kDb1), Health::gone);
    answer(kDb2, 100, 102, {.replication = Replication{.source = kDb1}});
    EXPECT_EQ(ask(122).size(), 2u) << "both are asked often while the trouble is hot";
}

TEST_F(TrackerTest, AnswerFromBeforeTheEndDoesNotHideIt) {
    healthy_pair();
    ask(1004);
    beat(kDb1, Beat::Kind::ended, 1005);
    EXPECT_FALSE(ask(1005).empty()) << "asked again beside the probe that is under way";
    refuse(kDb1, 1005, 1006, Errc::unavailable);
    answer(kDb1, 1004, 1007);
    EXPECT_EQ(health(kDb1), Health::gone);
}

TEST_F(TrackerTest, SilentOnlyWhenTheProbeIsUnansweredToo) {
    healthy_pair();
    beat(kDb1, Beat::Kind::silent, 200);
    EXPECT_EQ(health(kDb1), Health::alive);
    ask(200);
    refuse(kDb1, 200, 350, Errc::timed_out);
    EXPECT_EQ(health(kDb1), Health::silent);
    beat(kDb1, Beat::Kind::answering, 400);
    ask(400);
    answer(kDb1, 400, 401);
    EXPECT_EQ(health(kDb1), Health::alive);
}

TEST_F(TrackerTest, HangingStatementIsNoSilenceWhilePingsAreAnswered) {
    healthy_pair();
    ask(1004);
    refuse(kDb1, 1004, 2004, Errc::timed_out);
    EXPECT_EQ(health(kDb1), Health::alive);
}

TEST_F(TrackerTest, RefusedAccountIsNoDeath) {
    healthy_pair();
    ask(1004);
    refuse(kDb1, 1004, 1005, Errc::denied);
    EXPECT_EQ(health(kDb1), Health::denied);
}

TEST_F(TrackerTest, LocalhostIsOneServerWithItsAddress) {
    tracker_.add({.host = "localhost", .port = 3307});
    tracker_.add({.host = "127.0.0.1", .port = 3307});
    EXPECT_EQ(tracker_.servers().size(), 2u);
}

}  // namespace
}  // namespace evenkeel::topology
