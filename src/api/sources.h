// Where the routes get what they show. Functions, so that a test can give any state.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cdc/bootstrap/request.h"
#include "cdc/stream_service.h"
#include "coord/coordinator.h"
#include "coord/member/membership_plan.h"
#include "topology/service.h"

namespace evenkeel::api {

struct HttpCounts {
    std::uint64_t requests = 0;
    std::uint64_t forwarded = 0;  // Of these, to the leader.
    std::uint64_t failed = 0;     // Of these, answered with 5xx.
};

struct CertificateLife {
    std::string of{};  // "node", "authority"
    std::int64_t seconds_left = 0;
};

struct StreamFilter {
    std::string filter{};
    std::string configured{};
};

// This node as configured.
struct NodeFacts {
    bool grouped = false;  // Has an engine that several nodes share; else it is alone for good.
    bool https = false;    // The nodes' public API is HTTPS.
    std::string bind{};    // Engine raft: its address.
    Millis ttl{1500};      // After so long without a renewal others take its duties.
};

// All are thread-safe and do not block, but for group_streams, which may ask another node, and
// transfer, which waits.
struct Sources {
    std::function<coord::GroupView()> group{};
    // Coordinator::transfer of the leader's duty; call it on the leader.
    std::function<Result<>(const std::string& node, Deadline)> transfer{};
    // Wall clock, milliseconds since 1970, when this node got the leader's duty; 0: it has not.
    std::function<std::int64_t()> leading_since{};
    std::function<std::vector<topology::ClusterReport>()> clusters{};
    std::function<std::vector<cdc::StreamReport>()> streams{};        // This node's view.
    std::function<std::vector<cdc::StreamReport>()> group_streams{};  // Each by its holder.
    // The filter in force and the configured one; not_found: no such stream. set_stream_filter
    // waits; without a text it sets the configured one. Call it on the leader.
    std::function<Result<StreamFilter>(const std::string& stream)> stream_filter{};
    std::function<Result<>(const std::string& stream, const std::optional<std::string>& text)>
        set_stream_filter{};
    std::function<Result<std::vector<cdc::BootstrapJob>>(const std::string& stream)> bootstraps{};
    // Hands a request for a bootstrap in, or the end of one; its id. Waits for the coordinator.
    std::function<Result<std::string>(const std::string& stream, cdc::BootstrapRequest)>
        ask_bootstrap{};
    std::function<HttpCounts()> http{};
    // The members of a group with engine raft; they wait for it. See coord/member/membership.h.
    std::function<Result<std::vector<coord::MemberRow>>()> members{};
    std::function<Result<std::string>(const std::string& address)> add_member{};
    std::function<Result<std::string>(const std::string& hint)> remove_member{};
    std::function<Result<std::string>(const std::string& hint)> replace_member{};
    NodeFacts node{};
    std::function<std::vector<CertificateLife>()> certificates{};  // None without [tls].
    std::string version{};
};

}  // namespace evenkeel::api
