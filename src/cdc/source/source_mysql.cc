#include <fmt/core.h>

#include <cstdlib>

#include "base/text.h"
#include "cdc/source/dump_command.h"
#include "cdc/source/source_dialect.h"

namespace evenkeel::cdc {
namespace {

class MysqlDialect : public SourceDialect {
public:
    Result<> ask_history(sql::Connection& connection, SourceFacts& facts,
                         Deadline deadline) const override;
    Result<BinlogPosition> position_at(sql::Connection& connection, const SourceFacts& facts,
                                       const FilePosition& place, Deadline deadline) const override;
    std::string introduction(const DumpRequest& request) const override;
    Result<std::string> dump_command(const DumpRequest& request) const override;
};

// "8.0.31-debug": {8, 0}
std::pair<int, int> release_of(const std::string& version) {
    const auto parts = split(version, '.');
    const auto number = [&](std::size_t i) {
        return i < parts.size() ? std::atoi(parts[i].c_str()) : 0;
    };
    return {number(0), number(1)};
}

const char* show_binlog_end(const std::string& version) {
    return release_of(version) >= std::pair(8, 2) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

Error no_such_place(const FilePosition& place) {
    return {Errc::invalid,
            fmt::format("its binlog has no place {} (see SHOW BINARY LOGS)", place.str())};
}

Result<> MysqlDialect::ask_history(sql::Connection& connection, SourceFacts& facts,
                                   Deadline deadline) const {
    // In one statement: purged must not be newer than executed.
    EK_TRY(const sql::Table row, connection.query("SELECT @@global.gtid_mode AS mode, "
                                                  "@@server_uuid AS uuid, "
                                                  "@@global.gtid_executed AS executed, "
                                                  "@@global.gtid_purged AS purged",
                                                  deadline));
    BinlogHistory history{.kind = PositionKind::file,
                          .server_uuid = row.text(0, "uuid"),
                          .gtid_mode = row.text(0, "mode")};
    // In the other modes transactions without a name may come.
    if (history.gtid_mode == "ON") {
        const auto executed = parse_gtid_set(row.text(0, "executed"));
        const auto purged = parse_gtid_set(row.text(0, "purged"));
        if (!executed || !purged) {
            return Error{Errc::corrupt, fmt::format("ask for GTIDs: gtid_executed {} is not "
                                                    "understood",
                                                    row.text(0, "executed"))};
        }
        history.kind = PositionKind::mysql_gtid;
        history.executed = *executed;
        history.purged = *purged;
        history.end = *executed;
        facts.history = std::move(history);
        return {};
    }
    EK_TRY(const sql::Table end, connection.query(show_binlog_end(facts.version), deadline));
    history.end = FilePosition{.file = end.text(0, "File"),
                               .offset = parse_number(end.text(0, "Position")).value_or(4),
                               .server_uuid = history.server_uuid};
    facts.history = std::move(history);
    return {};
}

Result<BinlogPosition> MysqlDialect::position_at(sql::Connection& connection,
                                                 const SourceFacts& facts,
                                                 const FilePosition& place,
                                                 Deadline deadline) const {
    EK_TRY(const sql::Table files, connection.query("SHOW BINARY LOGS", deadline));
    for (std::size_t i = 0; i < files.rows.size(); ++i) {
        if (files.text(i, "Log_name") != place.file) continue;
        if (place.offset > parse_number(files.text(i, "File_size")).value_or(0)) break;
        FilePosition found = place;
        found.server_uuid = facts.history.server_uuid;
        return BinlogPosition(std::move(found));
    }
    return no_such_place(place);
}

// Both names of what was renamed in 8.0.26: each server looks at the one that it knows.
std::string MysqlDialect::introduction(const DumpRequest& request) const {
    return fmt::format(
        "SET @master_binlog_checksum = @@global.binlog_checksum, "
        "@source_binlog_checksum = @@global.binlog_checksum, "
        "@master_heartbeat_period = {0}, @source_heartbeat_period = {0}, "
        "@slave_uuid = {1}, @replica_uuid = {1}",
        request.heartbeat_ns, sql::quote(request.uuid));
}

Result<std::string> MysqlDialect::dump_command(const DumpRequest& request) const {
    const FilePosition* place = request.from.file();
    if (place == nullptr && request.kind == PositionKind::file) {
        return dump_by_file({.server_id = request.server_id});
    }
    if (place == nullptr) {
        const GtidSet* set = request.from.mysql();
        return dump_by_gtids(set != nullptr ? *set : GtidSet{}, request.server_id);
    }
    if (place->offset > UINT32_MAX) {
        return Error{Errc::invalid,
                     fmt::format("MySQL cannot be asked for {}, which is behind 4 GiB: start the "
                                 "stream at the next file, or set gtid_mode=ON",
                                 place->str())};
    }
    return dump_by_file({.file = place->file,
                         .offset = static_cast<std::uint32_t>(place->offset),
                         .server_id = request.server_id});
}

}  // namespace

std::unique_ptr<SourceDialect> mysql_dialect() {
    return std::make_unique<MysqlDialect>();
}

}  // namespace evenkeel::cdc
