#include "api/routes.h"
#include "api/shapes.h"

namespace evenkeel::api {
namespace {

Answer lb_check(const Sources&, const Request&) {
    return {.body = R"("OK")"};
}

Answer health(const Sources& sources, const Request&) {
    const coord::GroupView group = sources.group();
    return {.status = group.healthy ? 200 : 500, .body = json_health(group, sources.node)};
}

Answer status(const Sources& sources, const Request&) {
    return {.body = json_status(sources.group(), sources.version)};
}

}  // namespace

std::vector<Route> node_routes() {
    return {
        {"/api/lb-check", Scope::node, "200 `\"OK\"` while this node answers at all.", lb_check},
        {"/api/_ping", Scope::node, "The same.", lb_check},
        {"/api/health", Scope::node, "orchestrator's HealthStatus; 500 when unhealthy.", health},
        {"/api/status", Scope::node, "The same.", health},
        {"/api/mysql/status", Scope::node, "The same, as ham4db spells it.", health},
        {"/api/v1/status", Scope::node, "This node, the group's members, and who holds which duty.",
         status},
    };
}

}  // namespace evenkeel::api
