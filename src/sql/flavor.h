// The statements that differ between servers, in one place. Today: MariaDB 10.11 and later.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.h"
#include "model/gtid.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::sql {

// One row with a column for each fact of a server (discovery reads them by these names): version,
// server_id, read_only, log_bin, log_updates, binlog_format, applied, binlog_state, slave_pos,
// semi_sync_primary, semi_sync_replica.
extern const char* const kServerFacts;
extern const char* const kServerStatus;  // Uptime and semi-sync clients, as Variable_name, Value.
extern const char* const kReplicationStatus;  // A row per source; columns as the server names them.
extern const char* const kReplicaHosts;       // Host, Port of connected replicas.
extern const char* const kStopReceiving;
extern const char* const kStartReceiving;
extern const char* const kStopReplication;
extern const char* const kStartReplication;
extern const char* const kForgetSource;  // Not a replica any more.
// How long a replica that stops receiving from a hung primary tries to tell it so, in seconds; the
// server's default costs a failover two of them.
extern const char* const kShortFarewell;
// For a statement that must not wait for others' locks for long.
extern const char* const kShortLockWait;
// Sessions that wait for a replica's acknowledgement, one id a row.
extern const char* const kWaitingSessions;

std::string set_read_only(bool on);
// As primary: commits wait for a replica. As replica: it acknowledges.
std::string set_semi_sync_primary(bool on);
std::string set_semi_sync_replica(bool on);
std::string set_replication_position(const GtidPosition& position);
std::string kill_session(std::string_view id);

struct SourceOptions {
    ServerId source{};
    Credentials credentials{};
};
// By GTID, from where the replica is. Retries and heartbeats every second: both are how soon a
// replica can be a witness.
std::string change_source(const SourceOptions& options);

// A statement whose one cell is 0 when `position` was applied and -1 when `limit` passed first.
std::string wait_applied(const GtidPosition& position, Millis limit);

}  // namespace evenkeel::sql
