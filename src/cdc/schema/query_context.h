// How a statement in the binlog has to be read: in its session's charset and sql_mode. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cdc/schema/ddl_parser.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

struct QueryContext {
    std::string statement{};  // UTF-8.
    std::string database{};   // `ddl.database` looks into it.
    DdlContext ddl{};
    std::string server_charset{};  // What CREATE DATABASE takes; empty: not known.

    QueryContext() = default;
    QueryContext(const QueryContext&) = delete;
    QueryContext& operator=(const QueryContext&) = delete;
    QueryContext(QueryContext&& other) noexcept { *this = std::move(other); }
    QueryContext& operator=(QueryContext&& other) noexcept;
};

// "10.11.4-MariaDB-log", "5.5.5-10.6.1-MariaDB", "8.0.33"
SqlDialect dialect_of_server(std::string_view version);

// Errors: invalid  the session's charset is not known and the statement is not plain ASCII.
Result<QueryContext> query_context(const wire::Query& query, const SqlDialect& dialect);

// A statement that the server ended with an error and logged nevertheless, because it had done a
// part.
Ddl after_failure(const Ddl& ddl, std::uint16_t error);

}  // namespace evenkeel::cdc
