// One replication cluster to watch, as configured ([[cluster]]).
#pragma once

#include <string>
#include <vector>

#include "base/instant.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::topology {

struct ClusterConfig {
    std::string name = "main";
    std::vector<ServerId> seeds{};  // One is enough; the rest of the tree is discovered.
    sql::Credentials credentials{};
    // The account with which replicas connect to a new primary; default: `credentials`.
    sql::Credentials replication{};
    // Promote also while a replica cannot be reached that may alone have acknowledged commits.
    bool allow_loss = false;
    bool failover = true;           // false: analyse and report, change nothing.
    Millis poll_interval{1000};     // Full probe of every server.
    Millis heartbeat_interval{50};  // COM_PING on an idle connection to every server.
    int heartbeats_missed_max = 3;  // Silence of that many intervals is suspicious.
    Millis probe_limit{1000};       // Longest wait for one probe.
    Millis recovery_limit{30'000};  // Longest wait for one step of a recovery.
    Millis drain_limit{10'000};     // Longest wait for the candidate to apply its relay log.
    Millis failover_pause{60'000};  // No second automatic failover of a cluster before that.
};

}  // namespace evenkeel::topology
