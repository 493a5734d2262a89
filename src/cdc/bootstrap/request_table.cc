#include "cdc/bootstrap/request_table.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "sql/connection.h"

namespace evenkeel::cdc {
namespace {

constexpr unsigned kNoDatabase = 1049;
constexpr unsigned kNoTable = 1146;

std::string table_of(const std::string& schema) {
    return sql::quote_name(schema) + "." + sql::quote_name(kBootstrapTable);
}

std::string moment(std::int64_t ms) {
    return ms == 0 ? "NULL" : fmt::format("FROM_UNIXTIME({})", ms / 1000);
}

}  // namespace

std::string text_or_null(const std::string& cell) {
    return cell.empty() ? "NULL" : sql::quote(cell);
}

Result<> create_request_table(sql::Connection& connection, const std::string& schema,
                              Deadline deadline) {
    EK_TRY_VOID(
        connection.execute("CREATE DATABASE IF NOT EXISTS " + sql::quote_name(schema), deadline));
    return connection.execute(
        fmt::format("CREATE TABLE IF NOT EXISTS {} ("
                    "id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
                    "database_name VARCHAR(255) CHARACTER SET utf8 NOT NULL, "
                    "table_name VARCHAR(255) CHARACTER SET utf8 NOT NULL, "
                    "where_clause TEXT DEFAULT NULL, "
                    "is_complete TINYINT(1) UNSIGNED NOT NULL DEFAULT 0, "
                    "inserted_rows BIGINT UNSIGNED NOT NULL DEFAULT 0, "
                    "total_rows BIGINT UNSIGNED NOT NULL DEFAULT 0, "
                    "created_at DATETIME DEFAULT NULL, "
                    "started_at DATETIME DEFAULT NULL, "
                    "completed_at DATETIME DEFAULT NULL, "
                    "binlog_file VARCHAR(255) DEFAULT NULL, "
                    "binlog_position INT UNSIGNED DEFAULT 0, "
                    "client_id VARCHAR(255) CHARACTER SET latin1 NOT NULL DEFAULT 'maxwell', "
                    "comment VARCHAR(255) CHARACTER SET utf8 DEFAULT NULL)",
                    table_of(schema)),
        deadline);
}

Result<std::vector<BootstrapRequest>> pending_requests(sql::Connection& connection,
                                                       const std::string& schema,
                                                       const std::string& client_id,
                                                       Deadline deadline) {
    const auto rows = connection.query(
        fmt::format("SELECT id, database_name, table_name, where_clause, comment FROM {} WHERE "
                    "is_complete = 0 AND completed_at IS NULL AND client_id = {} ORDER BY id",
                    table_of(schema), sql::quote(client_id)),
        deadline);
    const unsigned number = connection.error_number();
    // Nobody has used it, or the stream's account may not: then nobody waits there either.
    if (!rows &&
        (number == kNoDatabase || number == kNoTable || rows.error().code == Errc::denied)) {
        return std::vector<BootstrapRequest>{};
    }
    if (!rows) return rows.error();
    std::vector<BootstrapRequest> requests;
    for (std::size_t i = 0; i < rows->rows.size(); ++i) {
        requests.push_back({.id = "row-" + rows->text(i, "id"),
                            .row_id = parse_number(rows->text(i, "id")).value_or(0),
                            .database = rows->text(i, "database_name"),
                            .table = rows->text(i, "table_name"),
                            .where = rows->text(i, "where_clause"),
                            .comment = rows->text(i, "comment")});
    }
    return requests;
}

Result<std::vector<BootstrapJob>> table_jobs(sql::Connection& connection, const std::string& schema,
                                             const std::string& client_id, Deadline deadline) {
    EK_TRY(const sql::Table rows,
           connection.query(
               fmt::format("SELECT id, database_name, table_name, is_complete, inserted_rows, "
                           "total_rows, UNIX_TIMESTAMP(started_at) AS started, "
                           "UNIX_TIMESTAMP(completed_at) AS completed FROM {} WHERE client_id = {} "
                           "ORDER BY id",
                           table_of(schema), sql::quote(client_id)),
               deadline));
    const auto number = [&](std::size_t i, const char* column) {
        return parse_number(rows.text(i, column)).value_or(0);
    };
    std::vector<BootstrapJob> jobs;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        const std::uint64_t started = number(i, "started");
        const std::uint64_t completed = number(i, "completed");
        jobs.push_back({.request = {.id = "row-" + rows.text(i, "id"),
                                    .row_id = number(i, "id"),
                                    .database = rows.text(i, "database_name"),
                                    .table = rows.text(i, "table_name")},
                        .state = number(i, "is_complete") != 0 ? JobState::complete
                                 : completed != 0              ? JobState::failed
                                 : started != 0                ? JobState::running
                                                               : JobState::waiting,
                        .inserted_rows = number(i, "inserted_rows"),
                        .total_rows = number(i, "total_rows"),
                        .started_ms = static_cast<std::int64_t>(started) * 1000,
                        .completed_ms = static_cast<std::int64_t>(completed) * 1000});
        if (jobs.back().state == JobState::failed) jobs.back().error = "the stream's log says why";
    }
    return jobs;
}

Result<> remove_request(sql::Connection& connection, const std::string& schema,
                        const std::string& id, Deadline deadline) {
    const auto row = parse_number(id.starts_with("row-") ? id.substr(4) : id);
    if (!row) return Error{Errc::invalid, fmt::format("{} is no id of the bootstrap table", id)};
    EK_TRY(const sql::Table found,
           connection.query(fmt::format("SELECT id FROM {} WHERE id = {}", table_of(schema), *row),
                            deadline));
    if (found.rows.empty()) {
        return Error{Errc::not_found, fmt::format("there is no bootstrap {}", id)};
    }
    return connection.execute(fmt::format("DELETE FROM {} WHERE id = {}", table_of(schema), *row),
                              deadline);
}

std::string find_tables_query(const std::string& database, const std::string& table) {
    return fmt::format(
        "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND "
        "TABLE_NAME {} {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME",
        sql::quote(database), is_pattern(table) ? "LIKE" : "=", sql::quote(table));
}

Result<> write_progress(sql::Connection& connection, const std::string& schema,
                        const BootstrapJob& job, Deadline deadline) {
    // A place beyond 4 GiB does not fit Maxwell's column.
    const std::uint64_t offset = std::min<std::uint64_t>(job.offset, UINT32_MAX);
    return connection.execute(
        fmt::format("UPDATE {} SET is_complete = {}, inserted_rows = {}, total_rows = {}, "
                    "started_at = {}, completed_at = {}, binlog_file = {}, binlog_position = {} "
                    "WHERE id = {} AND is_complete = 0",
                    table_of(schema), job.state == JobState::complete ? 1 : 0, job.inserted_rows,
                    job.total_rows, moment(job.started_ms), moment(job.completed_ms),
                    text_or_null(job.file), offset, job.request.row_id),
        deadline);
}

Result<std::uint64_t> insert_request(sql::Connection& connection, const std::string& schema,
                                     const std::string& client_id, const BootstrapRequest& request,
                                     std::uint64_t total_rows, Deadline deadline) {
    EK_TRY_VOID(connection.execute(
        fmt::format("INSERT INTO {} (database_name, table_name, where_clause, total_rows, "
                    "client_id, comment, created_at) VALUES ({}, {}, {}, {}, {}, {}, NOW())",
                    table_of(schema), sql::quote(request.database), sql::quote(request.table),
                    text_or_null(request.where), total_rows, sql::quote(client_id),
                    text_or_null(request.comment)),
        deadline));
    EK_TRY(const sql::Table row, connection.query("SELECT LAST_INSERT_ID() AS id", deadline));
    return parse_number(row.text(0, "id")).value_or(0);
}

}  // namespace evenkeel::cdc
