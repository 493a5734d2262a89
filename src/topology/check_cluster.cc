#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"
#include "io/clock.h"
#include "sql/connection.h"
#include "topology/probe.h"
#include "topology/service.h"

namespace evenkeel::topology {
namespace {

// What our account needs, and for what (docs/reference/privileges.md).
struct Privilege {
    std::string_view name;
    std::string_view use;
};
constexpr std::array<Privilege, 7> kPrivileges{{
    {"SLAVE MONITOR", "to see replication"},
    {"REPLICATION MASTER ADMIN", "to list replicas and to switch semi-sync"},
    {"REPLICATION SLAVE ADMIN", "to stop, re-point and start replicas"},
    {"READ_ONLY ADMIN", "to open and to fence a primary"},
    {"RELOAD", "to let a new primary forget its source"},
    {"PROCESS", "to see who waits on a primary that is to be fenced"},
    {"CONNECTION ADMIN", "to end them"},
}};

// The names that older servers and SHOW GRANTS use for the same.
bool grants(const std::string& text, std::string_view privilege) {
    if (text.find("ALL PRIVILEGES ON *.*") != std::string::npos) return true;
    for (std::string part : split(text.substr(0, text.find(" ON *.*")), ',')) {
        if (part.starts_with("GRANT ")) part.erase(0, 6);
        if (trim(part) == privilege) return true;
        if (privilege == "SLAVE MONITOR" && trim(part) == "REPLICA MONITOR") return true;
        if (privilege == "REPLICATION SLAVE ADMIN" && trim(part) == "REPLICATION REPLICA ADMIN") {
            return true;
        }
    }
    return false;
}

std::string missing_privileges(const sql::Table& table) {
    std::string missing;
    std::string uses;
    for (const Privilege& privilege : kPrivileges) {
        const bool granted =
            std::any_of(table.rows.begin(), table.rows.end(), [&](const auto& row) {
                const std::string line = row.empty() ? "" : row[0].value_or("");
                return line.find(" ON *.*") != std::string::npos && grants(line, privilege.name);
            });
        if (granted) continue;
        missing += fmt::format("{}{}", missing.empty() ? "" : ", ", privilege.name);
        uses += fmt::format("{}{}", uses.empty() ? "" : ", ", privilege.use);
    }
    if (missing.empty()) return {};
    return missing + " (" + uses + ")";
}

void check_server(const ServerView& server, std::vector<std::string>& problems) {
    const std::string name = server.id.str();
    if (!server.log_bin) {
        problems.push_back(name + ": the binary log is off: set log_bin and restart the server");
    } else {
        if (server.binlog_format != "ROW") {
            problems.push_back(
                fmt::format("{}: binlog_format is {}: set it to ROW", name, server.binlog_format));
        }
        if (!server.log_replica_updates) {
            problems.push_back(name +
                               ": log_slave_updates is off, so it cannot be promoted: set "
                               "it to 1 and restart the server");
        }
    }
    if (server.replication && !server.replication->uses_gtid) {
        problems.push_back(name +
                           ": it replicates by file and position: STOP SLAVE; CHANGE MASTER "
                           "TO MASTER_USE_GTID = slave_pos; START SLAVE");
    }
}

void check_seed(const ServerId& seed, const ClusterConfig& config,
                std::vector<std::string>& problems) {
    const Deadline deadline = io::within(std::max(config.probe_limit, Millis(3000)));
    auto connection = sql::Connection::open(seed, config.credentials, deadline);
    if (!connection) {
        problems.push_back(connection.error().what);
        return;
    }
    const auto shown = connection->query("SHOW GRANTS", deadline);
    if (shown) {
        const std::string missing = missing_privileges(*shown);
        if (!missing.empty()) {
            problems.push_back(fmt::format("{}: user '{}' lacks {}: GRANT {} ON *.* TO {}",
                                           seed.str(), config.credentials.user, missing,
                                           missing.substr(0, missing.find(" (")),
                                           sql::quote(config.credentials.user)));
            return;
        }
    }
    const auto server = probe(*connection, seed, deadline);
    if (!server) {
        problems.push_back(server.error().what);
        return;
    }
    check_server(*server, problems);
}

}  // namespace

std::vector<std::string> check_cluster(const ClusterConfig& config) {
    std::vector<std::string> problems;
    if (config.seeds.empty()) {
        problems.push_back(fmt::format("cluster {}: no seed server is given", config.name));
    }
    for (const ServerId& seed : config.seeds) check_seed(seed, config, problems);
    return problems;
}

}  // namespace evenkeel::topology
