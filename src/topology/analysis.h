// Turns a view into findings and into this node's verdict about the primary. Pure.
// recovery_plan.h decides what follows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/cluster_fact.h"
#include "topology/report.h"
#include "topology/view.h"

namespace evenkeel::topology {

// A node's opinion about a primary, as it tells the other nodes.
enum class Verdict { unknown, alive, silent, dead };
const char* to_string(Verdict verdict);

struct Judgement {
    Verdict verdict = Verdict::unknown;
    std::string reason{};
};

Judgement judge(const TopologyView& view, const ServerId& primary);

// The server or null.
const ServerView* find(const TopologyView& view, const ServerId& id);
bool is_alive(const ServerView& server);
// Alive, and its last probe saw both replication threads run.
bool is_replicating(const ServerView& server);
// Alive, and it is still connected to its source: a witness that the source lives.
bool is_receiving(const ServerView& server);
// Servers of the view whose source is `primary`, sorted; reachable or not.
std::vector<const ServerView*> replicas_of(const TopologyView& view, const ServerId& primary);

// The one server that replicates from nobody and takes writes or has replicas; nothing when there
// is none, or more than one.
std::optional<ServerId> find_root(const TopologyView& view);

// Transactions of `server` that `primary` has not and that did not come from it, as GTIDs; empty
// for none. The primary's own may be younger than its last probe.
std::string errant_transactions(const ServerView& server, const ServerView& primary);

// All problems of the cluster, worst first. `fact` is absent until the first leader wrote it.
std::vector<Finding> analyse(const TopologyView& view, const std::optional<ClusterFact>& fact);

}  // namespace evenkeel::topology
