#include "api/routes.h"
#include "api/shapes.h"
#include "base/text.h"

namespace evenkeel::api {
namespace {

Answer leader_check(const Sources& sources, const Request& request) {
    if (sources.group().leads) return {.body = R"("OK")"};
    // The caller may choose the code: load balancers differ in what they take for "down".
    const auto code = parse_number(request.value("code"));
    const bool usable = code && *code >= 200 && *code <= 599;
    return {.status = usable ? static_cast<int>(*code) : 404, .body = R"("Not leader")"};
}

bool in_healthy_group(const coord::GroupView& group) {
    return group.healthy && group.leader.has_value();
}

Answer raft_health(const Sources& sources, const Request& request) {
    const coord::GroupView group = sources.group();
    if (in_healthy_group(group)) return {.body = R"("healthy")"};
    return error_answer(request.path, 500,
                        group.healthy ? "the group has no leader at the moment"
                                      : "this node is not part of a healthy group");
}

Answer raft_state(const Sources& sources, const Request&) {
    const coord::GroupView group = sources.group();
    return {.body = group.leads               ? R"("Leader")"
                    : in_healthy_group(group) ? R"("Follower")"
                                              : R"("Candidate")"};
}

Answer raft_leader(const Sources& sources, const Request&) {
    const coord::GroupView group = sources.group();
    return {.body = json_quote(group.leader ? group.leader->api_address : "")};
}

Answer lb_check(const Sources&, const Request&) {
    return {.body = R"("OK")"};
}

Answer health(const Sources& sources, const Request&) {
    const coord::GroupView group = sources.group();
    return {.status = group.healthy ? 200 : 500, .body = json_health(group)};
}

Answer status(const Sources& sources, const Request&) {
    return {.body = json_status(sources.group(), sources.version)};
}

}  // namespace

std::vector<Route> node_routes() {
    return {
        {"/api/leader-check", Scope::node,
         "200 `\"OK\"` while this node leads, its lease valid at this moment; else 404 "
         "`\"Not leader\"`.",
         leader_check},
        {"/api/leader-check/:code", Scope::node, "The same with that status in place of 404.",
         leader_check},
        {"/api/raft-health", Scope::node,
         "200 `\"healthy\"` in a healthy group with a leader; else 500.", raft_health},
        {"/api/raft-state", Scope::node, "`\"Leader\"`, `\"Follower\"` or `\"Candidate\"`.",
         raft_state},
        {"/api/raft-leader", Scope::node,
         "The leader's API address, `\"host:port\"`; `\"\"`: none.", raft_leader},
        {"/api/lb-check", Scope::node, "200 `\"OK\"` while this node answers at all.", lb_check},
        {"/api/health", Scope::node, "orchestrator's HealthStatus; 500 when unhealthy.", health},
        {"/api/status", Scope::node, "The same.", health},
        {"/api/v1/status", Scope::node, "This node, the group's members, and who holds which duty.",
         status},
    };
}

}  // namespace evenkeel::api
