#include "topology/recovery_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "topology/analysis.h"
#include "topology/candidate.h"

namespace evenkeel::topology {
namespace {

struct Votes {
    std::size_t dead = 0;
    std::size_t lost = 0;  // Dead or silent.
};

Votes count_votes(const std::vector<NodeVerdict>& verdicts) {
    Votes votes;
    for (const NodeVerdict& verdict : verdicts) {
        if (verdict.verdict == "dead") ++votes.dead;
        if (verdict.verdict == "dead" || verdict.verdict == "silent") ++votes.lost;
    }
    return votes;
}

Plan nothing(std::string why) {
    return {.why = std::move(why)};
}

std::string names(const std::vector<ServerId>& servers) {
    std::string text;
    for (const ServerId& id : servers) text += (text.empty() ? "" : ", ") + id.str();
    return text.empty() ? "none" : text;
}

bool contains(const std::vector<ServerId>& servers, const ServerId& id) {
    return std::find(servers.begin(), servers.end(), id) != servers.end();
}

// A primary that crashed may come back without what it had sent to its replicas already: going back
// to it would lose that.
bool has_all(const TopologyView& view, const ServerView& old) {
    if (!is_alive(old)) return false;
    for (const ServerView* replica : replicas_of(view, old.id)) {
        if (is_alive(*replica) && !old.binlog_state.contains(contender(*replica).received)) {
            return false;
        }
    }
    return true;
}

// The plan for a failover that was begun, by this leader or another.
Plan go_on(const Situation& now, const RecoveryRecord& record) {
    const auto failed = parse_server_id(record.failed);
    const ServerView* old = failed ? find(now.view, *failed) : nullptr;
    if (!is_done(record, "choose") && old != nullptr && has_all(now.view, *old)) {
        return {.action = Action::undo,
                .server = *failed,
                .record = record.id,
                .why = fmt::format("{} lives again and nobody was chosen yet", record.failed)};
    }
    return {
        .action = Action::resume,
        .server = failed.value_or(ServerId{}),
        .record = record.id,
        .why = record.successor.empty()
                   ? fmt::format("the failover of {} has to be finished", record.failed)
                   : fmt::format("{} was chosen to succeed {}", record.successor, record.failed)};
}

// A silent primary is only believed dead when its replicas cannot reach it afresh either: on their
// own they would notice after slave_net_timeout, a minute by default.
std::optional<Plan> question_witnesses(const Situation& now, const ServerView& primary,
                                       const std::vector<ServerId>& alive) {
    const bool asked = now.since_asked && *now.since_asked < now.policy.witness_again;
    if (!asked) {
        return Plan{.action = Action::ask_witnesses,
                    .server = primary.id,
                    .replicas = alive,
                    .why = fmt::format("{} is silent ({}): its replicas shall try to reach it",
                                       primary.id.str(), primary.reason)};
    }
    if (*now.since_asked < now.policy.witness_wait) {
        return nothing(fmt::format("waiting for the replicas of {} to say whether they reach it",
                                   primary.id.str()));
    }
    return {};
}

// Why no failover of this lost primary may start; empty when it may.
std::string veto(const Situation& now, const ServerView& primary) {
    const std::string name = primary.id.str();
    if (!now.policy.failover) return name + " is lost, but failover is off for this cluster";
    const Votes votes = count_votes(now.verdicts);
    const std::size_t majority = now.group_size / 2 + 1;
    if (votes.lost < majority) {
        return fmt::format("{} of {} nodes find {} lost, {} have to", votes.lost, now.group_size,
                           name, majority);
    }
    if (now.since_failover && *now.since_failover < now.policy.failover_pause) {
        return fmt::format("{} is lost, but the last failover was {} ms ago and {} ms have to pass",
                           name, now.since_failover->count(), now.policy.failover_pause.count());
    }
    return {};
}

// Replicas that were healthy when the primary died and cannot be reached: under semi-sync one of
// them may be the only one that has what was acknowledged last.
std::vector<ServerId> possible_keepers(const Situation& now, const ServerView& primary,
                                       const std::vector<ServerId>& alive) {
    const bool known = primary.probed_at != Instant{};
    const bool semi_sync = known ? primary.semi_sync_primary
                                 : std::any_of(alive.begin(), alive.end(), [&](const ServerId& id) {
                                       return now.view.servers.at(id).semi_sync_replica;
                                   });
    std::vector<ServerId> missing;
    if (!semi_sync || now.policy.allow_loss) return missing;
    for (const ServerId& id : now.fact->replicas) {
        if (!contains(alive, id)) missing.push_back(id);
    }
    return missing;
}

Plan plan_failover(const Situation& now, const ServerView& primary) {
    const std::string name = primary.id.str();
    const std::string vetoed = veto(now, primary);
    if (!vetoed.empty()) return nothing(vetoed);

    std::vector<ServerId> alive;
    std::vector<Contender> contenders;
    std::string witness;
    for (const ServerView* replica : replicas_of(now.view, primary.id)) {
        if (!is_alive(*replica)) continue;
        alive.push_back(replica->id);
        contenders.push_back(contender(*replica));
        if (is_receiving(*replica)) witness = replica->id.str();
    }
    if (alive.empty()) return nothing(name + " is lost, and no replica of it can be reached");
    const std::size_t majority = now.group_size / 2 + 1;
    if (count_votes(now.verdicts).dead < majority) {
        if (auto plan = question_witnesses(now, primary, alive)) return *plan;
    }
    if (!witness.empty()) {
        return nothing(
            fmt::format("{} is lost to the nodes, but {} still receives from it", name, witness));
    }
    if (const auto missing = possible_keepers(now, primary, alive); !missing.empty()) {
        return nothing(
            fmt::format("{} is lost, and so is {}, which was healthy: it may have acknowledged "
                        "commits that the "
                        "others lack. Bring it back, or set allow_loss = true for this cluster",
                        name, names(missing)));
    }
    const auto candidate = pick_candidate(contenders);
    if (!candidate) return nothing(name + " is lost: " + candidate.error().what);
    return {.action = Action::failover,
            .server = primary.id,
            .replicas = alive,
            .why = fmt::format("{} is lost ({}): {}", name, primary.reason, candidate->why)};
}

// A change by hand is followed: the old primary now replicates from another that takes writes.
std::optional<ServerId> changed_by_hand(const TopologyView& view, const ServerView& primary) {
    if (!is_replicating(primary)) return {};
    const ServerView* source = find(view, primary.replication->source);
    if (source == nullptr || !is_alive(*source) || source->read_only || source->replication) {
        return {};
    }
    return source->id;
}

Plan plan_adoption(const Situation& now) {
    for (const auto& [id, server] : now.view.servers) {
        if (server.health == Health::unknown) return nothing(id.str() + " was not reached yet");
    }
    const auto root = find_root(now.view);
    if (!root) return nothing("no single server takes the writes of this cluster");
    const ServerView& server = now.view.servers.at(*root);
    if (!is_alive(server)) return nothing(root->str() + " has to be seen alive once");
    if (server.read_only) return nothing(root->str() + " leads the tree but refuses writes");
    return {.action = Action::adopt,
            .server = *root,
            .replicas = healthy_replicas(now.view, *root),
            .why = root->str() + " takes the writes of this cluster"};
}

// A former primary, or a replica of one that was away during the failover.
bool is_lost_sheep(const ClusterFact& fact, const ServerView& server) {
    if (contains(fact.fenced, server.id)) return true;
    return server.replication && server.replication->source != *fact.primary &&
           contains(fact.fenced, server.replication->source);
}

// A lost replica stays in the fact until another has what it may have acknowledged: should the
// primary die before that, plan_failover() has to know of it.
std::vector<ServerId> with_keepers(const Situation& now, std::vector<ServerId> healthy) {
    if (healthy.empty()) return healthy;  // Nobody could be promoted anyway.
    for (const ServerId& id : now.fact->replicas) {
        const ServerView* server = find(now.view, id);
        const bool waited_for = server != nullptr && !is_alive(*server) && server->may_keep;
        if (waited_for && !contains(healthy, id)) healthy.push_back(id);
    }
    std::sort(healthy.begin(), healthy.end());
    return healthy;
}

Plan plan_rejoin(const Situation& now, const ServerView& primary, std::string why) {
    for (const auto& [id, server] : now.view.servers) {
        if (id == primary.id || !is_alive(server) || !is_lost_sheep(*now.fact, server)) continue;
        const std::string errant = errant_transactions(server, primary);
        if (!errant.empty()) {
            why = fmt::format("{} stays out: it has {}, which {} lacks", id.str(), errant,
                              primary.id.str());
            continue;
        }
        return {.action = Action::rejoin,
                .server = id,
                .why = id.str() + " is back and has nothing that the primary lacks"};
    }
    return nothing(std::move(why));
}

}  // namespace

const char* to_string(Action action) {
    switch (action) {
        case Action::none: return "nothing";
        case Action::failover: return "failover";
        case Action::resume: return "resume";
        case Action::undo: return "undo";
        case Action::ask_witnesses: return "ask_witnesses";
        case Action::release_witnesses: return "release_witnesses";
        case Action::adopt: return "adopt";
        case Action::refresh: return "refresh";
        case Action::rejoin: return "rejoin";
        case Action::make_read_only: return "make_read_only";
    }
    return "?";
}

bool is_done(const RecoveryRecord& record, const std::string& step) {
    return std::any_of(record.steps.begin(), record.steps.end(), [&](const RecoveryStep& each) {
        return each.name == step && each.state == "done";
    });
}

std::vector<ServerId> healthy_replicas(const TopologyView& view, const ServerId& primary) {
    std::vector<ServerId> healthy;
    for (const ServerView* replica : replicas_of(view, primary)) {
        if (is_replicating(*replica)) healthy.push_back(replica->id);
    }
    return healthy;
}

Plan plan_recovery(const Situation& now) {
    if (!now.leads) return nothing("another node leads");
    if (now.unfinished) return go_on(now, *now.unfinished);
    if (now.asking) {
        return {.action = Action::release_witnesses,
                .server = parse_server_id(now.asking->failed).value_or(ServerId{}),
                .record = now.asking->id,
                .why = "replicas were asked about " + now.asking->failed + " and not let go"};
    }
    if (!now.fact) return nothing("the cluster has no known primary yet");
    if (!now.fact->primary) return nothing("the cluster has no primary");
    const ServerView* primary = find(now.view, *now.fact->primary);
    if (primary == nullptr) return nothing(now.fact->primary->str() + " was not seen yet");
    const Judgement judgement = judge(now.view, primary->id);
    if (judgement.verdict == Verdict::alive || judgement.verdict == Verdict::unknown) {
        return nothing(fmt::format("{} is {}", primary->id.str(), to_string(judgement.verdict)));
    }
    return plan_failover(now, *primary);
}

Plan plan_upkeep(const Situation& now) {
    if (!now.leads || now.unfinished) return nothing("");
    if (!now.fact) return plan_adoption(now);
    if (!now.fact->primary) return nothing("");
    const ServerView* primary = find(now.view, *now.fact->primary);
    if (primary == nullptr || !is_alive(*primary)) return nothing("");
    if (const auto other = changed_by_hand(now.view, *primary)) {
        return {.action = Action::adopt,
                .server = *other,
                .replicas = healthy_replicas(now.view, *other),
                .why = fmt::format("{} replicates from {} now", primary->id.str(), other->str())};
    }
    for (const auto& [id, server] : now.view.servers) {
        const bool ours = contains(now.fact->fenced, id) || contains(now.fact->replicas, id) ||
                          (server.replication && server.replication->source == primary->id);
        if (id == primary->id || !is_alive(server) || server.read_only || !ours) continue;
        // Errant transactions or not: two writable primaries are worse than none.
        return {.action = Action::make_read_only,
                .server = id,
                .why = fmt::format("{} takes writes, but {} is the primary", id.str(),
                                   primary->id.str())};
    }
    const auto healthy = with_keepers(now, healthy_replicas(now.view, primary->id));
    if (healthy != now.fact->replicas) {
        return {.action = Action::refresh,
                .server = primary->id,
                .replicas = healthy,
                .why = "healthy replicas: " + names(healthy)};
    }
    if (!now.policy.failover) return nothing("");
    return plan_rejoin(now, *primary, "");
}

}  // namespace evenkeel::topology
