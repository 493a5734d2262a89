#include "tests/replay/line_applier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"
#include "io/clock.h"

namespace evenkeel::test {
namespace {

constexpr Millis kLimit{60'000};

bool is_binary(const std::string& type) {
    return type == "binary" || type == "varbinary" || type.ends_with("blob");
}

bool is_geometry(const std::string& type) {
    return type == "point" || type == "geometry" || type == "polygon" || type == "linestring" ||
           type.starts_with("multi") || type.starts_with("geom");
}

bool is_text(const std::string& type) {
    return type == "char" || type == "varchar" || type.ends_with("text");
}

Result<std::string> set_literal(std::string_view raw) {
    EK_TRY(const auto labels, json_elements(raw));
    std::vector<std::string> texts;
    for (const std::string_view label : labels) {
        EK_TRY(std::string text, json_text(label));
        texts.push_back(std::move(text));
    }
    return sql::quote(join(texts, ","));
}

// A rendered value as an SQL literal.
Result<std::string> literal(const std::string& type, std::string_view raw) {
    if (raw == "null") return std::string("NULL");
    if (type == "set") return set_literal(raw);
    if (type == "json") return sql::quote(raw);
    if (raw.front() != '"') return std::string(raw);
    EK_TRY(const std::string text, json_text(raw));
    if (is_geometry(type)) return fmt::format("ST_GeomFromText({})", sql::quote(text));
    if (!is_binary(type)) return sql::quote(text);
    const auto bytes = base64_decode(text);
    if (!bytes) return Error{Errc::corrupt, fmt::format("not base64: {}", text)};
    return "x'" + hex_encode(*bytes) + "'";
}

}  // namespace

Result<> LineApplier::run(const std::string& statement) {
    const auto done = target_.execute(statement, io::within(kLimit));
    if (done) return {};
    return Error{done.error().code,
                 fmt::format("{}: {}", done.error().what, statement.substr(0, 2000))};
}

// MariaDB's JSON is a longtext with a check.
Result<std::string> LineApplier::json_checks(const std::string& database,
                                             const std::string& table) {
    EK_TRY(const sql::Table version, target_.query("SELECT VERSION() AS v", io::within(kLimit)));
    if (version.text(0, "v").find("MariaDB") == std::string::npos) return std::string();
    EK_TRY(const sql::Table checks,
           target_.query(fmt::format("SELECT GROUP_CONCAT(CHECK_CLAUSE) AS checks FROM "
                                     "information_schema.CHECK_CONSTRAINTS WHERE "
                                     "CONSTRAINT_SCHEMA = {} AND TABLE_NAME = {}",
                                     sql::quote(database), sql::quote(table)),
                         io::within(kLimit)));
    return checks.text(0, "checks");
}

Result<const LineApplier::Columns*> LineApplier::columns_of(const std::string& database,
                                                            const std::string& table) {
    const std::string key = database + "." + table;
    const auto known = columns_.find(key);
    if (known != columns_.end()) return &known->second;
    EK_TRY(const sql::Table rows,
           target_.query(fmt::format("SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_KEY AS "
                                     "in_key, EXTRA AS extra FROM information_schema.COLUMNS WHERE "
                                     "TABLE_SCHEMA = {} AND TABLE_NAME = {} ORDER BY "
                                     "ORDINAL_POSITION",
                                     sql::quote(database), sql::quote(table)),
                         io::within(kLimit)));
    EK_TRY(const std::string checks, json_checks(database, table));
    Columns columns;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        if (rows.text(i, "extra").find("GENERATED") != std::string::npos) continue;
        columns.push_back(
            {rows.text(i, "name"), rows.text(i, "type"), rows.text(i, "in_key") == "PRI"});
        Column& column = columns.back();
        if (checks.find("json_valid(" + sql::quote_name(column.name) + ")") != std::string::npos) {
            column.type = "json";
        }
    }
    if (columns.empty()) return Error{Errc::corrupt, "rows of a table that is not there: " + key};
    return &columns_.emplace(key, std::move(columns)).first->second;
}

Result<> LineApplier::apply(std::string_view line) {
    EK_TRY(const JsonMembers members, json_members(line));
    EK_TRY(const std::string type, json_text(member(members, "type")));
    EK_TRY(const std::string database, json_text(member(members, "database")));
    if (type == "insert" || type == "update" || type == "delete") {
        return apply_row(members, type, database);
    }
    return apply_ddl(members, database);
}

// A statement that renames several tables makes a record for each.
Result<> LineApplier::apply_ddl(const JsonMembers& line, const std::string& database) {
    EK_TRY(const std::string statement, json_text(member(line, "sql")));
    const std::string identity = std::string(member(line, "position")) + statement;
    if (identity == last_ddl_) return {};
    last_ddl_ = identity;
    columns_.clear();
    ++ddl_;
    EK_TRY_VOID(run("USE " + sql::quote_name(database)));
    return run(statement);
}

// The row before the change, by its key where the table has one.
Result<std::string> LineApplier::where(const Columns& columns, const JsonMembers& data,
                                       const JsonMembers& old) const {
    const bool keyed = std::any_of(columns.begin(), columns.end(),
                                   [](const Column& column) { return column.key; });
    std::string text;
    for (const Column& column : columns) {
        if (keyed && !column.key) continue;
        std::string_view raw = member(old, column.name);
        if (raw.empty()) raw = member(data, column.name);
        if (raw.empty()) continue;
        EK_TRY(const std::string value, literal(column.type, raw));
        const std::string name = sql::quote_name(column.name);
        text += text.empty() ? " WHERE " : " AND ";
        // Of rows that a collation takes for equal it has to be this one.
        const bool exact = !keyed && is_text(column.type);
        text += exact ? fmt::format("HEX(CONVERT({} USING utf8mb4)) <=> HEX({})", name, value)
                      : fmt::format("{} <=> {}", name, value);
    }
    return text + " LIMIT 1";
}

Result<> LineApplier::apply_row(const JsonMembers& line, std::string_view type,
                                const std::string& database) {
    EK_TRY(const std::string table, json_text(member(line, "table")));
    EK_TRY(const Columns* columns, columns_of(database, table));
    EK_TRY(const JsonMembers data, json_members(member(line, "data")));
    JsonMembers old;
    if (const std::string_view raw = member(line, "old"); !raw.empty()) {
        EK_TRY(old, json_members(raw));
    }
    for (const auto& [name, raw] : data) {
        const bool known = std::any_of(columns->begin(), columns->end(),
                                       [&](const Column& column) { return column.name == name; });
        if (!known) return Error{Errc::corrupt, fmt::format("{} has no column {}", table, name)};
    }
    std::vector<std::string> assignments;
    for (const Column& column : *columns) {
        const std::string_view raw = member(data, column.name);
        if (raw.empty()) continue;
        EK_TRY(const std::string value, literal(column.type, raw));
        assignments.push_back(sql::quote_name(column.name) + " = " + value);
    }
    const std::string path = sql::quote_name(database) + "." + sql::quote_name(table);
    ++rows_;
    if (type == "insert") return run("INSERT INTO " + path + " SET " + join(assignments, ", "));
    EK_TRY(const std::string condition, where(*columns, data, old));
    const std::string statement =
        type == "delete"
            ? "DELETE FROM " + path + condition
            : fmt::format("UPDATE {} SET {}{}", path, join(assignments, ", "), condition);
    EK_TRY_VOID(run(statement));
    EK_TRY(const sql::Table count, target_.query("SELECT ROW_COUNT() AS n", io::within(kLimit)));
    const bool unchanged = type == "update" && count.text(0, "n") == "0";
    if (count.text(0, "n") == "1" || unchanged) return {};
    return Error{Errc::corrupt,
                 fmt::format("{} rows changed by {}", count.text(0, "n"), statement)};
}

}  // namespace evenkeel::test
