// What one node sees of a replication cluster. Plain values: discovery fills it, analysis reads it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/gtid.h"
#include "model/server_id.h"

namespace evenkeel::topology {

// How a server answers right now, from its last probe and its idle connection.
enum class Health {
    unknown,  // Never reached yet.
    alive,    // Answered its last probe and its heartbeats.
    silent,   // Connected, but heartbeats or the probe stay unanswered: hung or cut off.
    gone,     // Connection ended and a new one is refused: the process is dead.
    denied,   // It answers, but not to our account.
};

enum class ThreadState { none, stopped, connecting, running };

// SHOW SLAVE STATUS of one replica, as far as decisions need it.
struct Replication {
    ServerId source{};
    ThreadState io = ThreadState::none;
    ThreadState sql = ThreadState::none;
    std::string io_error{};
    std::string sql_error{};
    std::optional<std::uint64_t> lag_s{};
    bool uses_gtid = false;
    GtidPosition received{};  // Gtid_IO_Pos.
};

struct ServerView {
    ServerId id{};
    Health health = Health::unknown;
    std::string reason{};  // Of a health other than alive: "connection refused".
    std::string version{};
    std::uint32_t server_id = 0;  // @@server_id, not to be mistaken for `id`.
    bool read_only = true;
    bool log_bin = false;
    bool log_replica_updates = false;
    std::string binlog_format{};
    std::uint64_t uptime_s = 0;
    GtidPosition applied{};          // @@gtid_current_pos.
    GtidState binlog_state{};        // @@gtid_binlog_state.
    bool semi_sync_primary = false;  // rpl_semi_sync_master_enabled
    bool semi_sync_replica = false;  // rpl_semi_sync_slave_enabled
    std::uint64_t semi_sync_clients = 0;
    std::optional<Replication> replication{};  // Nothing: it is not set up as a replica.
    std::vector<ServerId> replicas{};  // Connected ones, by the server's own list of replica hosts
                                       // and by what the replicas themselves say.
    bool may_keep = false;  // Lost, and nobody else is known to have what it acknowledged last.
    Instant probed_at{};    // End of the last successful probe.
};

struct TopologyView {
    std::string cluster{};
    Instant at{};
    std::map<ServerId, ServerView> servers{};
};

}  // namespace evenkeel::topology
