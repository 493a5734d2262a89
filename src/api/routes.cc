#include "api/routes.h"

#include <fmt/core.h>

#include "api/shapes.h"
#include "base/text.h"

namespace evenkeel::api {
namespace {

bool matches(std::string_view pattern, Request& request) {
    const auto wanted = split(pattern, '/');
    const auto given = split(request.path, '/');
    if (wanted.size() != given.size()) return false;
    std::map<std::string, std::string> values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].starts_with(':')) {
            if (given[i].empty()) return false;
            values[wanted[i].substr(1)] = given[i];
        } else if (wanted[i] != given[i]) {
            return false;
        }
    }
    request.values = std::move(values);
    return true;
}

Answer front_page(const Sources& sources, const Request&) {
    const coord::GroupView group = sources.group();
    std::string links;
    for (const Route& route : routes()) {
        if (std::string_view(route.pattern).find(':') != std::string_view::npos) continue;
        links += fmt::format("<li><a href=\"{0}\">{0}</a> {1}</li>\n", route.pattern, route.doc);
    }
    return {.body = fmt::format("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
                                "<title>evenkeel</title>\n<h1>evenkeel</h1>\n<p>This node is {}"
                                ".</p>\n<ul>\n{}</ul>\n</html>\n",
                                group.leads     ? "the leader"
                                : group.healthy ? "a healthy follower"
                                                : "outside its group",
                                links),
            .type = "text/html; charset=utf-8"};
}

}  // namespace

Answer error_answer(std::string_view path, int status, std::string_view text) {
    if (path.starts_with("/api/v1/")) {
        return {.status = status, .body = fmt::format(R"({{"error":{}}})", json_quote(text))};
    }
    return {.status = status, .body = json_envelope(false, text, "null")};
}

const std::vector<Route>& routes() {
    static const std::vector<Route> all = [] {
        std::vector<Route> joined = node_routes();
        for (const Route& route : cluster_routes()) joined.push_back(route);
        joined.push_back({"/metrics", Scope::node, "This node's metrics for Prometheus.", metrics});
        joined.push_back({"/", Scope::node, "A page with links to these.", front_page});
        return joined;
    }();
    return all;
}

const Route* find_route(Request& request) {
    while (request.path.size() > 1 && request.path.back() == '/') request.path.pop_back();
    for (const Route& route : routes()) {
        if (matches(route.pattern, request)) return &route;
    }
    return nullptr;
}

std::string api_reference() {
    std::string text =
        "# HTTP API\n\n"
        "<!-- Generated: evenkeel api-reference > docs/reference/api.md -->\n\n"
        "All routes are GET; a trailing slash is allowed. Answers are JSON, except `/metrics` and\n"
        "`/`. Errors below `/api/v1` are `{\"error\":text}` with a fitting status; the others "
        "have\n"
        "orchestrator's shapes, so that its clients work: `{\"Code\",\"Message\",\"Details\"}`, "
        "500 "
        "for\nevery error.\n\n"
        "*node*: each node answers for itself. *leader*: a follower forwards the request to the\n"
        "leader and answers 503 when there is none; with `?stale=true` it answers from its own "
        "copy,\n"
        "marked `\"stale\":true` and by the header `X-Evenkeel-Stale`.\n\n"
        "| route | answered by | answer |\n|---|---|---|\n";
    for (const Route& route : routes()) {
        text += fmt::format("| `{}` | {} | {} |\n", route.pattern,
                            route.scope == Scope::node ? "node" : "leader", route.doc);
    }
    return text;
}

}  // namespace evenkeel::api
