// The routes: which path is answered how. One table, from which docs/reference/api.md is generated.
// Nothing here decides anything, and only what changes something waits; the HTTP side is server.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/answer.h"
#include "api/sources.h"

namespace evenkeel::api {

enum class Scope {
    node,            // About this node: every node answers for itself.
    leader,          // About the group: a follower forwards it to the leader.
    leader_or_node,  // Forwarded like that, but answered here when there is no leader.
};

struct Route {
    const char* pattern;  // "/api/v1/clusters/:name"; a trailing slash is always allowed.
    Scope scope;
    const char* doc;
    Answer (*handle)(const Sources&, const Request&);
    const char* method = "GET";
    // It changes something: needs the right to (rights.h). orchestrator's do so by GET; those are
    // answered by POST as well, as everything here should be that a link must not start.
    bool changes = false;
};

const std::vector<Route>& routes();
// The route of `request`, whose `:name` parts are put into request.values; null for none. HEAD
// finds what GET does, but nothing that changes something.
const Route* find_route(Request& request);
// The methods for which request.path has a route, "GET, HEAD"; empty: no route has that path.
std::string allowed_methods(const Request& request);

// docs/reference/api.md.
std::string api_reference();

// The handlers by subject; routes.cc joins them.
std::vector<Route> leader_routes();     // Who leads, and giving that on.
std::vector<Route> node_routes();       // Group and this node.
std::vector<Route> cluster_routes();    // Clusters, recoveries, streams.
std::vector<Route> stream_routes();     // The filter of a stream.
std::vector<Route> bootstrap_routes();  // Bootstraps of streams.
std::vector<Route> member_routes();     // Members of a group with engine raft.
Answer metrics(const Sources& sources, const Request& request);

}  // namespace evenkeel::api
