#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/routes.h"
#include "api/shapes.h"

namespace evenkeel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::ordered_json;

enum class As { leader, follower, no_leader, no_quorum, alone };

coord::Member member(const std::string& node, const std::string& host, bool live) {
    return {.node = node, .api_address = host + ":3000", .version = "1", .live = live};
}

coord::GroupView group_of(As as) {
    coord::GroupView group{.self = as == As::leader || as == As::alone ? "node1" : "node2",
                           .healthy = as != As::no_quorum,
                           .leads = as == As::leader || as == As::alone,
                           .leader_epoch = Epoch{4},
                           .leader = member("node1", "h1", true),
                           .members = {member("node1", "h1", true)}};
    if (as == As::alone) return group;
    group.members.push_back(member("node2", "h2", true));
    group.members.push_back(member("node3", "h3", true));
    group.members.push_back(member("node4", "h4", false));
    if (as == As::no_leader) group.leader.reset();
    return group;
}

struct World {
    As as = As::leader;
    Result<> outcome{};
    std::vector<std::string> transfers{};

    Answer ask(const std::string& path, const std::string& method = "GET",
               const std::string& body = "") {
        const Sources sources{.group = [this] { return group_of(as); },
                              .transfer =
                                  [this](const std::string& node, Deadline) {
                                      transfers.push_back(node);
                                      return outcome;
                                  },
                              .leading_since = [] { return std::int64_t{1'700'000'000'000}; },
                              .node = {.grouped = as != As::alone, .bind = "h1:10008"}};
        Request request{.method = method, .path = path, .body = body};
        const Route* route = find_route(request);
        if (route == nullptr) return {.status = 404, .body = "no route"};
        return route->handle(sources, request);
    }
};

Answer ask(As as, const std::string& path) {
    return World{.as = as}.ask(path);
}

TEST(LeaderRoutes, AnswerByTheNodesState) {
    struct Row {
        const char* path;
        As as;
        int status;
        const char* body;  // Null: not compared.
    };
    const Row rows[] = {
        {"/api/leader-check", As::leader, 200, R"("OK")"},
        {"/api/leader-check", As::follower, 404, R"("Not leader")"},
        {"/api/leader-check", As::no_leader, 404, R"("Not leader")"},
        {"/api/leader-check", As::no_quorum, 404, R"("Not leader")"},
        {"/api/leader-check", As::alone, 200, R"("OK")"},
        {"/api/leader-check/503", As::leader, 200, R"("OK")"},
        {"/api/leader-check/503", As::follower, 503, R"("Not leader")"},
        {"/api/leader-check/99999", As::follower, 404, R"("Not leader")"},
        // On a follower the server forwards it; without a leader it comes here.
        {"/api/routed-leader-check", As::leader, 200, R"("OK")"},
        {"/api/routed-leader-check", As::no_quorum, 404, R"("Not leader")"},
        {"/api/routed-leader-check/410", As::no_quorum, 410, R"("Not leader")"},
        {"/api/raft-state", As::leader, 200, R"("Leader")"},
        {"/api/raft-state", As::follower, 200, R"("Follower")"},
        {"/api/raft-state", As::no_leader, 200, R"("Candidate")"},
        {"/api/raft-state", As::no_quorum, 200, R"("Candidate")"},
        {"/api/raft-state", As::alone, 500, nullptr},
        {"/api/raft-leader", As::leader, 200, R"("h1:3000")"},
        {"/api/raft-leader", As::follower, 200, R"("h1:3000")"},
        {"/api/raft-leader", As::no_leader, 200, R"("")"},
        {"/api/raft-leader", As::no_quorum, 200, R"("")"},
        {"/api/raft-leader", As::alone, 500, nullptr},
        {"/api/raft-health", As::leader, 200, R"("healthy")"},
        {"/api/raft-health", As::follower, 200, R"("healthy")"},
        {"/api/raft-health", As::no_leader, 500, nullptr},
        {"/api/raft-health", As::no_quorum, 500, nullptr},
        {"/api/raft-health", As::alone, 500, nullptr},
        {"/api/raft-status", As::follower, 200, nullptr},
        {"/api/raft-status", As::no_quorum, 200, nullptr},
        {"/api/raft-status", As::alone, 500, nullptr},
        {"/api/raft-peers", As::follower, 200, R"(["h1:3000","h2:3000","h3:3000","h4:3000"])"},
        {"/api/raft-peers", As::alone, 500, nullptr},
        {"/api/raft-snapshot", As::leader, 200, nullptr},
        {"/api/raft-snapshot", As::alone, 500, nullptr},
        {"/api/raft-follower-health-report/t/b/a", As::leader, 200, nullptr},
        {"/api/raft-yield/node2", As::alone, 500, nullptr},
        {"/api/raft-yield-hint/node2", As::alone, 500, nullptr},
        {"/api/reelect", As::alone, 500, nullptr},
        {"/api/lb-check", As::no_quorum, 200, R"("OK")"},
        {"/api/_ping", As::no_quorum, 200, R"("OK")"},
        {"/api/health", As::leader, 200, nullptr},
        {"/api/health", As::no_quorum, 500, nullptr},
        {"/api/status", As::follower, 200, nullptr},
        {"/api/mysql/status", As::follower, 200, nullptr},
        {"/api/v1/leader", As::alone, 200, nullptr},
    };
    for (const Row& row : rows) {
        const Answer answer = ask(row.as, row.path);
        EXPECT_EQ(answer.status, row.status) << row.path << " " << static_cast<int>(row.as);
        if (row.body != nullptr) {
            EXPECT_EQ(answer.body, row.body) << row.path;
        }
        const Json json = Json::parse(answer.body, nullptr, false);
        ASSERT_FALSE(json.is_discarded()) << answer.body;
        if (answer.status == 500) {
            EXPECT_EQ(json.at("Code"), "ERROR") << row.path;
        }
    }
}

TEST(RaftStatus, IsOrchestratorsShape) {
    const Json status = Json::parse(ask(As::follower, "/api/raft-status").body);
    EXPECT_EQ(status.dump(),
              R"({"RaftBind":"h1:10008","RaftAdvertise":"h2:3000","State":"Follower",)"
              R"("Healthy":true,"IsPartOfQuorum":true,"Leader":"h1:3000",)"
              R"("LeaderURI":"http://h1:3000",)"
              R"("Peers":["h1:3000","h2:3000","h3:3000","h4:3000"]})");
    const Json outside = Json::parse(ask(As::no_quorum, "/api/raft-status").body);
    EXPECT_EQ(outside.at("State"), "Candidate");
    EXPECT_EQ(outside.at("Healthy"), false);
    EXPECT_EQ(outside.at("IsPartOfQuorum"), false);
    EXPECT_EQ(outside.at("Leader"), "");
    EXPECT_EQ(outside.at("LeaderURI"), "");
}

TEST(RaftYield, NamesANodeByIdAddressOrHost) {
    for (const char* name : {"node3", "h3:3000", "h3"}) {
        World world;
        const Answer answer = world.ask(std::string("/api/raft-yield/") + name);
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.body, R"({"Code":"OK","Message":"Yielded to node3","Details":null,)"
                               R"("Detail":null})");
        EXPECT_THAT(world.transfers, ElementsAre("node3"));
    }
}

TEST(RaftYield, RefusesWhoIsNotLive) {
    World world;
    for (const char* path :
         {"/api/raft-yield/node4", "/api/raft-yield/nod", "/api/raft-yield-hint/h9"}) {
        EXPECT_EQ(world.ask(path).status, 500) << path;
    }
    EXPECT_THAT(world.ask("/api/raft-yield/node33").body, HasSubstr("did you mean node3?"));
    EXPECT_THAT(world.transfers, IsEmpty());
}

TEST(RaftYield, ToTheLeaderItselfChangesNothing) {
    World world;
    EXPECT_EQ(world.ask("/api/raft-yield/node1").status, 200);
    EXPECT_THAT(world.transfers, IsEmpty());
}

TEST(RaftYieldHint, PrefersAnotherThanTheLeader) {
    World world;
    const Answer answer = world.ask("/api/raft-yield-hint/node");
    EXPECT_EQ(Json::parse(answer.body).at("Details"), "node");
    EXPECT_THAT(world.transfers, ElementsAre("node2"));
}

TEST(Reelect, GoesRound) {
    World world;
    EXPECT_EQ(world.ask("/api/reelect").status, 200);
    EXPECT_THAT(world.transfers, ElementsAre("node2"));
    world.as = As::no_leader;  // As node2.
    world.ask("/api/reelect");
    EXPECT_EQ(world.transfers.back(), "node3");
}

TEST(Transfer, TakesANodeOrTheNextOne) {
    World world;
    EXPECT_EQ(world.ask("/api/v1/leader/transfer", "POST", R"({"to":"node3"})").body,
              R"({"from":"node1","leader":"node3","epoch":4})");
    EXPECT_EQ(world.ask("/api/v1/leader/transfer", "POST").status, 200);
    EXPECT_EQ(world.ask("/api/v1/leader/transfer", "POST", "{}").status, 200);
    EXPECT_THAT(world.transfers, ElementsAre("node3", "node2", "node2"));
}

TEST(Transfer, SaysWhatWentWrong) {
    World world;
    for (const char* body : {"[]", "x", R"({"to":3})", R"({"node":"node2"})", R"("node2")"}) {
        EXPECT_EQ(world.ask("/api/v1/leader/transfer", "POST", body).status, 400) << body;
    }
    EXPECT_EQ(world.ask("/api/v1/leader/transfer", "POST", R"({"to":"node4"})").status, 404);
    EXPECT_THAT(world.transfers, IsEmpty());
    world.outcome = Error{Errc::timed_out, "transfer leader: nobody took it"};
    const Answer late = world.ask("/api/v1/leader/transfer", "POST");
    EXPECT_EQ(late.status, 504);
    EXPECT_EQ(late.body, R"({"error":"transfer leader: nobody took it"})");
    world.outcome = Error{Errc::conflict, "transfer leader: node3 took it"};
    EXPECT_EQ(world.ask("/api/v1/leader/transfer", "POST").status, 409);
    world.as = As::alone;
    EXPECT_EQ(world.ask("/api/v1/leader/transfer", "POST").status, 409);
}

TEST(Leader, SaysEpochTimeAndMembers) {
    const Json json = Json::parse(ask(As::leader, "/api/v1/leader").body);
    EXPECT_EQ(json.at("leader"), "node1");
    EXPECT_EQ(json.at("api_address"), "h1:3000");
    EXPECT_EQ(json.at("epoch"), 4);
    EXPECT_EQ(json.at("since_ms"), 1'700'000'000'000);
    EXPECT_EQ(json.at("ttl_ms"), 1500);
    EXPECT_EQ(json.at("members").size(), 4u);
    EXPECT_TRUE(Json::parse(ask(As::no_leader, "/api/v1/leader").body).at("leader").is_null());
}

TEST(Methods, AChangeIsNotFoundByOthers) {
    Request request{.method = "HEAD", .path = "/api/raft-yield/node2"};
    EXPECT_EQ(find_route(request), nullptr);
    request.method = "POST";
    ASSERT_NE(find_route(request), nullptr);
    EXPECT_EQ(allowed_methods(request), "GET, POST");
    request = {.method = "GET", .path = "/api/v1/leader/transfer"};
    EXPECT_EQ(find_route(request), nullptr);
    EXPECT_EQ(allowed_methods(request), "POST");
    request = {.method = "HEAD", .path = "/api/v1/leader"};
    EXPECT_NE(find_route(request), nullptr);
    EXPECT_EQ(allowed_methods({.path = "/api/nothing"}), "");
}

TEST(Methods, EveryoneWhoChangesSomethingIsMarked) {
    for (const Route& route : routes()) {
        if (std::string_view(route.method) == "GET") continue;
        EXPECT_TRUE(route.changes) << route.pattern;
    }
}

TEST(Refusal, HasTheShapeOfItsApi) {
    const Decision unknown{Right::unauthorized, "why"};
    const Answer ours = refusal("/api/v1/leader/transfer", unknown);
    EXPECT_EQ(ours.status, 401);
    EXPECT_TRUE(ours.headers.contains("WWW-Authenticate"));
    EXPECT_EQ(refusal("/api/v1/x", {Right::forbidden, "why"}).status, 403);
    const Answer theirs = refusal("/api/reelect", unknown);
    EXPECT_EQ(theirs.status, 500);
    EXPECT_EQ(Json::parse(theirs.body).at("Message"), "Unauthorized");
}

}  // namespace
}  // namespace evenkeel::api
