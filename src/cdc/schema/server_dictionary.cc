#include "cdc/schema/server_dictionary.h"

#include <fmt/core.h>

#include <algorithm>

#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kLimit{5000};

std::string of_table(const char* schema_column, const std::string& database,
                     const std::string& table) {
    return fmt::format(" WHERE {} = {} AND TABLE_NAME = {}", schema_column, sql::quote(database),
                       sql::quote(table));
}

// The clause that MariaDB writes for a column of type JSON.
bool is_json_check(const std::string& clause, const std::string& column) {
    return clause == fmt::format("json_valid(`{}`)", column);
}

}  // namespace

void ServerDictionary::use(const ServerId& server) {
    if (server == server_ && connection_.connected()) return;
    server_ = server;
    connection_ = {};
}

Result<sql::Table> ServerDictionary::query(const std::string& statement) {
    const Deadline deadline = io::within(kLimit);
    if (!connection_.connected()) {
        EK_TRY(connection_, sql::Connection::open(server_, credentials_, deadline));
    }
    auto table = connection_.query(statement, deadline);
    // An idle connection may have been closed by the server (wait_timeout): once more.
    if (table || table.error().code != Errc::unavailable) return table;
    EK_TRY(connection_, sql::Connection::open(server_, credentials_, deadline));
    return connection_.query(statement, deadline);
}

Result<TableDefinition> ServerDictionary::table(const std::string& database,
                                                const std::string& name) {
    TableDefinition definition{.database = database, .table = name};
    EK_TRY(const sql::Table columns,
           query("SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME FROM "
                 "information_schema.COLUMNS" +
                 of_table("TABLE_SCHEMA", database, name) + " ORDER BY ORDINAL_POSITION"));
    if (columns.rows.empty()) {
        return Error{Errc::not_found,
                     fmt::format("look up {}.{} on {}: it does not exist there any more, or {} has "
                                 "no SELECT privilege on it",
                                 database, name, server_.str(), credentials_.user)};
    }
    EK_TRY(const sql::Table checks,
           query("SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS" +
                 of_table("CONSTRAINT_SCHEMA", database, name)));
    EK_TRY(const sql::Table key, query("SELECT COLUMN_NAME FROM information_schema.STATISTICS" +
                                       of_table("TABLE_SCHEMA", database, name) +
                                       " AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX"));
    for (std::size_t i = 0; i < columns.rows.size(); ++i) {
        ColumnDefinition column{.name = columns.text(i, "COLUMN_NAME"),
                                .column_type = columns.text(i, "COLUMN_TYPE"),
                                .charset = columns.text(i, "CHARACTER_SET_NAME")};
        for (std::size_t c = 0; c < checks.rows.size() && !column.json; ++c) {
            column.json = is_json_check(checks.text(c, "CHECK_CLAUSE"), column.name);
        }
        definition.columns.push_back(std::move(column));
    }
    for (std::size_t i = 0; i < key.rows.size(); ++i) {
        definition.primary_key.push_back(key.text(i, "COLUMN_NAME"));
    }
    return definition;
}

}  // namespace evenkeel::cdc
