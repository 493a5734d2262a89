#include <fmt/core.h>

#include "api/routes.h"
#include "api/shapes.h"
#include "base/text.h"

namespace evenkeel::api {
namespace {

std::vector<std::string> names_of(const std::vector<topology::ClusterReport>& reports) {
    std::vector<std::string> names;
    for (const auto& report : reports) names.push_back(report.view.cluster);
    return names;
}

// By name, or by one of its servers: orchestrator's clients give either.
const topology::ClusterReport* find_cluster(const std::vector<topology::ClusterReport>& reports,
                                            const std::string& hint) {
    for (const auto& report : reports) {
        if (report.view.cluster == hint) return &report;
    }
    const auto server = parse_server_id(hint);
    if (!server) return nullptr;
    for (const auto& report : reports) {
        if (report.view.servers.contains(*server)) return &report;
    }
    return nullptr;
}

Answer no_such_cluster(const std::vector<topology::ClusterReport>& reports, const Request& request,
                       int status, const std::string& hint) {
    const auto nearest = nearest_name(hint, names_of(reports));
    return error_answer(request.path, status,
                        fmt::format("no cluster {}{}", json_quote(hint),
                                    nearest ? fmt::format("; did you mean {}?", *nearest) : ""));
}

Answer clusters(const Sources& sources, const Request&) {
    return {.body = json_clusters(sources.clusters())};
}

Answer cluster(const Sources& sources, const Request& request) {
    const auto reports = sources.clusters();
    const auto* report = find_cluster(reports, request.value("name"));
    if (report == nullptr) return no_such_cluster(reports, request, 404, request.value("name"));
    return {.body = json_cluster(*report, request.asks("colour"))};
}

Answer recoveries(const Sources& sources, const Request&) {
    return {.body = json_recoveries(sources.clusters())};
}

Answer streams(const Sources& sources, const Request&) {
    return {.body = json_streams(sources.group_streams(), sources.group())};
}

Answer node_streams(const Sources& sources, const Request&) {
    return {.body = json_streams(sources.streams(), sources.group())};
}

Answer cluster_names(const Sources& sources, const Request&) {
    return {.body = json_list(names_of(sources.clusters()))};
}

Answer topology_text(const Sources& sources, const Request& request) {
    const auto reports = sources.clusters();
    const std::string hint = request.value("hint");
    const auto* report = find_cluster(reports, hint);
    if (report == nullptr) return no_such_cluster(reports, request, 500, hint);
    return {.body =
                json_envelope(true, fmt::format("Topology for cluster {}", report->view.cluster),
                              json_quote(topology::draw_tree(*report, false)))};
}

}  // namespace

std::vector<Route> cluster_routes() {
    return {
        {"/api/v1/clusters", Scope::leader, "Each cluster's primary, replicas and findings.",
         clusters},
        {"/api/v1/clusters/:name", Scope::leader,
         "All that is known of one: servers, verdicts of the nodes, findings, recoveries, the tree "
         "as text (`?colour=true`: for terminals). By name or by one of its servers.",
         cluster},
        {"/api/v1/recoveries", Scope::leader,
         "Failovers and rejoins with their steps, newest first.", recoveries},
        {"/api/v1/streams", Scope::leader, "Each change stream in the words of its holder.",
         streams},
        {"/api/v1/node/streams", Scope::node, "The streams as this node sees them.", node_streams},
        {"/api/clusters", Scope::leader, "Names of the clusters.", cluster_names},
        {"/api/topology/:hint", Scope::leader, "The tree as text, in `Details`.", topology_text},
    };
}

}  // namespace evenkeel::api
