// Carries a failover out, step by step, each recorded before it is done:
//
//   fence    the fact names no primary; the old one refuses writes, if it still answers
//   stop_io  its replicas receive no more: positions are final, a hidden old primary gets no
//            acknowledgement any more
//   choose   the one that received the most
//   drain    it applies what it received
//   promote  it takes writes; at the same time its siblings are re-pointed (repoint): with
//            semi-sync the first commit waits for one of them
//   publish  the fact names it
//   repoint  ends when the siblings receive
//   detach   it forgets the old primary
//
// A step that fails stays "running" with the reason, and resume_failover() takes it up again, here
// or on another node. Slow: call it on a thread that may wait.
#pragma once

#include "topology/journal.h"

namespace evenkeel::topology {

// `record` says whom it is about: kind, cluster, failed, replicas, semi_sync.
// Errors: not_leader   stop, somebody else goes on;
//         conflict     the fact names another primary by now: the record was not written;
//         unavailable, timed_out, denied, invalid  the step that failed has the text.
Result<> start_failover(const RunContext& context, RecoveryRecord record);
Result<> resume_failover(const RunContext& context, RecoveryRecord record);
// The old primary lives and nobody was chosen: replicas receive again, it takes writes again.
Result<> undo_failover(const RunContext& context, RecoveryRecord record);

}  // namespace evenkeel::topology
