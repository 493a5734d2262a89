#include "topology/probe.h"

#include "base/text.h"
#include "sql/flavor.h"

namespace evenkeel::topology {
namespace {

// Variables come as 1 or as ON.
bool is_on(const std::string& value) {
    return value == "1" || value == "ON";
}

ThreadState thread_state(const std::string& value) {
    if (value == "Yes") return ThreadState::running;
    if (value == "No") return ThreadState::stopped;
    return ThreadState::connecting;  // "Connecting", "Preparing"
}

Replication replication_in(const sql::Table& status, std::size_t row) {
    Replication replication;
    replication.source.host = status.text(row, "Master_Host");
    replication.source.port =
        static_cast<std::uint16_t>(parse_number(status.text(row, "Master_Port")).value_or(3306));
    replication.io = thread_state(status.text(row, "Slave_IO_Running"));
    replication.sql = thread_state(status.text(row, "Slave_SQL_Running"));
    replication.io_error = status.text(row, "Last_IO_Error");
    replication.sql_error = status.text(row, "Last_SQL_Error");
    replication.lag_s = parse_number(status.text(row, "Seconds_Behind_Master"));
    replication.uses_gtid = status.text(row, "Using_Gtid") != "No";
    replication.received =
        parse_gtid_position(status.text(row, "Gtid_IO_Pos")).value_or(GtidPosition{});
    return replication;
}

void add_facts(const sql::Table& facts, ServerView& view) {
    view.version = facts.text(0, "version");
    view.server_id =
        static_cast<std::uint32_t>(parse_number(facts.text(0, "server_id")).value_or(0));
    view.read_only = is_on(facts.text(0, "read_only"));
    view.log_bin = is_on(facts.text(0, "log_bin"));
    view.log_replica_updates = is_on(facts.text(0, "log_updates"));
    view.binlog_format = facts.text(0, "binlog_format");
    view.applied = parse_gtid_position(facts.text(0, "applied")).value_or(GtidPosition{});
    view.binlog_state = parse_gtid_state(facts.text(0, "binlog_state")).value_or(GtidState{});
    view.semi_sync_primary = is_on(facts.text(0, "semi_sync_primary"));
    view.semi_sync_replica = is_on(facts.text(0, "semi_sync_replica"));
}

void add_status(const sql::Table& status, ServerView& view) {
    for (std::size_t row = 0; row < status.rows.size(); ++row) {
        const auto value = parse_number(status.text(row, "Value")).value_or(0);
        if (status.text(row, "Variable_name") == "Uptime") {
            view.uptime_s = value;
        } else {
            view.semi_sync_clients = value;
        }
    }
}

}  // namespace

std::optional<Replication> replication_from(const sql::Table& status) {
    for (std::size_t row = 0; row < status.rows.size(); ++row) {
        // A connection that was reset keeps a row without a source until it is forgotten.
        if (!status.text(row, "Master_Host").empty()) return replication_in(status, row);
    }
    return {};
}

Result<ServerView> probe(sql::Connection& connection, const ServerId& server, Deadline deadline) {
    ServerView view{.id = server};
    EK_TRY(const sql::Table facts, connection.query(sql::kServerFacts, deadline));
    add_facts(facts, view);
    EK_TRY(const sql::Table replication, connection.query(sql::kReplicationStatus, deadline));
    view.replication = replication_from(replication);
    EK_TRY(const sql::Table status, connection.query(sql::kServerStatus, deadline));
    add_status(status, view);
    EK_TRY(const sql::Table hosts, connection.query(sql::kReplicaHosts, deadline));
    for (std::size_t row = 0; row < hosts.rows.size(); ++row) {
        const auto port = parse_number(hosts.text(row, "Port")).value_or(0);
        const std::string host = hosts.text(row, "Host");
        // Without report_host a replica is found by its own word only: as a seed.
        if (!host.empty() && port != 0) {
            view.replicas.push_back({host, static_cast<std::uint16_t>(port)});
        }
    }
    return view;
}

}  // namespace evenkeel::topology
