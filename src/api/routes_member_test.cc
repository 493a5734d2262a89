#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/routes.h"

namespace evenkeel::api {
namespace {

using ::testing::HasSubstr;

// Says which function was called with what.
Sources echoing() {
    Sources sources;
    sources.members = [] {
        return Result<std::vector<coord::MemberRow>>(std::vector<coord::MemberRow>{
            {.id = 0xab, .node = "n1", .address = "h1:10008", .started = true, .leader = true},
            {.id = 2, .address = "h2:10008"}});
    };
    sources.add_member = [](const std::string& address) { return "add " + address; };
    sources.remove_member = [](const std::string& hint) { return "remove " + hint; };
    sources.replace_member = [](const std::string& hint) { return "replace " + hint; };
    return sources;
}

Answer ask(const Sources& sources, const std::string& method, const std::string& path,
           const std::string& body = "") {
    Request request{.method = method, .path = path, .body = body};
    const Route* route = find_route(request);
    if (route == nullptr) return {.status = 404};
    EXPECT_EQ(route->changes, method != "GET" || path.find("raft-") != std::string::npos);
    EXPECT_EQ(route->scope, Scope::leader);
    return route->handle(sources, request);
}

TEST(MemberRoutes, List) {
    const Answer answer = ask(echoing(), "GET", "/api/v1/members");
    EXPECT_THAT(answer.body, HasSubstr(R"("node":"n1","address":"h1:10008","id":"ab")"));
    EXPECT_THAT(answer.body, HasSubstr(R"("node":null,"address":"h2:10008")"));
    EXPECT_THAT(answer.body, HasSubstr(R"("state":"unstarted")"));
    EXPECT_THAT(answer.body, HasSubstr(R"("majority":2)"));
}

TEST(MemberRoutes, Change) {
    const Sources sources = echoing();
    EXPECT_EQ(ask(sources, "POST", "/api/v1/members", R"({"address":"h4"})").body,
              R"({"message":"add h4"})");
    EXPECT_EQ(ask(sources, "DELETE", "/api/v1/members/h2:10008").body,
              R"({"message":"remove h2:10008"})");
    EXPECT_EQ(ask(sources, "POST", "/api/v1/members/n1/replace").body,
              R"({"message":"replace n1"})");
    EXPECT_EQ(ask(sources, "GET", "/api/raft-add-peer/h4:10008").body, R"("h4:10008")");
    EXPECT_EQ(ask(sources, "GET", "/api/raft-remove-peer/h4").body, R"("h4")");
}

TEST(MemberRoutes, SayWhatIsWrong) {
    Sources sources = echoing();
    for (const char* body : {"", "[]", "{}", R"({"address":4})"}) {
        EXPECT_EQ(ask(sources, "POST", "/api/v1/members", body).status, 400) << body;
    }
    sources.remove_member = [](const std::string&) {
        return Error{Errc::conflict, "the group would stand still"};
    };
    EXPECT_EQ(ask(sources, "DELETE", "/api/v1/members/n1").status, 409);
    EXPECT_EQ(ask(sources, "GET", "/api/raft-remove-peer/n1").status, 500);
    sources.members = [] { return Error{Errc::unavailable, "no quorum"}; };
    EXPECT_EQ(ask(sources, "GET", "/api/v1/members").status, 503);
}

}  // namespace
}  // namespace evenkeel::api
