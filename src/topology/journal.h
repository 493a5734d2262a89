// Writes down what a recovery does, under the leader's grant, before it does it: the record, and
// the cluster's fact in the same transaction where both change.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coord/coordinator.h"
#include "model/cluster_fact.h"
#include "topology/config.h"
#include "topology/recovery_record.h"

namespace evenkeel::topology {

// What every action needs. The references outlive it.
struct RunContext {
    const ClusterConfig& config;
    coord::Coordinator& coordinator;
    std::function<void(const std::string& moment)> on_step{};
};

// The leader's grant, with enough time left for one more action.
// Errors: not_leader  this node must not act any more.
Result<Grant> leader_grant(const RunContext& context);

std::string fact_key(const std::string& cluster);

// Changes the cluster's fact as it is now, in one transaction with `more`. `change` may refuse; it
// is called again when somebody else wrote the fact meanwhile.
// Errors: what `change` returned; not_leader; timed_out, unavailable  as Coordinator::commit.
Result<> update_fact(const RunContext& context, const std::function<Result<>(ClusterFact&)>& change,
                     const std::vector<coord::Op>& more = {});

class Journal {
public:
    Journal(const RunContext& context, RecoveryRecord record);
    const RecoveryRecord& record() const { return record_; }
    RecoveryRecord& record() { return record_; }

    // These change the record; write() makes it so, and then announces the moments.
    void begin(const std::string& step);
    void done(const std::string& step, std::string text);
    void note(const std::string& step, std::string text);
    void end(const std::string& state, std::string text);

    // Errors of both: not_leader  also when it was written and the lease ran out meanwhile.
    Result<> write();
    Result<> write_with_fact(const std::function<Result<>(ClusterFact&)>& change);

private:
    coord::Op record_op();
    void announce();
    Result<> still_leads() const;

    const RunContext& context_;
    RecoveryRecord record_;
    std::vector<std::string> moments_;
};

}  // namespace evenkeel::topology
