#include <fmt/core.h>

#include "cdc/source/dump_command.h"
#include "cdc/source/source_dialect.h"

namespace evenkeel::cdc {
namespace {

class MariadbDialect : public SourceDialect {
public:
    Result<> ask_history(sql::Connection& connection, SourceFacts& facts,
                         Deadline deadline) const override;
    Result<BinlogPosition> position_at(sql::Connection& connection, const SourceFacts& facts,
                                       const FilePosition& place, Deadline deadline) const override;
    std::string introduction(const DumpRequest& request) const override;
    Result<std::string> dump_command(const DumpRequest& request) const override;
};

Result<> MariadbDialect::ask_history(sql::Connection& connection, SourceFacts& facts,
                                     Deadline deadline) const {
    EK_TRY(const sql::Table row, connection.query("SELECT @@global.gtid_binlog_state AS state, "
                                                  "@@global.gtid_binlog_pos AS binlog_end",
                                                  deadline));
    const auto state = parse_gtid_state(row.text(0, "state"));
    const auto end = parse_gtid_position(row.text(0, "binlog_end"));
    if (!state || !end) {
        return Error{Errc::corrupt, fmt::format("ask for GTIDs: gtid_binlog_state {} is not "
                                                "understood",
                                                row.text(0, "state"))};
    }
    facts.history = {.kind = PositionKind::mariadb_gtid, .state = *state, .end = *end};
    return {};
}

Result<BinlogPosition> MariadbDialect::position_at(sql::Connection& connection, const SourceFacts&,
                                                   const FilePosition& place,
                                                   Deadline deadline) const {
    EK_TRY(const sql::Table row,
           connection.query(fmt::format("SELECT BINLOG_GTID_POS({}, {}) AS position",
                                        sql::quote(place.file), place.offset),
                            deadline));
    const auto text = row.get(0, "position");
    const auto position = text ? parse_gtid_position(*text) : std::nullopt;
    if (position) return BinlogPosition(*position);
    return Error{Errc::invalid,
                 fmt::format("its binlog has no place {} (see SHOW BINARY LOGS)", place.str())};
}

std::string MariadbDialect::introduction(const DumpRequest& request) const {
    return fmt::format(
        "SET @master_binlog_checksum = @@global.binlog_checksum, @mariadb_slave_capability = 4, "
        "@slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0, "
        "@master_heartbeat_period = {}, @slave_connect_state = {}",
        request.heartbeat_ns, sql::quote(request.from.str()));
}

// With a GTID position set, file and offset mean nothing.
Result<std::string> MariadbDialect::dump_command(const DumpRequest& request) const {
    return dump_by_file({.flags = request.row_query ? kSendAnnotateRows : std::uint16_t{0},
                         .server_id = request.server_id});
}

}  // namespace

std::unique_ptr<SourceDialect> mariadb_dialect() {
    return std::make_unique<MariadbDialect>();
}

}  // namespace evenkeel::cdc
