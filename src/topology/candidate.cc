#include "topology/candidate.h"

#include <fmt/core.h>

namespace evenkeel::topology {
namespace {

// Empty when it can be promoted.
std::string obstacle(const Contender& contender) {
    if (!contender.log_bin) return "its binary log is off";
    if (!contender.log_replica_updates) return "log_slave_updates is off";
    if (!contender.applies) return "it does not apply what it received";
    return {};
}

bool is_better(const Contender& one, const Contender& other) {
    const bool reaches = one.received.reaches(other.received);
    const bool reached = other.received.reaches(one.received);
    if (reaches != reached) return reaches;
    // Neither has all of the other's domains: the larger sum is a guess, but the same everywhere.
    if (!reaches && one.received.weight() != other.received.weight()) {
        return one.received.weight() > other.received.weight();
    }
    if (one.applied.weight() != other.applied.weight()) {
        return one.applied.weight() > other.applied.weight();
    }
    return one.id < other.id;
}

}  // namespace

Contender contender(const ServerView& server) {
    Contender result{.id = server.id,
                     .log_bin = server.log_bin,
                     .log_replica_updates = server.log_replica_updates,
                     .semi_sync = server.semi_sync_replica,
                     .applied = server.applied};
    result.received = server.applied;
    if (server.replication) {
        // Empty until the first connection after a start: then what it applied is what it has.
        for (const auto& [domain, gtid] : server.replication->received.domains()) {
            const Gtid* have = result.received.find(domain);
            if (have == nullptr || have->sequence < gtid.sequence) result.received.set(gtid);
        }
        result.applies = server.replication->sql == ThreadState::running ||
                         result.applied.reaches(result.received);
    }
    return result;
}

bool is_eligible(const ServerView& server) {
    return server.health == Health::alive && obstacle(contender(server)).empty();
}

Result<Choice> pick_candidate(const std::vector<Contender>& contenders) {
    const Contender* best = nullptr;
    std::string obstacles;
    for (const Contender& contender : contenders) {
        const std::string why_not = obstacle(contender);
        if (!why_not.empty()) {
            obstacles +=
                fmt::format("{}{}: {}", obstacles.empty() ? "" : "; ", contender.id.str(), why_not);
        } else if (best == nullptr || is_better(contender, *best)) {
            best = &contender;
        }
    }
    if (best == nullptr) {
        return Error{
            Errc::unavailable,
            "pick candidate: " + (obstacles.empty() ? "no replica can be reached" : obstacles)};
    }
    for (const Contender& other : contenders) {
        if (other.semi_sync && !best->received.reaches(other.received)) {
            return Error{Errc::unavailable,
                         fmt::format("pick candidate: {} received {}, but {}; promoting {} at {} "
                                     "would lose acknowledged transactions: repair {}",
                                     other.id.str(), other.received.str(),
                                     obstacle(other).empty() ? "not all of the others' domains"
                                                             : obstacle(other),
                                     best->id.str(), best->received.str(), other.id.str())};
        }
    }
    return Choice{
        best->id, best->received,
        fmt::format("{} has received the most ({})", best->id.str(), best->received.str())};
}

}  // namespace evenkeel::topology
