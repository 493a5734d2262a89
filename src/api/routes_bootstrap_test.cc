#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/routes.h"

namespace evenkeel::api {
namespace {

using ::testing::HasSubstr;

struct World {
    std::vector<cdc::BootstrapRequest> asked{};
    std::vector<cdc::BootstrapJob> jobs{
        {.request = {.id = "a-1", .database = "shop", .table = "item"},
         .state = cdc::JobState::running},
        {.request = {.id = "a-2", .database = "shop", .table = "tag"},
         .state = cdc::JobState::complete}};

    Answer send(const std::string& method, const std::string& path, const std::string& body = "") {
        Request request{.method = method, .path = path, .body = body};
        const Route* route = find_route(request);
        if (route == nullptr) return {.status = 405};
        const Sources sources{
            .streams = [] { return std::vector<cdc::StreamReport>{{.name = "orders"}}; },
            .bootstraps = [this](const std::string&) -> Result<std::vector<cdc::BootstrapJob>> {
                return jobs;
            },
            .ask_bootstrap = [this](const std::string&,
                                    cdc::BootstrapRequest one) -> Result<std::string> {
                asked.push_back(std::move(one));
                return std::string("n-7");
            }};
        return route->handle(sources, request);
    }
};

constexpr const char* kOrders = "/api/v1/streams/orders/bootstraps";

TEST(Bootstraps, AreAskedFor) {
    World world;
    const Answer answer =
        world.send("POST", kOrders, R"({"database":"shop","table":"a%","where":"id > 3"})");
    EXPECT_EQ(answer.body, R"({"id":"n-7"})");
    ASSERT_EQ(world.asked.size(), 1u);
    EXPECT_EQ(world.asked[0].table, "a%");
    EXPECT_EQ(world.asked[0].where, "id > 3");
}

TEST(Bootstraps, WhatIsWrongIsSaid) {
    World world;
    EXPECT_EQ(world.send("POST", kOrders, "").status, 400);
    EXPECT_EQ(world.send("POST", kOrders, R"({"database":"shop"})").status, 400);
    EXPECT_THAT(world.send("POST", kOrders, R"({"database":"shop","tabel":"x"})").body,
                HasSubstr("tabel"));
    EXPECT_EQ(world.send("POST", kOrders, R"({"abort":"a-1"})").status, 400);
    const Answer unknown = world.send("POST", "/api/v1/streams/order/bootstraps", "{}");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_THAT(unknown.body, HasSubstr("did you mean orders?"));
    EXPECT_TRUE(world.asked.empty());
}

TEST(Bootstraps, AreListedAndEnded) {
    World world;
    const auto listed = cdc::jobs_from_json(world.send("GET", kOrders).body);
    ASSERT_TRUE(listed) << listed.error().what;
    EXPECT_EQ(*listed, world.jobs);
    const std::string one = std::string(kOrders) + "/a-1";
    EXPECT_EQ(world.send("DELETE", one).status, 200);
    ASSERT_EQ(world.asked.size(), 1u);
    EXPECT_EQ(world.asked[0].abort, "a-1");
    EXPECT_EQ(world.send("DELETE", std::string(kOrders) + "/a-2").status, 409);
    EXPECT_EQ(world.send("DELETE", std::string(kOrders) + "/a-3").status, 404);
}

}  // namespace
}  // namespace evenkeel::api
