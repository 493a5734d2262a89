// Does to a schema what a statement did to the server's. Pure. What does not fit the schema makes
// the table unknown instead of wrong.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cdc/schema/ddl.h"
#include "cdc/schema/schema.h"

namespace evenkeel::cdc {

// One change of one table or database, for output_ddl and the store.
struct SchemaChange {
    enum class Kind : std::uint8_t {
        database_create,
        database_alter,
        database_drop,
        table_create,
        table_alter,
        table_drop,
    };
    Kind kind{};
    std::string database{};
    std::string table{};    // Before the change.
    std::string charset{};  // Of the database.
    std::optional<SchemaTable> before{};
    std::optional<SchemaTable> after{};
};

struct ApplyContext {
    // Of the session: what CREATE DATABASE without a charset takes; empty: not known.
    std::string server_charset{};
    // Of other tables nothing is kept. An empty name: the database as such. Empty: all.
    std::function<bool(const TableName&)> follows{};
};

// Changes of tables that the schema had or has then; in the statement's order.
std::vector<SchemaChange> apply_ddl(const Ddl& ddl, const ApplyContext& context, Schema& schema);

}  // namespace evenkeel::cdc
