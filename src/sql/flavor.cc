#include "sql/flavor.h"

#include <fmt/core.h>

namespace evenkeel::sql {

const char* const kServerFacts =
    "SELECT @@GLOBAL.version AS version, @@GLOBAL.server_id AS server_id,"
    " @@GLOBAL.read_only AS read_only, @@GLOBAL.log_bin AS log_bin,"
    " @@GLOBAL.log_slave_updates AS log_updates, @@GLOBAL.binlog_format AS binlog_format,"
    " @@GLOBAL.gtid_current_pos AS applied, @@GLOBAL.gtid_binlog_state AS binlog_state,"
    " @@GLOBAL.gtid_slave_pos AS slave_pos,"
    " @@GLOBAL.rpl_semi_sync_master_enabled AS semi_sync_primary,"
    " @@GLOBAL.rpl_semi_sync_slave_enabled AS semi_sync_replica";
const char* const kServerStatus =
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Uptime', 'Rpl_semi_sync_master_clients')";
const char* const kReplicationStatus = "SHOW ALL SLAVES STATUS";
const char* const kReplicaHosts = "SHOW SLAVE HOSTS";
const char* const kStopReceiving = "STOP SLAVE IO_THREAD";
const char* const kStartReceiving = "START SLAVE IO_THREAD";
const char* const kStopReplication = "STOP SLAVE";
const char* const kStartReplication = "START SLAVE";
const char* const kForgetSource = "RESET SLAVE ALL";
const char* const kShortFarewell = "SET GLOBAL rpl_semi_sync_slave_kill_conn_timeout = 1";
const char* const kShortLockWait = "SET SESSION lock_wait_timeout = 1";
const char* const kWaitingSessions =
    "SELECT id FROM information_schema.processlist"
    " WHERE state LIKE 'Waiting for semi-sync ACK%' AND command NOT LIKE 'Slave%'";

std::string set_read_only(bool on) {
    return fmt::format("SET GLOBAL read_only = {}", on ? 1 : 0);
}

std::string set_semi_sync_primary(bool on) {
    return fmt::format("SET GLOBAL rpl_semi_sync_master_enabled = {}", on ? 1 : 0);
}

std::string set_semi_sync_replica(bool on) {
    return fmt::format("SET GLOBAL rpl_semi_sync_slave_enabled = {}", on ? 1 : 0);
}

std::string set_replication_position(const GtidPosition& position) {
    return fmt::format("SET GLOBAL gtid_slave_pos = {}", quote(position.str()));
}

std::string kill_session(std::string_view id) {
    return fmt::format("KILL CONNECTION {}", id);
}

std::string change_source(const SourceOptions& options) {
    return fmt::format(
        "CHANGE MASTER TO MASTER_HOST = {}, MASTER_PORT = {}, MASTER_USER = {},"
        " MASTER_PASSWORD = {}, MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1,"
        " MASTER_HEARTBEAT_PERIOD = 1",
        quote(options.source.host), options.source.port, quote(options.credentials.user),
        quote(options.credentials.password));
}

std::string wait_applied(const GtidPosition& position, Millis limit) {
    return fmt::format("SELECT MASTER_GTID_WAIT({}, {:.3f}) AS outcome", quote(position.str()),
                       static_cast<double>(limit.count()) / 1000.0);
}

}  // namespace evenkeel::sql
