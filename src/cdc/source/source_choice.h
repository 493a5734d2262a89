// Where a stream reads, and whether a server is fit to go on from a position. Pure.
//
// `automatic` prefers a replica (docs/adr/0003-streams-read-from-replicas.md): a primary hands rows
// to its binlog's readers before a replica has them, so what was read from a primary that dies may
// never have existed for its successor. A replica's binlog holds only what it received, and a
// failover promotes the replica that received the most.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/instant.h"
#include "cdc/config.h"
#include "cdc/source/source_facts.h"
#include "model/cluster_fact.h"

namespace evenkeel::cdc {

struct SourceSituation {
    ClusterFact fact{};
    std::optional<ServerId> current{};  // Reads from there now.
    Millis on_current{0};               // For so long.
    std::set<ServerId> failed{};        // Tried in vain lately.
    SourcePreference preference = SourcePreference::automatic;
};

struct SourceChoice {
    std::optional<ServerId> server{};  // Nothing: wait for another fact.
    bool is_primary = false;
    std::string why{};  // A sentence for log, report and tests.
};

// A stream that had to fall back on the primary stays there at least this long.
inline constexpr Millis kPrimaryStay{5000};

SourceChoice choose_source(const SourceSituation& situation);

enum class Fitness {
    ready,      // Its binlog has the position: go on there.
    wait,       // It lacks transactions that it may still receive.
    elsewhere,  // It has waited long enough: try another server.
    diverged,   // It is the primary and lacks what was published: a person has to decide.
    unusable,   // It can never go on from there, another server may: its binlogs were purged, or
                // positions mean something else on it.
};

struct FitnessVerdict {
    Fitness fitness = Fitness::ready;
    std::string why{};
};

// Where a stream is.
struct StreamPlace {
    BinlogPosition published{};  // All rows up to here are in the sink.
    BinlogPosition read_from{};  // What lies behind here is needed from the server: published, or
                                 // before it for the sake of prepared XA transactions.

    bool operator==(const StreamPlace&) const = default;
};

// `patience_over`: it lacked something for as long as one should wait.
FitnessVerdict fitness_of(const StreamPlace& place, const BinlogHistory& history, bool is_primary,
                          bool patience_over);

}  // namespace evenkeel::cdc
