// The members of a group: listed, added, removed, replaced; who may start with an empty folder.
#include "tests/integration/member_fixture.h"

#include <signal.h>

#include <atomic>

#include "io/thread.h"

namespace evenkeel::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Members : public MemberTest {};

TEST_F(Members, AreListed) {
    form();
    Ran ran;
    EXPECT_TRUE(eventually(kFormLimit, [&] {
        ran = member(1, {"list"});
        return ran.status == 0 && ran.output.find("node3") != std::string::npos &&
               ran.output.find("node1") != std::string::npos &&
               ran.output.find("node2") != std::string::npos;
    })) << ran.output;
    EXPECT_THAT(ran.output, AllOf(HasSubstr("leader"), HasSubstr("follower"), HasSubstr("3.4."),
                                  HasSubstr(group_.node(2).bind), HasSubstr("kB")));
    EXPECT_THAT(member(0, {"list", "--json"}).output, HasSubstr("\"majority\": 2"));
}

TEST_F(Members, OneIsRemovedAndComesBackAsANewOne) {
    form();
    const std::size_t gone = follower();
    const std::size_t asked = leader();
    ASSERT_TRUE(put(asked, "test/a", "1"));
    ASSERT_TRUE(all_listed(asked));
    const Ran removed = member(asked, {"remove", group_.node(gone).name});
    ASSERT_EQ(removed.status, 0) << removed.output;
    EXPECT_THAT(removed.output, HasSubstr("even number of voters"));
    EXPECT_EQ(status_of_end(gone), kNeedsPerson);
    EXPECT_THAT(group_.log(gone), HasSubstr("removed from its group"));

    // With its old folder it is refused again, with an empty one too, until it is added.
    group_.start(gone);
    EXPECT_EQ(status_of_end(gone), kNeedsPerson) << group_.log(gone);
    // Nobody looks for it any more.
    EXPECT_TRUE(eventually(kFormLimit, [&] {
        const std::string status = group_.ask(asked, "/api/v1/status").body;
        return !status.empty() && status.find(group_.node(gone).name) == std::string::npos;
    }));
    lose_folder(gone);
    group_.start(gone);
    EXPECT_EQ(status_of_end(gone), kNeedsPerson) << group_.log(gone);
    EXPECT_THAT(group_.log(gone), HasSubstr("evenkeel member add " + group_.node(gone).bind));

    const Ran added = member(asked, {"add", group_.node(gone).bind});
    ASSERT_EQ(added.status, 0) << added.output;
    EXPECT_THAT(member(asked, {"list"}).output, HasSubstr("unstarted"));
    group_.start(gone);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(gone);
    EXPECT_EQ(get(gone, "test/a"), "1");
    EXPECT_THAT(member(asked, {"list", "--json"}).output, Not(HasSubstr("learner")));
}

TEST_F(Members, TheLeaderIsRemovedAndTheGroupGoesOn) {
    form();
    const std::size_t gone = leader();
    const std::size_t asked = (gone + 1) % 3;
    ASSERT_TRUE(all_listed(asked));
    std::atomic<int> longest{0};
    io::Worker probe("probe", [&](io::StopToken& stop) {
        Instant last = io::now();
        for (int i = 0; !stop.requested(); ++i) {
            if (!put(asked, "test/n", std::to_string(i), Millis(200))) continue;
            const auto gap = std::chrono::duration_cast<Millis>(io::now() - last).count();
            longest = std::max(longest.load(), static_cast<int>(gap));
            last = io::now();
        }
    });
    const Ran removed = member(asked, {"remove", group_.node(gone).name});
    ASSERT_EQ(removed.status, 0) << removed.output;
    EXPECT_TRUE(group_.time_to_other_leader(gone, Millis(10'000)));
    EXPECT_EQ(status_of_end(gone), kNeedsPerson) << group_.log(gone);
    probe.stop();
    std::printf("leader removed: longest gap between acknowledged writes %d ms\n", longest.load());
    EXPECT_TRUE(put(asked, "test/a", "1"));
}

TEST_F(Members, ChangesThatWouldCostTheQuorumAreRefused) {
    form();
    const std::size_t asked = leader();
    const std::size_t away = (asked + 1) % 3;
    const std::size_t other = (asked + 2) % 3;
    ASSERT_TRUE(all_listed(asked));
    const Ran live = member(asked, {"replace", group_.node(other).name});
    EXPECT_EQ(live.status, 1);
    EXPECT_THAT(live.output, HasSubstr("running and healthy"));
    group_.kill_host(away);
    ASSERT_TRUE(eventually(kFormLimit, [&] {
        return member(asked, {"list"}).output.find("away") != std::string::npos;
    }));
    EXPECT_THAT(member(asked, {"remove", group_.node(other).name}).output,
                HasSubstr("only 1 of 2 voters are here"));
    EXPECT_THAT(member(asked, {"add", "127.0.0.1:1"}).output, HasSubstr("is away"));
    EXPECT_THAT(member(asked, {"remove", "nobody"}).output, HasSubstr("no member \"nobody\""));
    EXPECT_TRUE(put(asked, "test/a", "1"));
}

TEST_F(Members, ALostFolderIsRefusedAndThenReplaced) {
    lose_and_replace();
}

class MembersWithTls : public MemberTest {
protected:
    MembersWithTls() : MemberTest(true) {}
};

TEST_F(MembersWithTls, ALostFolderIsRefusedAndThenReplaced) {
    lose_and_replace();
}

// Otherwise it and one that knows less than the third could be a majority.
TEST_F(Members, AnEmptyNodeWaitsWhileTheOthersAreDown) {
    form();
    const std::size_t lost = leader();
    const std::size_t second = (lost + 1) % 3;
    const std::size_t third = (lost + 2) % 3;
    // Known to the third and the lost one only.
    group_.kill_host(second);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return put(third, "test/a", "kept"); }));
    group_.kill_host(lost);
    group_.kill_host(third);
    lose_folder(lost);
    group_.start(lost);
    ASSERT_TRUE(wait_for_log(lost, "1 of 3 nodes answer, 2 needed")) << group_.log(lost);
    group_.start(second);
    ASSERT_TRUE(wait_for_log(lost, "knows this node's lost member: 2 of 3 members needed"))
        << group_.log(lost);
    EXPECT_EQ(group_.child(lost, "etcd"), 0);
    EXPECT_TRUE(group_.leaders().empty());
    group_.start(third);
    EXPECT_EQ(status_of_end(lost), kNeedsPerson) << group_.log(lost);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return group_.leaders().size() == 1; }));
    EXPECT_EQ(get(second, "test/a"), "kept");
}

TEST_F(Members, AnEmptyNodeStopsOnASignalWhileItWaits) {
    group_.start(0);
    ASSERT_TRUE(wait_for_log(0, "no answer from")) << group_.log(0);
    EXPECT_THAT(group_.log(0), HasSubstr(group_.node(2).bind));
    EXPECT_EQ(group_.ask(0, "/api/raft-health").status, 500);
    group_.node(0).process.signal(SIGTERM);
    EXPECT_EQ(status_of_end(0), 0) << group_.log(0);
}

TEST_F(Members, ALateStarterJoins) {
    group_.start(0);
    group_.start(1);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return group_.leaders().size() == 1; }));
    ASSERT_TRUE(put(0, "test/a", "1"));
    group_.start(2);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(2);
    EXPECT_EQ(get(2, "test/a"), "1");
}

TEST_F(Members, ANodeOfAnotherGroupIsRefused) {
    group_.write_config(2, group_.config_text(2) + "group = \"other\"\n");
    group_.start(0);
    group_.start(1);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return group_.leaders().size() == 1; }));
    group_.start(2);
    EXPECT_EQ(status_of_end(2), kNeedsPerson) << group_.log(2);
    EXPECT_THAT(group_.log(2), HasSubstr("runs in group \"evenkeel\", this node is of group "
                                         "\"other\""));
    EXPECT_EQ(group_.leaders().size(), 1u);
}

TEST_F(Members, ASecondNodeWithOneIdIsRefusedBeforeTheGroupForms) {
    group_.write_config(2, replaced(group_.config_text(2), "\"node3\"", "\"node1\""));
    group_.start(0);
    group_.start(2);
    const auto said = [&](std::size_t node) {
        return group_.log(node).find("has this node's id") != std::string::npos;
    };
    ASSERT_TRUE(eventually(kFormLimit, [&] { return said(0) || said(2); }))
        << group_.log(0) << group_.log(2);
    EXPECT_TRUE(group_.leaders().empty());
}

TEST_F(Members, ASecondNodeAtOneAddressIsRefused) {
    form();
    EvenkeelGroup twin(folder_.path() + "/twin", 3);
    std::string text = group_.config_text(0);
    text = replaced(text, group_.node(0).folder, twin.node(0).folder);
    text = replaced(text, group_.node(0).api, twin.node(0).api);
    twin.write_config(0, text);
    const Ran ran =
        run_evenkeel({"node", "--config", twin.node(0).config}, folder_.path(), kFormLimit);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, HasSubstr("in use"));
}

TEST_F(Members, TheListInTheFileMayChangeLater) {
    form();
    group_.node(2).process.signal(SIGTERM);
    ASSERT_EQ(status_of_end(2), 0);
    std::string text = group_.config_text(2);
    group_.write_config(2, replaced(text, json_quote(group_.node(0).bind) + ", ",
                                    json_quote(group_.node(0).bind) + ", \"127.0.0.1:1\", "
                                                                      "\"127.0.0.1:2\", "));
    group_.start(2);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(2);
    EXPECT_THAT(group_.log(2), HasSubstr("that changes no membership"));
}

}  // namespace
}  // namespace evenkeel::test
