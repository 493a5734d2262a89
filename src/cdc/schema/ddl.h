// Statements that change tables, as far as they matter to a stream: what ddl_parser.h makes of
// their text and ddl_apply.h does to a Schema. Names are as written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cdc/schema/column_type.h"
#include "cdc/schema/schema.h"

namespace evenkeel::cdc {

struct ColumnSpec {
    std::string name{};
    WrittenType type{};
    bool generated = false;
    bool invisible = false;
    bool primary_key = false;
    bool json_check = false;  // CHECK (json_valid(`name`)): what MariaDB makes of JSON.
};

struct ColumnPlace {
    enum class Where : std::uint8_t { unchanged, first, after };
    Where where = Where::unchanged;
    std::string after{};
};

struct AlterStep {
    enum class Kind : std::uint8_t {
        add_column,       // column, place
        change_column,    // name → column, place; MODIFY: the same name twice.
        drop_column,      // name
        rename_column,    // name → column.name
        set_invisible,    // name, column.invisible
        add_key,          // key
        drop_key,         //
        convert_charset,  // charset
        default_charset,  // charset
        rename_table,     // table
        split_off,        // CONVERT PARTITION … TO TABLE table
        take_in,          // CONVERT TABLE table TO PARTITION
    };
    Kind kind{};
    bool lenient = false;  // IF [NOT] EXISTS
    std::string name{};
    ColumnSpec column{};
    ColumnPlace place{};
    std::vector<std::string> key{};
    CharsetChoice charset{};
    TableName table{};
};

struct CreateTable {
    TableName table{};
    bool if_not_exists = false;
    std::optional<TableName> like{};
    // AS SELECT, an engine that finds its columns itself: only the server knows.
    bool server_knows = false;
    std::vector<ColumnSpec> columns{};
    std::vector<std::string> primary_key{};
    CharsetChoice charset{};
};

struct AlterTable {
    TableName table{};
    bool if_exists = false;
    std::vector<AlterStep> steps{};  // None: nothing that matters.
};

struct DropTables {
    std::vector<TableName> tables{};
};

struct RenameTables {
    struct Pair {
        TableName from{};
        TableName to{};
    };
    std::vector<Pair> pairs{};
    bool if_exists = false;
};

struct DatabaseChange {
    enum class Kind : std::uint8_t { create, alter, drop };
    Kind kind{};
    std::string name{};
    bool if_not_exists = false;
    CharsetChoice charset{};
};

// It changes tables, but how was not understood.
struct NotUnderstood {
    std::vector<TableName> tables{};  // An empty table: all of the database.
    std::string why{};
};

// Indexes, views, grants, temporary tables, …
struct NoChange {};

using Ddl = std::variant<NoChange, CreateTable, AlterTable, DropTables, RenameTables,
                         DatabaseChange, NotUnderstood>;

// The tables that the statement names, whose definitions it may change. An empty table: all of the
// database.
std::vector<TableName> tables_of(const Ddl& ddl);

}  // namespace evenkeel::cdc
