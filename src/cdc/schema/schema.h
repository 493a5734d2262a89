// What a stream knows of its databases and tables at one place of the binlog: ddl_apply.h moves it
// along with the statements, schema_store.h keeps it beside the checkpoint. A value; pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cdc/render/table_plan.h"

namespace evenkeel::cdc {

struct SchemaColumn {
    std::string name{};
    // In canonical form (column_type.h): "int unsigned", "varchar(20)", "enum('a','b')".
    std::string column_type{};
    std::string charset{};  // "utf8mb4"; empty: no text.
    bool json = false;      // MariaDB: a LONGTEXT that was declared as JSON.
    bool generated = false;
    bool invisible = false;

    bool operator==(const SchemaColumn&) const = default;
};

// How far a table's columns may be trusted.
enum class Knowledge : std::uint8_t {
    exact,    // They are those of the place where the stream is.
    later,    // They are those of a later time: good for nothing but what the binlog cannot say.
    unknown,  // A statement was not understood; SchemaTable::why has it.
};

struct SchemaTable {
    std::string database{};
    std::string name{};
    std::string charset{};  // Default of new columns.
    std::vector<SchemaColumn> columns{};
    std::vector<std::string> primary_key{};  // Column names in key order.
    Knowledge knowledge = Knowledge::exact;
    std::string why{};  // Of Knowledge::unknown.

    const SchemaColumn* find(std::string_view column) const;  // Whatever its case.
    TableDefinition definition() const;
    bool operator==(const SchemaTable&) const = default;
};

struct TableName {
    std::string database{};
    std::string table{};

    std::string str() const { return database + "." + table; }
    auto operator<=>(const TableName&) const = default;
};

// lower_case_table_names of the server.
enum class NameCase : std::uint8_t {
    exact = 0,
    lowered = 1,   // Stored in lower case.
    compared = 2,  // Stored as written, compared in lower case.
};

class Schema {
public:
    explicit Schema(NameCase name_case = NameCase::exact) : case_(name_case) {}

    NameCase name_case() const { return case_; }
    // What databases and tables are found by: two names with the same key are the same.
    std::string key(std::string_view name) const;
    // A name as the server stores it.
    std::string stored(std::string name) const;

    // The default charset; empty: no such database.
    std::string database_charset(std::string_view name) const;
    void put_database(const std::string& name, const std::string& charset);
    void drop_database(std::string_view name);  // With its tables.

    const SchemaTable* find(const TableName& name) const;
    void put(SchemaTable table);
    bool drop(const TableName& name);
    std::vector<TableName> tables_of(std::string_view database) const;

    using TableKey = std::pair<std::string, std::string>;
    TableKey table_key(const TableName& name) const {
        return {key(name.database), key(name.table)};
    }
    struct Database {
        std::string name{};
        std::string charset{};
        bool operator==(const Database&) const = default;
    };
    const std::map<std::string, Database>& databases() const { return databases_; }
    const std::map<TableKey, SchemaTable>& tables() const { return tables_; }

    bool operator==(const Schema&) const = default;

private:
    NameCase case_;
    std::map<std::string, Database> databases_;
    std::map<TableKey, SchemaTable> tables_;
};

// Compact: a value of the coordinator. Names that are not UTF-8 are refused nowhere: the server's
// names are.
std::string to_json(const SchemaTable& table);
// Errors: corrupt  not a table that this version understands.
Result<SchemaTable> schema_table_from_json(const std::string& json);

// The server compares names of columns (and of tables, if it is told to) without case. Simple
// lower-casing of UTF-8: Latin, Greek and Cyrillic letters; others as they are.
std::string lower_case(std::string_view name);
bool same_name(std::string_view a, std::string_view b);

}  // namespace evenkeel::cdc
