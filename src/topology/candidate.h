// Chooses whom to promote when a primary is dead. Pure: no I/O, no clock, no locks.
// failover_run.h carries the choice out.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/gtid.h"
#include "model/server_id.h"
#include "topology/view.h"

namespace evenkeel::topology {

// What is known of a replica after it stopped to receive.
struct Contender {
    ServerId id{};
    bool log_bin = false;
    bool log_replica_updates = false;
    bool applies = false;     // Its SQL thread runs, or has nothing left to do.
    bool semi_sync = false;   // It may have acknowledged what it received.
    GtidPosition received{};  // Never behind `applied`.
    GtidPosition applied{};
};

struct Choice {
    ServerId id{};
    GtidPosition position{};  // What it has to apply before it takes writes.
    std::string why{};
};

// Whether this replica can be promoted at all, from its last probe.
bool is_eligible(const ServerView& server);
Contender contender(const ServerView& server);

// Picks the replica whose promotion loses the fewest transactions, the same one on every node.
// Errors: unavailable  none can be promoted, or one that cannot be has acknowledged transactions
//                      that all others lack; a person has to choose.
Result<Choice> pick_candidate(const std::vector<Contender>& contenders);

}  // namespace evenkeel::topology
