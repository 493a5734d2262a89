// Carries out what is not a failover: the first fact, the list of replicas, former primaries that
// come back, accidental writers, and the question to the witnesses. Slow: call it on a thread that
// may wait.
// Errors: as the servers and the coordinator give them; not_leader  stop.
#pragma once

#include "topology/journal.h"
#include "topology/recovery_plan.h"

namespace evenkeel::topology {

// Actions adopt, refresh, make_read_only.
Result<> run_upkeep(const RunContext& context, const Plan& plan);

// The replicas of `record` drop their connection to `record.failed` and try again. The record is
// there while they may be disconnected, so that whoever leads next can let them go: with semi-sync
// no commit is answered meanwhile.
Result<> ask_witnesses(const RunContext& context, RecoveryRecord record);
Result<> release_witnesses(const RunContext& context, const RecoveryRecord& record);

// `record.failed` becomes a replica of `record.successor`, unless it has transactions that this one
// lacks: then the record ends as failed, and so it ends on any error.
Result<> run_rejoin(const RunContext& context, RecoveryRecord record);

}  // namespace evenkeel::topology
