#include "api/stream_routes.h"

#include <gmock/gmock.h>

#include "cdc/filter/filter.h"

namespace evenkeel::api {
namespace {

using testing::HasSubstr;

class StreamCalls : public testing::Test {
protected:
    StreamRoutes routes() {
        return {.config = true,
                .report =
                    [this] {
                        return cdc::StreamReport{
                            .name = "s", .state = state_, .text = "why", .rows = 7, .lag_ms = 12};
                    },
                .filter = [this]() -> Result<std::string> { return filter_; },
                .set_filter = [this](const std::optional<std::string>& text) -> Result<> {
                    if (text) EK_TRY_VOID(cdc::Filter::parse(*text));
                    filter_ = text.value_or("configured");
                    return {};
                }};
    }

    Answer ask(const std::string& method, const std::string& path, const std::string& body = {},
               const std::string& address = "127.0.0.1") {
        return answer_stream_call(
            routes(), {.method = method, .path = path, .body = body, .address = address});
    }

    std::string state_ = "streaming";
    std::string filter_ = "configured";
};

TEST_F(StreamCalls, AreMaxwells) {
    EXPECT_EQ(ask("GET", "/ping").body, "pong\n");
    EXPECT_EQ(ask("GET", "/healthcheck").status, 200);
    EXPECT_THAT(ask("GET", "/healthcheck/").body, HasSubstr(R"("healthy":true)"));
    EXPECT_THAT(ask("GET", "/metrics").body,
                HasSubstr(R"("MaxwellMetrics.row.count":{"count":7})"));
    EXPECT_THAT(ask("GET", "/metrics").body,
                HasSubstr(R"("MaxwellMetrics.replication.lag":{"value":12})"));
    EXPECT_THAT(ask("GET", "/prometheus").body, HasSubstr("\nMaxwellMetrics_row_count 7\n"));
    EXPECT_EQ(ask("GET", "/other").status, 404);
    EXPECT_EQ(ask("POST", "/ping").status, 404);
    state_ = "waiting";
    EXPECT_EQ(ask("GET", "/healthcheck").status, 500);
    state_ = "standby";
    EXPECT_EQ(ask("GET", "/healthcheck").status, 200);
}

TEST_F(StreamCalls, ChangeTheFilter) {
    EXPECT_EQ(ask("GET", "/config").body, R"({"filter":"configured"})");
    for (const char* method : {"PATCH", "PUT", "POST"}) {
        const std::string text = std::string("exclude: a.") + method;
        const Answer answer = ask(method, "/config", R"({"filter":")" + text + R"("})");
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(filter_, text);
    }
    EXPECT_EQ(ask("PUT", "/config", R"({"filter":null})").body, R"({"filter":"configured"})");
    const Answer invalid = ask("PUT", "/config", R"({"filter":"exclude: a"})");
    EXPECT_EQ(invalid.status, 400);
    EXPECT_THAT(invalid.body, HasSubstr("column 11"));
    for (const char* body : {"", "{}", "[]", R"({"filter":1})", R"({"filter":"","host":"x"})"}) {
        EXPECT_EQ(ask("PUT", "/config", body).status, 400) << body;
    }
    EXPECT_EQ(ask("DELETE", "/config").status, 405);
    EXPECT_EQ(filter_, "configured");
}

TEST_F(StreamCalls, OnlyTheHostItselfOrThePasswordChanges) {
    const std::string body = R"({"filter":"exclude: a.b"})";
    EXPECT_EQ(ask("PUT", "/config", body, "10.0.0.9").status, 401);
    EXPECT_THAT(ask("PUT", "/config", body, "10.0.0.9").body, HasSubstr("http_user"));
    EXPECT_EQ(ask("GET", "/config", "", "10.0.0.9").status, 200);
    StreamRoutes with_user = routes();
    with_user.user = "u";
    with_user.password = "p";
    HttpCall call{.method = "PUT", .path = "/config", .body = body, .address = "10.0.0.9"};
    call.headers["authorization"] = basic_credentials("u", "wrong");
    EXPECT_EQ(answer_stream_call(with_user, call).status, 401);
    call.headers["authorization"] = basic_credentials("u", "p");
    EXPECT_EQ(answer_stream_call(with_user, call).status, 200);
    StreamRoutes off = routes();
    off.config = false;
    EXPECT_EQ(answer_stream_call(off, {.method = "GET", .path = "/config"}).status, 404);
}

TEST_F(StreamCalls, StandBelowAPrefix) {
    for (const char* prefix : {"/maxwell", "maxwell/", "/maxwell/"}) {
        StreamRoutes below = routes();
        below.prefix = prefix;
        EXPECT_EQ(answer_stream_call(below, {.method = "GET", .path = "/maxwell/ping"}).status,
                  200);
        EXPECT_EQ(answer_stream_call(below, {.method = "GET", .path = "/ping"}).status, 404);
    }
}

}  // namespace
}  // namespace evenkeel::api
