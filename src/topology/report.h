// What the service tells others about a cluster: findings, verdicts, recoveries. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/cluster_fact.h"
#include "model/server_id.h"
#include "topology/view.h"

namespace evenkeel::topology {

// One problem that analysis found, in the field's words.
struct Finding {
    std::string code{};  // "dead_primary", "errant_transactions", …
    ServerId server{};
    std::string text{};  // For people, with the remedy when there is one.
    bool actionable = false;
};

struct NodeVerdict {
    std::string node{};
    std::string verdict{};  // "alive", "dead", "silent", "unknown"
    std::string reason{};
};

struct RecoveryStep {
    std::string name{};
    std::string state{};  // "running", "done", "failed", "undone"
    std::string text{};
    std::int64_t started_ms = 0;   // Wall clock.
    std::int64_t finished_ms = 0;  // 0 while running.
};

struct RecoveryRecord {
    std::string id{};     // Sorts by time.
    std::string kind{};   // "failover", "rejoin"
    std::string state{};  // "running", "done", "failed", "undone"
    std::string cluster{};
    std::string failed{};  // Server that the recovery is about.
    std::string successor{};
    std::uint64_t epoch = 0;
    std::int64_t started_ms = 0;
    std::int64_t finished_ms = 0;
    std::string text{};  // Outcome in a sentence.
    std::vector<RecoveryStep> steps{};
    std::vector<std::string> replicas{};  // Servers that replicated from the failed one.
    // What each replica had received when it was stopped; it has received nothing since.
    std::map<std::string, std::string> received{};
    std::string position{};    // What the successor has to apply before it is promoted.
    bool semi_sync = false;    // Commits waited for a replica before the failure.
    std::uint64_t writes = 0;  // Grows with every write of this record.
};

// All that the API shows of a cluster. A snapshot: safe to keep.
struct ClusterReport {
    TopologyView view{};
    ClusterFact fact{};
    std::vector<NodeVerdict> verdicts{};
    std::vector<Finding> findings{};
    std::vector<RecoveryRecord> recoveries{};  // Newest first.
    std::string last_decision{};               // Why the last cycle did what it did.
};

}  // namespace evenkeel::topology
