#include "coord/member/formation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coord {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Answers = std::map<std::string, PeerAnswer>;
using Step = Formation::Step;

NodeIdentity node(int number, int of = 3, const std::string& group = "g") {
    NodeIdentity self{.group = group,
                      .node = "n" + std::to_string(number),
                      .bind = "h" + std::to_string(number) + ":10008",
                      .nodes = {}};
    for (int i = 1; i <= of; ++i) self.nodes.push_back("h" + std::to_string(i) + ":10008");
    return self;
}

std::string at(int number) {
    return node(number).bind;
}

PeerAnswer silent() {
    return {};
}

PeerAnswer empty(int number, int of = 3, const std::string& group = "g") {
    return {.kind = PeerAnswer::Kind::empty, .identity = node(number, of, group)};
}

// What a member of the group looks like in a running one's list.
ListedMember started(int number, const std::string& group = "g") {
    return {.id = 100u + static_cast<unsigned>(number),
            .name = member_name(group, at(number)),
            .peers = {at(number)},
            .started = true};
}
ListedMember from_the_beginning(int number, const std::string& group = "g") {
    ListedMember member = started(number, group);
    member.started = false;
    return member;
}
ListedMember added(int number) {
    return {.id = 900u + static_cast<unsigned>(number), .peers = {at(number)}, .learner = true};
}

PeerAnswer knows(std::vector<ListedMember> members) {
    return {.kind = PeerAnswer::Kind::member, .members = std::move(members)};
}
PeerAnswer forming(int of = 3) {
    std::vector<ListedMember> members;
    for (int i = 1; i <= of; ++i) members.push_back(from_the_beginning(i));
    return knows(members);
}

struct Case {
    const char* what;
    NodeIdentity self;
    Answers answers;
    Step step;
    const char* says;
};

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"nobody else is here",
         node(1),
         {{at(2), silent()}, {at(3), silent()}},
         Step::wait,
         "1 of 3 nodes answer, 2 needed; no answer from h2:10008, h3:10008"},
        {"a majority is empty",
         node(1),
         {{at(2), empty(2)}, {at(3), silent()}},
         Step::form,
         "2 of 3 nodes"},
        {"all are empty", node(1), {{at(2), empty(2)}, {at(3), empty(3)}}, Step::form, "3 of 3"},
        {"a node alone in its group", node(1, 1), {}, Step::form, "1 of 1"},
        {"an even number",
         node(1, 4),
         {{at(2), empty(2, 4)}, {at(3), empty(3, 4)}, {at(4), silent()}},
         Step::refuse,
         "form the group with 3 or 5"},
        {"one of five more",
         node(1, 5),
         {{at(2), empty(2, 5)}, {at(3), silent()}, {at(4), silent()}, {at(5), silent()}},
         Step::wait,
         "2 of 5 nodes answer, 3 needed; empty like this one: h2:10008"},
        {"three of five",
         node(1, 5),
         {{at(2), empty(2, 5)}, {at(3), empty(3, 5)}, {at(4), silent()}, {at(5), silent()}},
         Step::form,
         "3 of 5"},
        {"another has formed and waits for a quorum",
         node(2),
         {{at(1), forming()}, {at(3), silent()}},
         Step::form,
         "2 of 3"},
        {"one of five that formed is not enough",
         node(2, 5),
         {{at(1), forming(5)}, {at(3), silent()}, {at(4), silent()}, {at(5), silent()}},
         Step::wait,
         "without a quorum: h1:10008"},

        {"a late starter",
         node(3),
         {{at(1), knows({started(1), started(2), from_the_beginning(3)})},
          {at(2), knows({started(1), started(2), from_the_beginning(3)})}},
         Step::join,
         "waits for this node"},
        {"a late starter, one of the two that know is away",
         node(3),
         {{at(1), knows({started(1), started(2), from_the_beginning(3)})}, {at(2), silent()}},
         Step::wait,
         "h1:10008 waits for this node: 2 of 3 members needed"},
        {"added",
         node(4, 4),
         {{at(1), knows({started(1), started(2), started(3), added(4)})},
          {at(2), knows({started(1), started(2), started(3), added(4)})},
          {at(3), silent()}},
         Step::join,
         "waits"},
        {"replaced",
         node(3),
         {{at(1), knows({started(1), started(2), added(3)})},
          {at(2), knows({started(1), started(2), added(3)})}},
         Step::join,
         "waits"},
        {"replaced, but one has not heard of it yet",
         node(3),
         {{at(1), knows({started(1), started(2), added(3)})},
          {at(2), knows({started(1), started(2), started(3)})}},
         Step::wait,
         "2 of 3 members needed"},
        {"added to a node that was alone",
         node(2, 3),
         {{at(1), knows({started(1), added(2)})}, {at(3), silent()}},
         Step::join,
         "waits"},

        {"a lost folder",
         node(3),
         {{at(1), knows({started(1), started(2), started(3)})},
          {at(2), knows({started(1), started(2), started(3)})}},
         Step::refuse,
         "evenkeel member replace h3:10008"},
        {"a lost folder, the others are down",
         node(3),
         {{at(1), silent()}, {at(2), silent()}},
         Step::wait,
         "1 of 3 nodes answer"},
        {"a lost folder, one of the others comes back",
         node(3),
         {{at(1), knows({started(1), started(2), started(3)})}, {at(2), silent()}},
         Step::wait,
         "h1:10008 knows this node's lost member: 2 of 3 members needed"},
        {"one that comes back knows too little to be believed",
         node(3),
         {{at(1), knows({started(1), from_the_beginning(2), from_the_beginning(3)})},
          {at(2), silent()}},
         Step::wait,
         "2 of 3 members needed"},
        {"one has data, another has lost it as well",
         node(3),
         {{at(1), knows({started(1), started(2), started(3)})}, {at(2), empty(2)}},
         Step::wait,
         "2 of 3 members needed"},
        {"never a member",
         node(4, 4),
         {{at(1), knows({started(1), started(2), started(3)})},
          {at(2), knows({started(1), started(2), started(3)})},
          {at(3), silent()}},
         Step::refuse,
         "evenkeel member add h4:10008"},

        {"another group runs there",
         node(3),
         {{at(1), knows({started(1, "x"), started(2, "x"), from_the_beginning(3, "x")})},
          {at(2), silent()}},
         Step::refuse,
         "h1:10008 runs in group \"x\", this node is of group \"g\""},
        {"an etcd of somebody else",
         node(3),
         {{at(1), knows({{.id = 1, .name = "default", .peers = {at(1)}, .started = true}})},
          {at(2), silent()}},
         Step::refuse,
         "evenkeel did not start"},
        {"a stray node does not stop a join",
         node(3, 4),
         {{at(1), knows({started(1), started(2), from_the_beginning(3)})},
          {at(2), knows({started(1), started(2), from_the_beginning(3)})},
          {at(4), knows({started(4, "x")})}},
         Step::join,
         "waits"},
        {"most others are of another group",
         node(3),
         {{at(1), empty(1, 3, "x")}, {at(2), empty(2, 3, "x")}},
         Step::refuse,
         "group \"x\""},
        {"one other is of another group",
         node(1),
         {{at(2), empty(2)}, {at(3), empty(3, 3, "x")}},
         Step::wait,
         "h3:10008 is of group \"x\""},
        {"most others have another list of nodes",
         node(3),
         {{at(1), empty(1, 5)}, {at(2), empty(2, 5)}},
         Step::refuse,
         "write the same list"},
        {"one other has another list of nodes",
         node(1),
         {{at(2), empty(2, 5)}, {at(3), empty(3)}},
         Step::wait,
         "h2:10008 has other `nodes`"},
        {"others form a group of other nodes",
         node(1),
         {{at(2), forming(5)}, {at(3), silent()}},
         Step::refuse,
         "write the same list"},
        {"something else answers",
         node(1),
         {{at(2), empty(2)}, {at(3), peer_answer_from(404, "nothing here")}},
         Step::wait,
         "h3:10008 answers with status 404"},
    };
    return all;
}

TEST(Formation, Decides) {
    for (const Case& each : cases()) {
        SCOPED_TRACE(each.what);
        const Formation formation = decide_formation(each.self, each.answers);
        EXPECT_EQ(formation.step, each.step);
        EXPECT_THAT(formation.text, HasSubstr(each.says));
    }
}

TEST(Formation, OfTwoNodesWithOneIdOneGoesOn) {
    PeerAnswer second = empty(3);
    second.identity.node = "n1";
    NodeIdentity third = node(3);
    third.node = "n1";
    const auto first_sees = decide_formation(node(1), {{at(2), empty(2)}, {at(3), second}});
    const auto third_sees = decide_formation(third, {{at(1), empty(1)}, {at(2), empty(2)}});
    EXPECT_EQ(first_sees.step, Step::wait);
    EXPECT_THAT(first_sees.text, HasSubstr("has this node's id, \"n1\""));
    EXPECT_EQ(third_sees.step, Step::refuse);
    EXPECT_THAT(third_sees.text, HasSubstr("give each node an `id` of its own"));
}

// Whoever else is asked: with fewer than half of the others' words no group is joined.
TEST(Formation, NoMinoritysWordIsEnough) {
    for (int size = 3; size <= 7; ++size) {
        std::vector<ListedMember> members{from_the_beginning(1)};
        for (int i = 2; i <= size; ++i) members.push_back(started(i));
        Answers answers;
        for (int i = 2; i <= size; ++i) answers[at(i)] = silent();
        int told = 0;
        for (int i = 2; i <= size; ++i) {
            answers[at(i)] = knows(members);
            ++told;
            // A majority with this node's vote and without all who told: no such thing may remain.
            const bool safe = size - told < size / 2 + 1;
            EXPECT_EQ(decide_formation(node(1, size), answers).step, safe ? Step::join : Step::wait)
                << told << " of " << size;
        }
    }
}

TEST(Formation, FormsWithAllNodes) {
    const auto formation = decide_formation(node(1), {{at(2), empty(2)}, {at(3), silent()}});
    EXPECT_THAT(formation.cluster,
                ElementsAre("g@h1:10008=h1:10008", "g@h2:10008=h2:10008", "g@h3:10008=h3:10008"));
}

TEST(Formation, JoinsWithTheGroupsMembers) {
    const std::vector<ListedMember> members{started(2), started(5), added(1)};
    const auto formation =
        decide_formation(node(1), {{at(2), knows(members)}, {at(5), knows(members)}});
    EXPECT_EQ(formation.step, Step::join);
    EXPECT_THAT(
        formation.cluster,
        UnorderedElementsAre("g@h1:10008=h1:10008", "g@h2:10008=h2:10008", "g@h5:10008=h5:10008"));
}

TEST(Formation, AsksMembersThatOnlyOthersKnow) {
    EXPECT_THAT(further_addresses(node(1), {{at(2), knows({started(1), started(2), started(7)})}}),
                ElementsAre(at(7)));
}

TEST(MemberName, CarriesTheGroup) {
    for (const std::string group : {"evenkeel", "shop-eu", "a b=c,d@e%f", "größe"}) {
        const std::string name = member_name(group, "[::1]:10008");
        EXPECT_EQ(group_of_name(name), group);
        EXPECT_EQ(name.find_first_of("=, "), std::string::npos);
    }
    EXPECT_FALSE(group_of_name("default"));
    EXPECT_FALSE(group_of_name(""));
    EXPECT_FALSE(group_of_name("a%4@h"));
    EXPECT_FALSE(group_of_name("a%zz@h"));
}

TEST(PeerAnswer, OfANodeBeforeItsFirstStart) {
    const PeerAnswer answer = peer_answer_from(200, to_json(node(2, 5)));
    EXPECT_EQ(answer.kind, PeerAnswer::Kind::empty);
    EXPECT_EQ(answer.identity, node(2, 5));
}

// As etcd 3.4.23 writes it.
TEST(PeerAnswer, OfARunningMember) {
    const PeerAnswer answer = peer_answer_from(
        200, R"([{"id":2064548797076536216,"peerURLs":["http://h1:10008"],"name":"g@h1:10008",)"
             R"("clientURLs":["http://127.0.0.1:21201"]},)"
             R"({"id":14121509323289088682,"peerURLs":["https://h3:10008"],"name":"g@h3:10008"},)"
             R"({"id":14455817729475286975,)"
             R"("peerURLs":["https://h4:10008"],"name":"","isLearner":true}])");
    ASSERT_EQ(answer.kind, PeerAnswer::Kind::member);
    ASSERT_EQ(answer.members.size(), 3u);
    EXPECT_EQ(answer.members[1].id, 14121509323289088682u);
    EXPECT_THAT(answer.members[1].peers, ElementsAre("h3:10008"));
    EXPECT_TRUE(answer.members[0].started);
    EXPECT_FALSE(answer.members[1].started);
    EXPECT_TRUE(answer.members[2].learner);
}

TEST(PeerAnswer, OfAnythingElse) {
    for (const char* body : {"", "{}", "[]", "[1]", R"([{"id":"x"}])", R"({"evenkeel":"empty"})",
                             R"({"evenkeel":"empty","group":1,"node":2,"bind":3,"nodes":4})"}) {
        EXPECT_EQ(peer_answer_from(200, body).kind, PeerAnswer::Kind::other) << body;
    }
    EXPECT_EQ(peer_answer_from(500, "[]").kind, PeerAnswer::Kind::other);
}

}  // namespace
}  // namespace evenkeel::coord
