// What a statement in a ROW binlog means for a stream: transaction control, a change of
// definitions, or a change of data that has no row events. Pure; looks at the first words only,
// never parses SQL.
#pragma once

#include <string>
#include <string_view>

namespace evenkeel::cdc {

enum class StatementKind {
    begin,
    commit,
    rollback,
    savepoint,
    rollback_to,
    release,     // RELEASE SAVEPOINT
    xa_control,  // XA START, XA END, XA PREPARE
    xa_commit,
    xa_rollback,
    data,       // Changes rows, but the binlog has only the statement.
    temporary,  // Concerns a temporary table: nobody else sees it.
    other,      // DDL, grants, …: definitions may have changed.
};

struct Statement {
    StatementKind kind = StatementKind::other;
    std::string name{};      // Of a savepoint; of an XA transaction: X'6f6e65',X'',1
    std::string database{};  // data: the changed table's, when the statement names it.
};

Statement look_at_statement(std::string_view text);

// mysql, information_schema, performance_schema, sys: the server's own.
bool is_system_database(std::string_view name);

}  // namespace evenkeel::cdc
