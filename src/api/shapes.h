// The JSON of what the API shows; no passwords are in any of these values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/sources.h"
#include "base/result.h"
#include "cdc/stream_service.h"
#include "coord/coordinator.h"
#include "topology/service.h"

namespace evenkeel::api {

std::string json_status(const coord::GroupView& group, std::string_view version);
// orchestrator's HealthStatus in its envelope.
std::string json_health(const coord::GroupView& group, const NodeFacts& node);
// orchestrator's answer to raft-status.
std::string json_raft_status(const coord::GroupView& group, const NodeFacts& node,
                             std::string_view state, const std::string& leader);
// `since_ms`: wall clock; 0: not known.
std::string json_leader(const coord::GroupView& group, const NodeFacts& node,
                        std::int64_t since_ms);
std::string json_transfer(const std::string& from, const std::string& to, Epoch epoch);
// {"to":"node2"} → "node2"; "" when it does not say. Errors: invalid  anything else.
Result<std::string> transfer_target(const std::string& json);
// Names, primaries and counts.
std::string json_clusters(const std::vector<topology::ClusterReport>& reports);
std::string json_cluster(const topology::ClusterReport& report, bool colour);
// Of all clusters, newest first.
std::string json_recoveries(const std::vector<topology::ClusterReport>& reports);
// `group` says which node holds each stream.
std::string json_streams(const std::vector<cdc::StreamReport>& reports,
                         const coord::GroupView& group);
// Errors: corrupt  not what json_streams writes.
Result<std::vector<cdc::StreamReport>> streams_from_json(const std::string& json);

// orchestrator's envelope: {"Code":…,"Message":…,"Details":…}, and "Detail" with the same for
// ham4db's clients; `details_json` is JSON already.
std::string json_envelope(bool ok, std::string_view message, std::string_view details_json);
// ["a","b"]
std::string json_list(const std::vector<std::string>& texts);
// Adds "stale":true to an object; other JSON stays as it is.
std::string with_stale_mark(const std::string& json);

}  // namespace evenkeel::api
