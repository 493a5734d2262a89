#include "cdc/source/source_checks.h"

#include <fmt/core.h>

#include "base/text.h"

namespace evenkeel::cdc {
namespace {

std::string value_of(const ServerVariables& variables, const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
}

bool is_on(const std::string& value) {
    return value == "ON" || value == "1";
}

}  // namespace

const std::vector<std::string>& wanted_variables() {
    static const std::vector<std::string> names = {
        "version",           "server_id",           "log_bin",
        "binlog_format",     "binlog_checksum",     "binlog_row_image",
        "log_slave_updates", "log_replica_updates", "binlog_row_metadata",
        "gtid_binlog_state", "server_uuid"};
    return names;
}

bool is_mariadb(const ServerVariables& variables) {
    return variables.contains("gtid_binlog_state");
}

SourceFacts facts_from(const ServerVariables& variables) {
    return {.version = value_of(variables, "version"),
            .server_id = static_cast<std::uint32_t>(
                parse_number(value_of(variables, "server_id")).value_or(0)),
            .checksums = value_of(variables, "binlog_checksum") == "CRC32",
            .logs_replicated = is_on(value_of(variables, "log_replica_updates")) ||
                               is_on(value_of(variables, "log_slave_updates")),
            .row_image = value_of(variables, "binlog_row_image"),
            .row_metadata = value_of(variables, "binlog_row_metadata")};
}

Result<> check_settings(const ServerVariables& variables) {
    if (!is_mariadb(variables) && !variables.contains("server_uuid")) {
        return Error{Errc::invalid,
                     fmt::format("its version is {}: a stream reads from MariaDB 10.3 and MySQL "
                                 "5.7 or later",
                                 value_of(variables, "version"))};
    }
    if (!is_on(value_of(variables, "log_bin"))) {
        return Error{Errc::invalid, "log_bin is off there: set log_bin and restart the server"};
    }
    const std::string format = value_of(variables, "binlog_format");
    if (!format.empty() && format != "ROW") {
        return Error{Errc::invalid,
                     fmt::format("binlog_format is {} there: SET GLOBAL binlog_format=ROW, also in "
                                 "its configuration file, and reconnect the clients",
                                 format)};
    }
    return {};
}

std::vector<std::string> warnings_of(const SourceFacts& facts) {
    std::vector<std::string> warnings;
    if (facts.row_image != "FULL") {
        warnings.push_back(fmt::format(
            "binlog_row_image is {}: columns that a statement did not touch are missing in its "
            "rows; FULL has them all",
            facts.row_image));
    }
    constexpr const char* kNames =
        "column names come from the DDL that the stream follows, and it has to stop at tables "
        "whose "
        "DDL it does not understand";
    if (facts.row_metadata.empty()) {
        warnings.push_back(fmt::format("it does not know binlog_row_metadata: {}", kNames));
    } else if (facts.row_metadata != "FULL") {
        warnings.push_back(
            fmt::format("binlog_row_metadata is {}: {}; FULL puts them into the "
                        "binlog",
                        facts.row_metadata, kNames));
    }
    if (facts.history.kind == PositionKind::file) {
        warnings.push_back(fmt::format(
            "gtid_mode is {}: the stream's place is a file and an offset of this server, so it "
            "cannot follow a failover; gtid_mode=ON lets it",
            facts.history.gtid_mode));
    }
    return warnings;
}

}  // namespace evenkeel::cdc
