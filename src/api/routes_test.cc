#include "api/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/shapes.h"

namespace evenkeel::api {
namespace {

using ::testing::HasSubstr;

coord::GroupView healthy_group(bool leads) {
    const coord::Member leader{.node = "n1", .api_address = "h1:3000", .live = true};
    const coord::Member follower{.node = "n2", .api_address = "h2:3000", .live = true};
    return {.self = leads ? "n1" : "n2",
            .healthy = true,
            .leads = leads,
            .leader_epoch = Epoch{4},
            .leader = leader,
            .members = {leader, follower},
            .duties = {{.name = "leader", .holder = "n1", .epoch = Epoch{4}},
                       {.name = "stream/s", .holder = "n2", .epoch = Epoch{1}}}};
}

topology::ClusterReport shop() {
    topology::ClusterReport report;
    report.view.cluster = "shop";
    topology::ServerView primary{.id = {"db1", 3306}, .health = topology::Health::alive};
    report.view.servers[primary.id] = primary;
    report.fact = {.cluster = "shop", .primary = ServerId{"db1", 3306}, .failovers = 2};
    report.recoveries = {{.id = "r1", .kind = "failover", .state = "done", .started_ms = 5}};
    return report;
}

Sources sources_of(const coord::GroupView& group) {
    const auto streams = [] {
        return std::vector<cdc::StreamReport>{{.name = "s", .state = "streaming", .rows = 7}};
    };
    return {.group = [group] { return group; },
            .clusters = [] { return std::vector<topology::ClusterReport>{shop()}; },
            .streams = streams,
            .group_streams = streams,
            .stream_filter = [](const std::string& name) -> Result<StreamFilter> {
                if (name != "s") return Error{Errc::not_found, "no stream " + name};
                return StreamFilter{.filter = "exclude: a.b", .configured = ""};
            },
            .set_stream_filter = [](const std::string&,
                                    const std::optional<std::string>& text) -> Result<> {
                if (text == "bad") return Error{Errc::invalid, "column 1"};
                return {};
            },
            .http = [] { return HttpCounts{.requests = 3}; },
            .node = {.grouped = true},
            .version = "1"};
}

Answer ask(const std::string& path, const coord::GroupView& group) {
    Request request{.path = path};
    const Route* route = find_route(request);
    if (route == nullptr) return {.status = 404};
    return route->handle(sources_of(group), request);
}

TEST(Health, IsOrchestratorsShape) {
    const Answer answer = ask("/api/health", healthy_group(true));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr(R"("Code":"OK")"));
    EXPECT_THAT(answer.body, HasSubstr(R"("IsRaftLeader":true)"));
    EXPECT_EQ(ask("/api/health", {}).status, 500);
}

TEST(Clusters, AreFoundByNameAndByServer) {
    EXPECT_EQ(ask("/api/v1/clusters/shop", healthy_group(true)).status, 200);
    EXPECT_EQ(ask("/api/v1/clusters/db1:3306", healthy_group(true)).status, 200);
    const Answer unknown = ask("/api/v1/clusters/shp", healthy_group(true));
    EXPECT_EQ(unknown.status, 404);
    EXPECT_THAT(unknown.body, HasSubstr("did you mean shop?"));
    EXPECT_EQ(ask("/api/clusters", healthy_group(true)).body, R"(["shop"])");
    EXPECT_THAT(ask("/api/topology/shop", healthy_group(true)).body, HasSubstr(R"("Details":)"));
    EXPECT_EQ(ask("/api/topology/none", healthy_group(true)).status, 500);
}

TEST(Streams, SayTheirHolderAndSurviveTheRoundTrip) {
    const Answer answer = ask("/api/v1/streams", healthy_group(true));
    EXPECT_THAT(answer.body, HasSubstr(R"("holder":"n2")"));
    const auto read = streams_from_json(answer.body);
    ASSERT_TRUE(read) << read.error().what;
    ASSERT_EQ(read->size(), 1u);
    EXPECT_EQ(read->front().rows, 7u);
    EXPECT_FALSE(streams_from_json("{}"));
}

TEST(Streams, ShowAndTakeFilters) {
    const std::string path = "/api/v1/streams/s/filter";
    EXPECT_EQ(ask(path, healthy_group(true)).body,
              R"({"name":"s","filter":"exclude: a.b","configured":""})");
    EXPECT_EQ(ask("/api/v1/streams/x/filter", healthy_group(true)).status, 404);
    const auto put = [&](const std::string& body) {
        Request request{.method = "PUT", .path = path, .body = body};
        const Route* route = find_route(request);
        EXPECT_TRUE(route != nullptr && route->changes && route->scope == Scope::leader);
        return route->handle(sources_of(healthy_group(true)), request).status;
    };
    EXPECT_EQ(put(R"({"filter":"exclude: a.b"})"), 200);
    EXPECT_EQ(put(R"({"filter":null})"), 200);
    EXPECT_EQ(put(R"({"filter":"bad"})"), 400);
    EXPECT_EQ(put("exclude: a.b"), 400);
}

TEST(Metrics, AreInPrometheusFormat) {
    const Answer answer = ask("/metrics", healthy_group(true));
    EXPECT_THAT(answer.type, HasSubstr("text/plain"));
    EXPECT_THAT(answer.body,
                HasSubstr("# TYPE evenkeel_node_leader gauge\nevenkeel_node_leader 1\n"));
    EXPECT_THAT(answer.body, HasSubstr("evenkeel_cluster_primary_up{cluster=\"shop\"} 1\n"));
    EXPECT_THAT(answer.body, HasSubstr("evenkeel_cluster_failovers_total{cluster=\"shop\"} 2\n"));
    EXPECT_THAT(answer.body, HasSubstr("evenkeel_http_requests_total 3\n"));
}

TEST(Routes, UnknownPathsHaveNone) {
    Request request{.path = "/api/nothing"};
    EXPECT_EQ(find_route(request), nullptr);
    request.path = "/api/leader-check/1/2";
    EXPECT_EQ(find_route(request), nullptr);
}

TEST(Routes, EveryOneIsInTheReference) {
    for (const Route& route : routes()) EXPECT_THAT(api_reference(), HasSubstr(route.pattern));
}

TEST(Errors, HaveTheShapeOfTheirApi) {
    EXPECT_EQ(error_answer("/api/v1/x", 404, "no \"x\"").body, R"({"error":"no \"x\""})");
    EXPECT_THAT(error_answer("/api/x", 500, "no").body, HasSubstr(R"("Details":null)"));
}

TEST(Stale, MarksObjects) {
    EXPECT_EQ(with_stale_mark(R"({"a":1})"), R"({"stale":true,"a":1})");
    EXPECT_EQ(with_stale_mark("[]"), "[]");
}

}  // namespace
}  // namespace evenkeel::api
