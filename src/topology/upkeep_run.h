// Carries out what is not a failover: the first fact, the list of replicas, former primaries that
// come back, accidental writers, and the question to the witnesses. Slow: call it on a thread that
// may wait.
// Errors: as the servers and the coordinator give them; not_leader  stop.
#pragma once

#include "topology/journal.h"
#include "topology/recovery_plan.h"

namespace evenkeel::topology {

// Actions ask_witnesses, adopt, refresh, make_read_only.
Result<> run_upkeep(const RunContext& context, const Plan& plan);

// `record.failed` becomes a replica of `record.successor`, unless it has transactions that this one
// lacks: then the record ends as failed, and so it ends on any error.
Result<> run_rejoin(const RunContext& context, RecoveryRecord record);

}  // namespace evenkeel::topology
