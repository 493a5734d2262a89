#include "cdc/bootstrap/watermark.h"

#include <fmt/core.h>

#include "base/text.h"
#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kLookAgain{1};

Result<FilePosition> binlog_end(sql::Connection& connection, Deadline deadline) {
    auto row = connection.query("SHOW MASTER STATUS", deadline);
    if (!row && row.error().code == Errc::denied) {
        return Error{
            Errc::denied,
            row.error().what +
                ": a bootstrap has to know the end of the binlog: GRANT REPLICATION CLIENT "
                "(MariaDB: BINLOG MONITOR) to the stream's account"};
    }
    if (!row) return row.error();
    return FilePosition{.file = row->text(0, "File"),
                        .offset = parse_number(row->text(0, "Position")).value_or(0)};
}

// Up to where transactions are committed in their engines; inside a consistent snapshot: where
// that is.
Result<FilePosition> committed_place(sql::Connection& connection, Deadline deadline) {
    EK_TRY(const sql::Table rows,
           connection.query("SHOW STATUS LIKE 'binlog_snapshot_%'", deadline));
    FilePosition place;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        const std::string name = rows.text(i, "Variable_name");
        const std::string value = rows.text(i, "Value");
        if (name == "Binlog_snapshot_file") place.file = value;
        if (name == "Binlog_snapshot_position") place.offset = parse_number(value).value_or(0);
    }
    return place;
}

Error not_visible(const std::string& wanted, const std::string& is) {
    return {Errc::timed_out,
            fmt::format("wait until {} is committed on the server: it is at {}", wanted, is)};
}

// What others see on MariaDB is known by file and offset alone.
Result<> wait_for_commits(sql::Connection& connection, Deadline deadline) {
    EK_TRY(const FilePosition end, binlog_end(connection, deadline));
    io::StopToken pause;
    for (;;) {
        EK_TRY(const FilePosition committed, committed_place(connection, deadline));
        if (BinlogPosition(committed).reaches(end)) return {};
        if (deadline.passed(io::now())) return not_visible(end.str(), committed.str());
        pause.wait_for(kLookAgain);
    }
}

}  // namespace

Result<Watermarks> Watermarks::of(sql::Connection& connection, Deadline deadline) {
    EK_TRY(const sql::Table row, connection.query("SELECT @@version AS version", deadline));
    Watermarks marks;
    marks.facts_.version = row.text(0, "version");
    const bool mariadb = marks.facts_.version.find("MariaDB") != std::string::npos;
    marks.dialect_ = mariadb ? mariadb_dialect() : mysql_dialect();
    EK_TRY_VOID(marks.dialect_->ask_history(connection, marks.facts_, deadline));
    return marks;
}

Result<> Watermarks::wait_until_visible(sql::Connection& connection, const Watermark& low,
                                        Deadline deadline) {
    switch (facts_.history.kind) {
        case PositionKind::mariadb_gtid: return wait_for_commits(connection, deadline);
        case PositionKind::file: return {};
        case PositionKind::mysql_gtid: break;
    }
    // MySQL counts a transaction as executed when it is committed in the engine.
    io::StopToken pause;
    for (;;) {
        EK_TRY(const Watermark executed, written(connection, deadline));
        if (executed.reaches(low)) return {};
        if (deadline.passed(io::now())) return not_visible(low.str(), executed.str());
        pause.wait_for(kLookAgain);
    }
}

const char* Watermarks::select_suffix() const {
    return facts_.history.kind == PositionKind::file ? " LOCK IN SHARE MODE" : "";
}

Result<Watermark> Watermarks::written(sql::Connection& connection, Deadline deadline) {
    EK_TRY_VOID(dialect_->ask_history(connection, facts_, deadline));
    return facts_.history.end;
}

Result<Watermark> Watermarks::begin_snapshot(sql::Connection& connection, sql::Connection& other,
                                             const std::string& quoted_table, Deadline deadline) {
    EK_TRY_VOID(
        connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", deadline));
    if (!needs_lock()) {
        EK_TRY_VOID(connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT", deadline));
        EK_TRY(const FilePosition place, committed_place(connection, deadline));
        return dialect_->position_at(connection, facts_, place, deadline);
    }
    const auto locked = other.execute("LOCK TABLES " + quoted_table + " READ", deadline);
    if (!locked && locked.error().code == Errc::denied) {
        return Error{Errc::denied, fmt::format("{}: a table without a unique key is locked against "
                                               "writes for the moment in which reading it begins: "
                                               "GRANT LOCK TABLES to the stream's account, or give "
                                               "the table a key",
                                               locked.error().what)};
    }
    if (!locked) return locked.error();
    EK_TRY_VOID(connection.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT", deadline));
    EK_TRY(const Watermark place, written(other, deadline));
    EK_TRY_VOID(other.execute("UNLOCK TABLES", deadline));
    return place;
}

}  // namespace evenkeel::cdc
