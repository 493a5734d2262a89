// Decides what the leader does about a cluster: from the view, the verdicts of all nodes, the fact
// and what is unfinished, to one plan, or to the sentence that says why not. Pure.
//
// Two questions with two answers, because the second must never hold the first up:
//   plan_recovery  is the primary dead, and what now;
//   plan_upkeep    former primaries, accidental writers, the list of replicas.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/cluster_fact.h"
#include "topology/report.h"
#include "topology/view.h"

namespace evenkeel::topology {

struct RecoveryPolicy {
    bool failover = true;
    bool allow_loss = false;
    Millis failover_pause{60'000};
    Millis witness_wait{250};     // From asking the witnesses to believing their silence.
    Millis witness_again{5'000};  // They are not asked again before that.
};

struct Situation {
    TopologyView view{};
    std::optional<ClusterFact> fact{};
    std::string self{};  // This node.
    bool leads = false;
    std::size_t group_size = 1;           // Configured nodes, not those that are up.
    std::vector<NodeVerdict> verdicts{};  // Of live nodes about the fact's primary; own included.
    std::optional<RecoveryRecord> unfinished{};  // A failover that was started and not ended.
    std::optional<RecoveryRecord> asking{};      // A question to witnesses that was not ended.
    std::optional<Millis> since_failover{};      // Since the last automatic one was done.
    std::optional<Millis> since_asked{};         // Since the witnesses were asked.
    RecoveryPolicy policy{};
};

enum class Action {
    none,
    failover,           // `server` is dead, `replicas` are its witnesses and heirs.
    resume,             // Finish the recovery `record`.
    undo,               // `server` lives again before anybody was chosen: take `record` back.
    ask_witnesses,      // `replicas` drop their connection to `server` and try again.
    release_witnesses,  // The leader that asked did not come to the second half.
    adopt,              // `server` is the primary from now on: the first fact, or a change by hand.
    refresh,            // The fact gets `replicas` as its healthy replicas.
    rejoin,             // `server` becomes a replica of the primary.
    make_read_only,     // `server` takes writes and must not.
};
const char* to_string(Action action);

struct Plan {
    Action action = Action::none;
    ServerId server{};
    std::vector<ServerId> replicas{};
    std::string record{};
    std::string why{};  // A sentence: also for doing nothing.
};

Plan plan_recovery(const Situation& situation);
// For a leader without an unfinished failover.
Plan plan_upkeep(const Situation& situation);

// The replicas that a stream may read from: alive, both threads running, below `primary`. Sorted.
std::vector<ServerId> healthy_replicas(const TopologyView& view, const ServerId& primary);

// A step of `record` was recorded as done.
bool is_done(const RecoveryRecord& record, const std::string& step);

}  // namespace evenkeel::topology
