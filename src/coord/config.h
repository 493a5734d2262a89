// How a node takes part in its group, as configured ([node] and [coordination]).
#pragma once

#include <string>
#include <vector>

#include "base/instant.h"

namespace evenkeel::coord {

enum class EngineKind { local, raft };

struct Config {
    EngineKind engine = EngineKind::local;
    std::string group = "evenkeel";  // Name of the group; nodes of another group are refused.
    std::string node{};              // This node's id; default: `bind`, or the host's name.
    std::string data_dir{};          // State folder of this node.
    // engine = raft. Addresses are "host:port", port 10008 when omitted.
    std::string bind{};  // This node's address as the other nodes reach it.
    std::vector<std::string>
        nodes{};          // Every node of the group, this one too; the same list on each.
    int client_port = 0;  // etcd's client port on 127.0.0.1; 0: peer port + 1.
    Millis ttl{1500};
    Millis heartbeat{50};  // Of the managed etcd member.
    Millis election{500};
    Millis join_limit{120'000};  // A node that cannot join its group by then exits.
};

}  // namespace evenkeel::coord
