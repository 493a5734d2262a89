// Watches one replication cluster and, on the node that leads the group, recovers it.
//
// observe: discovery.h and heartbeat.h keep a TopologyView; decide: analysis.h turns it into a
// verdict, the verdicts of all nodes and the view into a plan (recovery_plan.h); act:
// recovery_run.h carries the plan out, each step recorded under the leader's epoch before the next.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coord/coordinator.h"
#include "model/cluster_fact.h"
#include "topology/config.h"
#include "topology/view.h"

namespace evenkeel::topology {

// One problem that analysis found, in the field's words.
struct Finding {
    std::string code{};      // "dead_primary", "errant_transactions", …
    ServerId server{};
    std::string text{};      // For people, with the remedy when there is one.
    bool actionable = false;
};

struct NodeVerdict {
    std::string node{};
    std::string verdict{};   // "alive", "dead", "silent", "unknown"
    std::string reason{};
};

struct RecoveryStep {
    std::string name{};
    std::string state{};     // "running", "done", "failed", "undone"
    std::string text{};
    std::int64_t started_ms = 0;   // Wall clock.
    std::int64_t finished_ms = 0;  // 0 while running.
};

struct RecoveryRecord {
    std::string id{};
    std::string kind{};      // "failover", "rejoin"
    std::string state{};     // "running", "done", "failed", "undone"
    std::string cluster{};
    std::string failed{};    // Server that the recovery is about.
    std::string successor{};
    std::uint64_t epoch = 0;
    std::int64_t started_ms = 0;
    std::int64_t finished_ms = 0;
    std::string text{};      // Outcome in a sentence.
    std::vector<RecoveryStep> steps{};
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

class Service {
public:
    // `coordinator` must outlive this.
    Service(ClusterConfig config, coord::Coordinator& coordinator);
    ~Service();  // Stops.
    void start();
    void stop();
    ClusterReport report() const;  // Thread-safe.

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Probes the seeds once and says what a user has to repair before the cluster can be watched:
// wrong credentials, unreachable seed, missing privileges (named), binary log off or not ROW, no GTID.
// Empty: nothing. For `node` at its start and `--check-config --connect`.
std::vector<std::string> check_cluster(const ClusterConfig& config);

// The tree as text, one server a line below its source; colours only when `colour`.
std::string draw_tree(const ClusterReport& report, bool colour);

}  // namespace evenkeel::topology
