#include "lab/mariadb_topology.h"

#include <fmt/core.h>
#include <signal.h>

#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::lab {
namespace {

Result<> open_for_writes(const Server& primary, bool semi_sync, Deadline deadline) {
    std::vector<std::string> statements;
    // Set while it runs, not by an option: a primary that comes back has to come back as a replica.
    if (semi_sync) statements.emplace_back("SET GLOBAL rpl_semi_sync_master_enabled = 1");
    statements.emplace_back("SET GLOBAL read_only = 0");
    EK_TRY([[maybe_unused]] const auto table, primary.query(statements, deadline));
    return {};
}

}  // namespace

Result<> follow(const Server& replica, const Server& primary, Deadline deadline) {
    const sql::Credentials& who = replica.accounts().replication;
    // The words that MySQL has instead of master and slave since 8.0.23, and no others since 8.4.
    const bool mysql = replica.installation().mysql();
    const bool renamed =
        mysql && replica.installation().version.find("Ver 5.") == std::string::npos;
    const std::string source = renamed ? "SOURCE" : "MASTER";
    const std::string gtid =
        !mysql ? "MASTER_USE_GTID = slave_pos, MASTER_SSL_VERIFY_SERVER_CERT = 0"
               : source + "_AUTO_POSITION = 1" + (renamed ? ", GET_SOURCE_PUBLIC_KEY = 1" : "");
    const std::string change = fmt::format(
        "CHANGE {} TO {s}_HOST = {}, {s}_PORT = {}, {s}_USER = {}, {s}_PASSWORD = {}, {}, "
        "{s}_CONNECT_RETRY = 1, {s}_HEARTBEAT_PERIOD = 1",
        renamed ? "REPLICATION SOURCE" : "MASTER", sql::quote(primary.id().host), primary.id().port,
        sql::quote(who.user), sql::quote(who.password), gtid, fmt::arg("s", source));
    const std::string threads = renamed ? "REPLICA" : "SLAVE";
    EK_TRY([[maybe_unused]] const auto table,
           replica.query({"STOP " + threads, change, "START " + threads}, deadline));
    return {};
}

Result<> wait_replicating(const Server& replica, Deadline deadline) {
    io::StopToken pause;
    while (true) {
        EK_TRY(const auto status, replica.query({"SHOW SLAVE STATUS"}, deadline));
        const std::string io_thread = status.text(0, "Slave_IO_Running");
        const std::string sql_thread = status.text(0, "Slave_SQL_Running");
        if (io_thread == "Yes" && sql_thread == "Yes") return {};
        if (deadline.passed(io::now())) {
            return Error{
                Errc::timed_out,
                fmt::format("wait for {} to replicate: receives: {}, applies: {}: {}{}",
                            replica.config().name, io_thread, sql_thread,
                            status.text(0, "Last_IO_Error"), status.text(0, "Last_SQL_Error"))};
        }
        pause.wait_for(Millis(20));
    }
}

Result<MariadbTopology> MariadbTopology::start(const TopologyConfig& config, Deadline deadline) {
    MariadbTopology topology;
    topology.config_ = config;
    for (int number = 1; number <= config.replicas + 1; ++number) {
        EK_TRY(auto server, Server::create({.name = fmt::format("db{}", number),
                                            .folder = config.folder,
                                            .server_id = static_cast<std::uint32_t>(number),
                                            .options = config.options},
                                           deadline));
        // All start before the first is waited for.
        EK_TRY_VOID(server.start());
        topology.servers_.push_back(std::move(server));
    }
    for (Server& server : topology.servers_) EK_TRY_VOID(server.wait_ready(deadline));
    const Server& primary = topology.servers_.front();
    for (std::size_t i = 1; i < topology.size(); ++i) {
        EK_TRY_VOID(follow(topology.servers_[i], primary, deadline));
    }
    for (std::size_t i = 1; i < topology.size(); ++i) {
        EK_TRY_VOID(wait_replicating(topology.servers_[i], deadline));
    }
    EK_TRY_VOID(open_for_writes(primary, config.semi_sync, deadline));
    return topology;
}

Server* MariadbTopology::find(const ServerId& id) {
    for (Server& server : servers_) {
        if (server.id() == id) return &server;
    }
    return nullptr;
}

void MariadbTopology::stop(Millis grace) {
    for (Server& server : servers_) server.terminate();
    const Deadline deadline = io::within(grace);
    for (Server& server : servers_) server.stop(deadline.left(io::now()));
}

}  // namespace evenkeel::lab
