#include "cdc/schema/server_dictionary.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "cdc/schema/column_type.h"
#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kLimit{5000};
constexpr Millis kCaptureLimit{120'000};

constexpr const char* kNotSystem =
    "NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')";

// information_schema shows labels in these charsets as what their UTF-8 means there: garbage.
bool labels_are_garbled(const SchemaColumn& column) {
    const std::string_view type = type_name(column.column_type);
    return (type == "enum" || type == "set") &&
           (column.charset == "ucs2" || column.charset.starts_with("utf16") ||
            column.charset == "utf32");
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string where(const char* schema_column, const std::string& database,
                  const std::string& table) {
    std::string text = fmt::format(" WHERE {} ", schema_column);
    text += database.empty() ? kNotSystem : "= " + sql::quote(database);
    if (!table.empty()) text += " AND TABLE_NAME = " + sql::quote(table);
    return text;
}

// Rows of one table follow each other, so it is looked up once for all of them.
class TableOfRow {
public:
    TableOfRow(const sql::Table& rows, const char* schema_column,
               std::map<TableName, SchemaTable>& tables)
        : rows_(rows), schema_column_(schema_column), tables_(tables) {}

    SchemaTable* find(std::size_t row) {
        TableName name{.database = rows_.text(row, schema_column_),
                       .table = rows_.text(row, "TABLE_NAME")};
        if (name == last_) return table_;
        const auto found = tables_.find(name);
        table_ = found == tables_.end() ? nullptr : &found->second;
        last_ = std::move(name);
        return table_;
    }

private:
    const sql::Table& rows_;
    const char* const schema_column_;
    std::map<TableName, SchemaTable>& tables_;
    TableName last_{};
    SchemaTable* table_ = nullptr;
};

using Tables = std::map<TableName, SchemaTable>;

void add_columns(const sql::Table& rows, Tables& tables) {
    TableOfRow place(rows, "TABLE_SCHEMA", tables);
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        SchemaTable* table = place.find(i);
        if (table == nullptr) continue;  // A view.
        const std::string extra = rows.text(i, "EXTRA");
        table->columns.push_back({.name = rows.text(i, "COLUMN_NAME"),
                                  .column_type = canonical_type(rows.text(i, "COLUMN_TYPE")),
                                  .charset = canonical_charset(rows.text(i, "CHARACTER_SET_NAME")),
                                  .generated = contains(extra, "VIRTUAL GENERATED") ||
                                               contains(extra, "STORED GENERATED"),
                                  .invisible = contains(extra, "INVISIBLE")});
        if (!labels_are_garbled(table->columns.back())) continue;
        table->knowledge = Knowledge::unknown;
        table->why = "information_schema does not tell the labels of " +
                     table->columns.back().name + " in " + table->columns.back().charset;
    }
}

// The clause that MariaDB writes for a column of type JSON. The constraint keeps the column's first
// name when the column is renamed; the clause does not.
void add_checks(const sql::Table& rows, Tables& tables) {
    TableOfRow place(rows, "CONSTRAINT_SCHEMA", tables);
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        SchemaTable* table = place.find(i);
        if (table == nullptr || rows.get(i, "LEVEL").value_or("Column") != "Column") continue;
        const std::string clause = rows.text(i, "CHECK_CLAUSE");
        for (SchemaColumn& c : table->columns) {
            if (clause == "json_valid(" + sql::quote_name(c.name) + ")") c.json = true;
        }
    }
}

void add_keys(const sql::Table& rows, Tables& tables) {
    TableOfRow place(rows, "TABLE_SCHEMA", tables);
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        if (SchemaTable* table = place.find(i)) {
            table->primary_key.push_back(rows.text(i, "COLUMN_NAME"));
        }
    }
}

}  // namespace

void ServerDictionary::use(const ServerId& server) {
    if (server == server_ && connection_.connected()) return;
    server_ = server;
    connection_ = {};
}

Result<sql::Table> ServerDictionary::query(const std::string& statement) {
    const Deadline deadline = io::within(kCaptureLimit);
    if (!connection_.connected()) {
        EK_TRY(connection_, sql::Connection::open(server_, credentials_, io::within(kLimit)));
    }
    auto table = connection_.query(statement, deadline);
    // An idle connection may have been closed by the server (wait_timeout): once more.
    if (table || table.error().code != Errc::unavailable) return table;
    EK_TRY(connection_, sql::Connection::open(server_, credentials_, io::within(kLimit)));
    return connection_.query(statement, deadline);
}

Result<> ServerDictionary::read_tables(const std::string& database, const std::string& table,
                                       Schema& schema) {
    Tables tables;
    EK_TRY(const sql::Table names,
           query("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COLLATION FROM information_schema.TABLES" +
                 where("TABLE_SCHEMA", database, table) +
                 " AND TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW')"));
    for (std::size_t i = 0; i < names.rows.size(); ++i) {
        SchemaTable found{.database = names.text(i, "TABLE_SCHEMA"),
                          .name = names.text(i, "TABLE_NAME")};
        found.charset = resolve_charset({.collation = names.text(i, "TABLE_COLLATION")}, "");
        tables.emplace(TableName{found.database, found.name}, found);
    }
    EK_TRY(const sql::Table columns,
           query("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, "
                 "EXTRA FROM information_schema.COLUMNS" +
                 where("TABLE_SCHEMA", database, table) +
                 " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"));
    add_columns(columns, tables);
    EK_TRY(const sql::Table version, query("SELECT VERSION() AS version"));
    if (contains(version.text(0, "version"), "MariaDB")) {
        EK_TRY(const sql::Table checks, query("SELECT * FROM information_schema.CHECK_CONSTRAINTS" +
                                              where("CONSTRAINT_SCHEMA", database, table) +
                                              " AND CHECK_CLAUSE LIKE 'json\\_valid(%'"));
        add_checks(checks, tables);
    }
    EK_TRY(const sql::Table keys,
           query("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM "
                 "information_schema.STATISTICS" +
                 where("TABLE_SCHEMA", database, table) +
                 " AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_SCHEMA, TABLE_NAME, SEQ_IN_INDEX"));
    add_keys(keys, tables);
    for (auto& [name, found] : tables) {
        if (!found.columns.empty()) schema.put(std::move(found));
    }
    return {};
}

Result<SchemaTable> ServerDictionary::table(const TableName& name) {
    Schema schema;
    EK_TRY_VOID(read_tables(name.database, name.table, schema));
    const SchemaTable* found = schema.find(name);
    if (found != nullptr) return *found;
    return Error{Errc::not_found,
                 fmt::format("look up {} on {}: it does not exist there any more, or {} has no "
                             "SELECT privilege on it",
                             name.str(), server_.str(), credentials_.user)};
}

Result<std::size_t> ServerDictionary::count_hashes(const TableName& name) {
    // A primary key is never of this kind, and a MEMORY table's hashes are true indexes.
    EK_TRY(const sql::Table count,
           query("SELECT COUNT(DISTINCT INDEX_NAME) AS hashes FROM information_schema.STATISTICS" +
                 where("TABLE_SCHEMA", name.database, name.table) +
                 " AND INDEX_TYPE = 'HASH' AND NON_UNIQUE = 0 AND INDEX_NAME <> 'PRIMARY'"));
    return parse_number(count.text(0, "hashes")).value_or(0);
}

Result<Schema> ServerDictionary::capture() {
    EK_TRY(const sql::Table name_case, query("SELECT @@lower_case_table_names AS name_case"));
    const auto number = parse_number(name_case.text(0, "name_case")).value_or(0);
    Schema schema(static_cast<NameCase>(std::min<std::uint64_t>(number, 2)));
    EK_TRY(const sql::Table found, query("SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM "
                                         "information_schema.SCHEMATA" +
                                         where("SCHEMA_NAME", "", "")));
    for (std::size_t i = 0; i < found.rows.size(); ++i) {
        schema.put_database(found.text(i, "SCHEMA_NAME"),
                            canonical_charset(found.text(i, "DEFAULT_CHARACTER_SET_NAME")));
    }
    EK_TRY_VOID(read_tables("", "", schema));
    return schema;
}

}  // namespace evenkeel::cdc
