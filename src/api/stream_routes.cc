#include "api/stream_routes.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "api/stream_filter_body.h"
#include "base/text.h"

namespace evenkeel::api {
namespace {

using Json = nlohmann::ordered_json;

// Errors below /config have the shape of our own API, not orchestrator's.
constexpr const char* kShape = "/api/v1/config";

struct Metric {
    std::string name{};  // Maxwell's, behind the prefix.
    std::int64_t value = 0;
    bool counts = true;  // Else it is a level.
};

std::vector<Metric> metrics_of(const cdc::StreamReport& report) {
    const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
    return {{"row.count", number(report.rows)},
            {"messages.succeeded", number(report.rows)},
            {"messages.failed", number(report.dead_letters)},
            {"transaction.count", number(report.transactions)},
            {"bytes.count", number(report.bytes)},
            {"reconnects.count", number(report.reconnects)},
            {"replication.lag", report.lag_ms, false}};
}

// Dropwizard's shape, which Maxwell's /metrics has.
Answer metrics_json(const StreamRoutes& routes) {
    Json json{{"version", "4.0.0"},         {"gauges", Json::object()},
              {"counters", Json::object()}, {"histograms", Json::object()},
              {"meters", Json::object()},   {"timers", Json::object()}};
    for (const Metric& metric : metrics_of(routes.report())) {
        const std::string name = routes.metrics_prefix + "." + metric.name;
        if (metric.counts) {
            json["counters"][name] = {{"count", metric.value}};
        } else {
            json["gauges"][name] = {{"value", metric.value}};
        }
    }
    return {.body = json.dump()};
}

Answer metrics_text(const StreamRoutes& routes) {
    const cdc::StreamReport report = routes.report();
    std::string text;
    for (const Metric& metric : metrics_of(report)) {
        std::string name = routes.metrics_prefix + "_" + metric.name;
        for (char& c : name) {
            if (c == '.' || c == '-') c = '_';
        }
        text += fmt::format("# TYPE {0} {1}\n{0} {2}\n", name, metric.counts ? "counter" : "gauge",
                            metric.value);
    }
    text += fmt::format(
        "# HELP evenkeel_stream_running 1: this process runs the stream.\n"
        "# TYPE evenkeel_stream_running gauge\nevenkeel_stream_running {}\n",
        report.state == "streaming" ? 1 : 0);
    return {.body = std::move(text), .type = "text/plain; version=0.0.4; charset=utf-8"};
}

// One that waits for its turn is as healthy as the one that streams.
Answer health(const StreamRoutes& routes) {
    const cdc::StreamReport report = routes.report();
    const bool healthy = report.state == "streaming" || report.state == "standby";
    const Json json{{"MaxwellHealth",
                     {{"healthy", healthy},
                      {"message", report.text},
                      {"state", report.state},
                      {"lag_ms", report.lag_ms}}}};
    return {.status = healthy ? 200 : 500,
            .body = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Decision may_change_filter(const StreamRoutes& routes, const HttpCall& call) {
    const bool proxied = !call.header("forwarded").empty() ||
                         !call.header("x-forwarded-for").empty() || !call.header("via").empty();
    Decision decision = may_change(
        {.address = call.address,
         .credentials = call.header("authorization"),
         .host = call.header("host"),
         .origin = call.header("origin"),
         .fetch_site = call.header("sec-fetch-site"),
         .prefetch = !call.header("sec-purpose").empty() || !call.header("purpose").empty(),
         .proxied = proxied},
        {.user = routes.user, .password = routes.password, .own_names = {}});
    if (decision.right == Right::unauthorized) {
        decision.why = routes.user.empty()
                           ? "ask on this host, or set http_user and http_password and send them"
                           : "send http_user and http_password";
    }
    return decision;
}

Answer config(const StreamRoutes& routes, const HttpCall& call) {
    if (call.method != "GET" && call.method != "HEAD") {
        if (call.method != "PATCH" && call.method != "PUT" && call.method != "POST") {
            return error_answer(kShape, 405, "GET, PATCH, PUT and POST are allowed here");
        }
        const Decision decision = may_change_filter(routes, call);
        if (decision.right != Right::granted) return refusal(kShape, decision);
        const auto text = filter_in_body(call.body);
        if (!text) return error_answer(kShape, text.error());
        const auto set = routes.set_filter(*text);
        if (!set) return error_answer(kShape, set.error());
    }
    const auto filter = routes.filter();
    if (!filter) return error_answer(kShape, filter.error());
    return {.body = Json{{"filter", *filter}}.dump()};
}

// The path behind the prefix, with its slash; empty: not below it.
std::string path_below(const StreamRoutes& routes, std::string path) {
    std::string prefix = routes.prefix;
    while (prefix.ends_with('/')) prefix.pop_back();
    if (!prefix.empty() && !prefix.starts_with('/')) prefix = "/" + prefix;
    if (!path.starts_with(prefix + "/")) return {};
    path.erase(0, prefix.size());
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

}  // namespace

Answer answer_stream_call(const StreamRoutes& routes, const HttpCall& call) {
    const std::string path = path_below(routes, call.path);
    if (path == "/config" && routes.config) return config(routes, call);
    if (call.method == "GET" || call.method == "HEAD") {
        if (path == "/ping") return {.body = "pong\n", .type = "text/plain"};
        if (path == "/healthcheck") return health(routes);
        if (path == "/metrics") return metrics_json(routes);
        if (path == "/prometheus") return metrics_text(routes);
    }
    return error_answer(
        kShape, 404,
        fmt::format("there are /ping, /healthcheck, /metrics, /prometheus{}",
                    routes.config ? " and /config" : "; /config needs http_config=true"));
}

}  // namespace evenkeel::api
