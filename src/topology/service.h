// Watches one replication cluster and, on the node that leads the group, recovers it.
//
// observe: discovery.h and heartbeat.h keep a TopologyView; decide: analysis.h turns it into a
// verdict, the verdicts of all nodes and the view into a plan (recovery_plan.h); act:
// failover_run.h and upkeep_run.h carry the plan out, each step recorded under the leader's epoch
// before the next.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coord/coordinator.h"
#include "topology/config.h"
#include "topology/report.h"

namespace evenkeel::topology {

struct ServiceOptions {
    // Nodes that the group is configured with: a majority of them has to find a primary dead. 0:
    // the members that ever joined.
    std::size_t group_size = 0;
    // Called at "before:<step>", when a step of a recovery was recorded as running, and at
    // "after:<step>", when its end was. For tests that end the process at that moment.
    std::function<void(const std::string& moment)> on_step{};
};

class Service {
public:
    // `coordinator` must outlive this.
    Service(ClusterConfig config, coord::Coordinator& coordinator, ServiceOptions options = {});
    ~Service();  // Stops.
    void start();
    void stop();
    ClusterReport report() const;  // Thread-safe.

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Probes the seeds once and says what a user has to repair before the cluster can be watched:
// wrong credentials, unreachable seed, missing privileges (named), binary log off or not ROW, no
// GTID. Empty: nothing. For `node` at its start and `--check-config --connect`.
std::vector<std::string> check_cluster(const ClusterConfig& config);

// The tree as text, one server a line below its source; colours only when `colour`.
std::string draw_tree(const ClusterReport& report, bool colour);

}  // namespace evenkeel::topology
