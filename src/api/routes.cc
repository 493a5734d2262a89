#include "api/routes.h"

#include <fmt/core.h>

#include <algorithm>

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

std::vector<std::string> methods_of(const Route& route) {
    const std::string method = route.method;
    if (method != "GET") return {method};
    return {method, route.changes ? "POST" : "HEAD"};
}

bool has_method(const Route& route, const std::string& method) {
    const auto methods = methods_of(route);
    return std::count(methods.begin(), methods.end(), method) > 0;
}

void cut_trailing_slashes(Request& request) {
    while (request.path.size() > 1 && request.path.back() == '/') request.path.pop_back();
}

Answer front_page(const Sources& sources, const Request&) {
    const coord::GroupView group = sources.group();
    std::string links;
    for (const Route& route : routes()) {
        if (std::string_view(route.pattern).find(':') != std::string_view::npos) continue;
        // A browser that fetches links ahead must not start anything.
        if (route.changes || !has_method(route, "GET")) continue;
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

int status_of(Errc code) {
    switch (code) {
        case Errc::invalid: return 400;
        case Errc::denied: return 403;
        case Errc::not_found: return 404;
        case Errc::conflict: return 409;
        case Errc::not_leader: return 503;
        case Errc::unavailable: return 503;
        case Errc::timed_out: return 504;
        case Errc::corrupt: return 500;
    }
    return 500;
}

}  // namespace

Answer error_answer(std::string_view path, int status, std::string_view text) {
    if (path.starts_with("/api/v1/")) {
        return {.status = status, .body = fmt::format(R"({{"error":{}}})", json_quote(text))};
    }
    return {.status = status, .body = json_envelope(false, text, "null")};
}

Answer error_answer(std::string_view path, const Error& error) {
    return error_answer(path, path.starts_with("/api/v1/") ? status_of(error.code) : 500,
                        error.what);
}

Answer refusal(std::string_view path, const Decision& decision) {
    if (!path.starts_with("/api/v1/")) {
        // orchestrator's text, which its clients look for.
        return {.status = 500,
                .body = json_envelope(false, "Unauthorized", json_quote(decision.why))};
    }
    if (decision.right == Right::forbidden) return error_answer(path, 403, decision.why);
    Answer answer = error_answer(path, 401, "not allowed: " + decision.why);
    answer.headers["WWW-Authenticate"] = R"(Basic realm="evenkeel", charset="UTF-8")";
    return answer;
}

const std::vector<Route>& routes() {
    static const std::vector<Route> all = [] {
        std::vector<Route> joined = leader_routes();
        for (const Route& route : node_routes()) joined.push_back(route);
        for (const Route& route : cluster_routes()) joined.push_back(route);
        for (const Route& route : stream_routes()) joined.push_back(route);
        for (const Route& route : bootstrap_routes()) joined.push_back(route);
        for (const Route& route : member_routes()) joined.push_back(route);
        joined.push_back({"/metrics", Scope::node, "This node's metrics for Prometheus.", metrics});
        joined.push_back({"/", Scope::node, "A page with links to these.", front_page});
        return joined;
    }();
    return all;
}

const Route* find_route(Request& request) {
    cut_trailing_slashes(request);
    for (const Route& route : routes()) {
        if (has_method(route, request.method) && matches(route.pattern, request)) return &route;
    }
    return nullptr;
}

std::string allowed_methods(const Request& request) {
    Request asked = request;
    cut_trailing_slashes(asked);
    std::vector<std::string> all;
    for (const Route& route : routes()) {
        if (!matches(route.pattern, asked)) continue;
        for (const std::string& method : methods_of(route)) all.push_back(method);
    }
    return join(all, ", ");
}

std::string api_reference() {
    std::string text =
        "# HTTP API\n\n"
        "<!-- Generated: evenkeel api-reference > docs/reference/api.md -->\n\n"
        "A trailing slash is allowed everywhere. Answers are JSON, except `/metrics` and `/`. "
        "Errors\n"
        "below `/api/v1` are `{\"error\":text}` with a fitting status; the others have "
        "orchestrator's\n"
        "shapes, so that its clients work: `{\"Code\",\"Message\",\"Details\",\"Detail\"}`, 500 "
        "for every\n"
        "error (`Detail` is for ham4db's clients). A body is JSON of at most 64 KiB.\n\n"
        "*node*: each node answers for itself. *leader*: a follower forwards the request to the\n"
        "leader and answers 503 when there is none; with `?stale=true` it answers from its own "
        "copy,\n"
        "marked `\"stale\":true` and by the header `X-Evenkeel-Stale`.\n\n"
        "**changes** something: allowed from the node's own host, to another node, and with the "
        "user\n"
        "and password of `[api]` (HTTP basic authentication). Everybody else gets 401, or below "
        "`/api/`\n"
        "orchestrator's 500 `\"Unauthorized\"`; a page of another site is refused in any case. "
        "Those that\n"
        "orchestrator has as GET are answered by POST as well.\n\n"
        "| method | route | answered by | answer |\n|---|---|---|---|\n";
    for (const Route& route : routes()) {
        text += fmt::format("| {} | `{}` | {}{} | {} |\n", route.method, route.pattern,
                            route.scope == Scope::node     ? "node"
                            : route.scope == Scope::leader ? "leader"
                                                           : "leader, else node",
                            route.changes ? ", **changes**" : "", route.doc);
    }
    return text;
}

}  // namespace evenkeel::api
