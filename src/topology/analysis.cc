#include "topology/analysis.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace evenkeel::topology {
namespace {

bool contains(const std::vector<ServerId>& servers, const ServerId& id) {
    return std::find(servers.begin(), servers.end(), id) != servers.end();
}

struct ReplicaCounts {
    std::size_t all = 0;
    std::size_t alive = 0;
    std::size_t receiving = 0;
    std::string witness{};  // One that still receives.
};

ReplicaCounts count(const std::vector<const ServerView*>& replicas) {
    ReplicaCounts counts{.all = replicas.size()};
    for (const ServerView* replica : replicas) {
        if (!is_alive(*replica)) continue;
        ++counts.alive;
        if (!is_receiving(*replica)) continue;
        ++counts.receiving;
        counts.witness = replica->id.str();
    }
    return counts;
}

Finding dead_primary(const ServerView& primary, const ReplicaCounts& counts) {
    const std::string state = fmt::format("{}: {}", primary.id.str(), primary.reason);
    if (counts.all == 0) {
        return {"dead_primary_without_replicas", primary.id,
                state + "; there is no replica to promote: repair it and start it", false};
    }
    if (counts.alive == 0) {
        return {"dead_primary_and_replicas", primary.id,
                state + "; no replica answers either: is it this node that is cut off?", false};
    }
    if (counts.receiving > 0) {
        const bool silent = primary.health == Health::silent;
        return {silent ? "silent_primary" : "unreachable_primary", primary.id,
                fmt::format("{}; but {} still receives from it", state, counts.witness), false};
    }
    if (counts.alive < counts.all) {
        return {"dead_primary_and_some_replicas", primary.id,
                fmt::format("{}; {} of {} replicas answer, none receives", state, counts.alive,
                            counts.all),
                true};
    }
    return {"dead_primary", primary.id, state + "; no replica receives from it", true};
}

// What stands in the way of promoting a replica or of following the stream.
std::string missing_for_failover(const ServerView& server) {
    if (!server.log_bin) return "its binary log is off: set log_bin and restart it";
    if (!server.log_replica_updates) return "set log_slave_updates = 1 and restart it";
    if (server.binlog_format != "ROW") {
        return fmt::format("binlog_format is {}: set it to ROW", server.binlog_format);
    }
    if (server.replication && !server.replication->uses_gtid) {
        return "it replicates by file and position: CHANGE MASTER TO MASTER_USE_GTID = slave_pos";
    }
    return {};
}

Finding stopped_replica(const ServerView& replica) {
    const Replication& replication = *replica.replication;
    std::string why = replication.sql_error;
    if (why.empty()) why = replication.io_error;
    if (why.empty()) why = "its replication threads do not run: START SLAVE";
    return {"replica_not_replicating", replica.id, fmt::format("{}: {}", replica.id.str(), why),
            false};
}

void add_replica_findings(const ServerView& primary, const std::vector<const ServerView*>& replicas,
                          std::vector<Finding>& findings) {
    const ReplicaCounts counts = count(replicas);
    if (is_alive(primary) && counts.alive > 0 && counts.receiving == 0) {
        findings.push_back({"all_replicas_not_replicating", primary.id,
                            "no replica receives from " + primary.id.str(), false});
    }
    for (const ServerView* replica : replicas) {
        const std::string name = replica->id.str();
        if (replica->health == Health::denied) {
            findings.push_back({"access_denied", replica->id, replica->reason, false});
        } else if (!is_alive(*replica)) {
            findings.push_back({"dead_replica", replica->id, name + ": " + replica->reason, false});
            continue;
        }
        if (is_alive(primary) && is_alive(*replica) && !is_replicating(*replica)) {
            findings.push_back(stopped_replica(*replica));
        }
        if (!replica->read_only) {
            findings.push_back({"replica_writable", replica->id,
                                name + " takes writes: SET GLOBAL read_only = 1", true});
        }
        const std::string errant = errant_transactions(*replica, primary);
        if (!errant.empty()) {
            findings.push_back(
                {"errant_transactions", replica->id,
                 fmt::format("{} has {}, which {} lacks", name, errant, primary.id.str()), false});
        }
    }
}

void add_fenced_findings(const TopologyView& view, const ClusterFact& fact,
                         std::vector<Finding>& findings) {
    for (const ServerId& id : fact.fenced) {
        const ServerView* server = find(view, id);
        const ServerView* primary = fact.primary ? find(view, *fact.primary) : nullptr;
        std::string errant;
        if (server != nullptr && is_alive(*server) && primary != nullptr) {
            errant = errant_transactions(*server, *primary);
        }
        if (!errant.empty()) {
            findings.push_back(
                {"errant_transactions", id,
                 fmt::format(
                     "{} is a former primary with {}, which {} lacks: save what you need of "
                     "it (mariadb-binlog), then make it anew from a backup",
                     id.str(), errant, primary->id.str()),
                 false});
        } else {
            findings.push_back(
                {"fenced_primary", id,
                 fmt::format(
                     "{} is a former primary and not rejoined yet: {}", id.str(),
                     server != nullptr && !server->reason.empty() ? server->reason : "waiting"),
                 server != nullptr && is_alive(*server)});
        }
    }
}

void add_support_findings(const TopologyView& view, std::vector<Finding>& findings) {
    for (const auto& [id, server] : view.servers) {
        if (!is_alive(server)) continue;
        const std::string missing = missing_for_failover(server);
        if (!missing.empty()) {
            findings.push_back({"no_failover_support", id, id.str() + ": " + missing, false});
        }
    }
}

}  // namespace

const char* to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::unknown: return "unknown";
        case Verdict::alive: return "alive";
        case Verdict::silent: return "silent";
        case Verdict::dead: return "dead";
    }
    return "?";
}

const ServerView* find(const TopologyView& view, const ServerId& id) {
    const auto it = view.servers.find(id);
    return it == view.servers.end() ? nullptr : &it->second;
}

bool is_alive(const ServerView& server) {
    return server.health == Health::alive;
}

bool is_receiving(const ServerView& server) {
    return is_alive(server) && server.replication && server.replication->io == ThreadState::running;
}

bool is_replicating(const ServerView& server) {
    return is_receiving(server) && server.replication->sql == ThreadState::running;
}

std::vector<const ServerView*> replicas_of(const TopologyView& view, const ServerId& primary) {
    std::vector<const ServerView*> replicas;
    for (const auto& [id, server] : view.servers) {
        if (server.replication && server.replication->source == primary)
            replicas.push_back(&server);
    }
    return replicas;
}

Judgement judge(const TopologyView& view, const ServerId& primary) {
    const ServerView* server = find(view, primary);
    if (server == nullptr) return {Verdict::unknown, "not seen yet"};
    switch (server->health) {
        case Health::unknown: return {Verdict::unknown, "not reached yet"};
        case Health::alive: return {Verdict::alive, ""};
        // It refuses us, so it lives.
        case Health::denied: return {Verdict::alive, server->reason};
        case Health::silent: return {Verdict::silent, server->reason};
        case Health::gone: return {Verdict::dead, server->reason};
    }
    return {};
}

std::optional<ServerId> find_root(const TopologyView& view) {
    std::optional<ServerId> root;
    for (const auto& [id, server] : view.servers) {
        if (server.replication || server.probed_at == Instant{}) continue;
        if (server.read_only && replicas_of(view, id).empty() && view.servers.size() > 1) continue;
        if (root) return {};
        root = id;
    }
    return root;
}

std::string errant_transactions(const ServerView& server, const ServerView& primary) {
    GtidState known = primary.binlog_state;
    for (const auto& [domain, gtid] : primary.applied.domains()) {
        if (!known.contains(gtid)) known.set(gtid);
        known.set({domain, primary.server_id, UINT64_MAX});
    }
    for (const auto& [domain, gtid] : server.applied.domains()) {
        known.set({domain, primary.server_id, UINT64_MAX});
    }
    return server.binlog_state.missing_in(known);
}

std::vector<Finding> analyse(const TopologyView& view, const std::optional<ClusterFact>& fact) {
    std::vector<Finding> findings;
    const auto primary_id = fact && fact->primary ? fact->primary : find_root(view);
    const ServerView* primary = primary_id ? find(view, *primary_id) : nullptr;
    if (primary == nullptr) {
        findings.push_back(
            {"no_primary", {}, "no server of the cluster is known as its primary", false});
    } else {
        const auto replicas = replicas_of(view, primary->id);
        if (primary->health == Health::gone || primary->health == Health::silent) {
            findings.push_back(dead_primary(*primary, count(replicas)));
        } else if (primary->health == Health::denied) {
            findings.push_back({"access_denied", primary->id, primary->reason, false});
        } else if (is_alive(*primary)) {
            if (primary->read_only) {
                findings.push_back({"primary_read_only", primary->id,
                                    primary->id.str() + " refuses writes: SET GLOBAL read_only = 0",
                                    false});
            }
            if (replicas.empty()) {
                findings.push_back({"primary_without_replicas", primary->id,
                                    primary->id.str() + " has no replica to fail over to", false});
            }
        }
        for (const auto& [id, other] : view.servers) {
            const bool rival =
                id != primary->id && is_alive(other) && !other.replication && !other.read_only;
            if (rival && !(fact && contains(fact->fenced, id))) {
                findings.push_back(
                    {"two_primaries", id,
                     fmt::format("{} takes writes beside {}", id.str(), primary->id.str()), false});
            }
        }
        add_replica_findings(*primary, replicas, findings);
    }
    if (fact) add_fenced_findings(view, *fact, findings);
    add_support_findings(view, findings);
    return findings;
}

}  // namespace evenkeel::topology
