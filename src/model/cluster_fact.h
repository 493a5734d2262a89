// What the leader says about a replication cluster, the same for every node: who takes writes and
// who follows. Streams, the proxy and addresses act on this fact alone, never on a node's own view.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/lease.h"
#include "model/server_id.h"

namespace evenkeel {

struct ClusterFact {
    std::string cluster{};              // The cluster's name from the configuration.
    std::optional<ServerId> primary{};  // Nobody while a failover is under way.
    std::vector<ServerId> replicas{};   // Healthy ones, sorted; a stream may read from them.
    std::vector<ServerId> fenced{};     // Former primaries that must not be used until rejoined.
    Epoch epoch{};                      // The leader's, when it was written.
    std::uint64_t failovers = 0;        // Completed changes of primary; grows.

    bool operator==(const ClusterFact&) const = default;
};

// Keys under which the facts live, relative to the group's root.
inline constexpr const char* kClusterFactPrefix = "cluster/";

std::string to_json(const ClusterFact& fact);
// Errors: corrupt  not a fact that this version understands.
Result<ClusterFact> cluster_fact_from_json(const std::string& json);

}  // namespace evenkeel
