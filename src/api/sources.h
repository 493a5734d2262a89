// Where the routes get what they show. Functions, so that a test can give any state.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cdc/stream_service.h"
#include "coord/coordinator.h"
#include "topology/service.h"

namespace evenkeel::api {

struct HttpCounts {
    std::uint64_t requests = 0;
    std::uint64_t forwarded = 0;  // Of these, to the leader.
    std::uint64_t failed = 0;     // Of these, answered with 5xx.
};

// All are thread-safe and do not block, but for group_streams, which may ask another node.
struct Sources {
    std::function<coord::GroupView()> group{};
    std::function<std::vector<topology::ClusterReport>()> clusters{};
    std::function<std::vector<cdc::StreamReport>()> streams{};        // This node's view.
    std::function<std::vector<cdc::StreamReport>()> group_streams{};  // Each by its holder.
    std::function<HttpCounts()> http{};
    std::string version{};
};

}  // namespace evenkeel::api
