#include "cdc/schema/schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace evenkeel::cdc {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;
constexpr unsigned kJson = 1;
constexpr unsigned kGenerated = 2;
constexpr unsigned kInvisible = 4;

// Letters of two bytes in UTF-8: U+0080 to U+07FF.
unsigned lower_letter(unsigned c) {
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9)) return c + 32;
    if (c >= 0x410 && c <= 0x42F) return c + 32;
    if (c >= 0x400 && c <= 0x40F) return c + 80;
    const bool pairs = (c >= 0x100 && c <= 0x12F) || (c >= 0x132 && c <= 0x137) ||
                       (c >= 0x14A && c <= 0x177) || (c >= 0x460 && c <= 0x481);
    if (pairs) return c | 1u;
    const bool odd_pairs = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
    if (odd_pairs) return c + (c & 1u);
    return c;
}

unsigned flags_of(const SchemaColumn& column) {
    return (column.json ? kJson : 0) | (column.generated ? kGenerated : 0) |
           (column.invisible ? kInvisible : 0);
}

Result<SchemaTable> read_table(const Json& json) {
    if (json.at("format").get<int>() != kFormat) {
        return Error{Errc::corrupt,
                     "read a stored table: its format is not known to this version: upgrade "
                     "evenkeel"};
    }
    SchemaTable table{.database = json.at("database"), .name = json.at("table")};
    table.charset = json.at("charset");
    table.knowledge = static_cast<Knowledge>(json.at("knowledge").get<std::uint8_t>());
    if (table.knowledge > Knowledge::unknown) table.knowledge = Knowledge::unknown;
    table.why = json.at("why");
    table.primary_key = json.at("key").get<std::vector<std::string>>();
    for (const Json& column : json.at("columns")) {
        const unsigned flags = column.at(3);
        table.columns.push_back({.name = column.at(0),
                                 .column_type = column.at(1),
                                 .charset = column.at(2),
                                 .json = (flags & kJson) != 0,
                                 .generated = (flags & kGenerated) != 0,
                                 .invisible = (flags & kInvisible) != 0});
    }
    return table;
}

}  // namespace

std::string lower_case(std::string_view name) {
    std::string lower;
    lower.reserve(name.size());
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        if (c >= 'A' && c <= 'Z') {
            lower += static_cast<char>(c + 32);
        } else if ((c & 0xE0u) == 0xC0u && i + 1 < name.size()) {
            const auto next = static_cast<unsigned char>(name[++i]);
            const unsigned letter = lower_letter((c & 0x1Fu) << 6 | (next & 0x3Fu));
            lower += static_cast<char>(0xC0u | letter >> 6);
            lower += static_cast<char>(0x80u | (letter & 0x3Fu));
        } else {
            lower += static_cast<char>(c);
        }
    }
    return lower;
}

bool same_name(std::string_view a, std::string_view b) {
    return a == b || lower_case(a) == lower_case(b);
}

const SchemaColumn* SchemaTable::find(std::string_view column) const {
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const SchemaColumn& c) {
        return same_name(c.name, column);
    });
    return found == columns.end() ? nullptr : &*found;
}

TableDefinition SchemaTable::definition() const {
    TableDefinition definition{.database = database, .table = name};
    definition.primary_key = primary_key;
    for (const SchemaColumn& column : columns) {
        ColumnDefinition& to = definition.columns.emplace_back();
        to.name = column.name;
        to.column_type = column.column_type;
        to.charset = column.charset;
        to.json = column.json;
    }
    return definition;
}

std::string Schema::key(std::string_view name) const {
    return case_ == NameCase::exact ? std::string(name) : lower_case(name);
}

std::string Schema::stored(std::string name) const {
    return case_ == NameCase::lowered ? lower_case(name) : name;
}

std::string Schema::database_charset(std::string_view name) const {
    const auto found = databases_.find(key(name));
    return found == databases_.end() ? std::string() : found->second.charset;
}

void Schema::put_database(const std::string& name, const std::string& charset) {
    databases_[key(name)] = {.name = stored(name), .charset = charset};
}

void Schema::drop_database(std::string_view name) {
    for (const TableName& table : tables_of(name)) drop(table);
    databases_.erase(key(name));
}

const SchemaTable* Schema::find(const TableName& name) const {
    const auto found = tables_.find(table_key(name));
    return found == tables_.end() ? nullptr : &found->second;
}

void Schema::put(SchemaTable table) {
    table.database = stored(std::move(table.database));
    table.name = stored(std::move(table.name));
    const TableKey place = table_key({table.database, table.name});
    tables_[place] = std::move(table);
}

bool Schema::drop(const TableName& name) {
    return tables_.erase(table_key(name)) > 0;
}

std::vector<TableName> Schema::tables_of(std::string_view database) const {
    std::vector<TableName> names;
    const std::string wanted = key(database);
    for (auto it = tables_.lower_bound({wanted, ""}); it != tables_.end(); ++it) {
        if (it->first.first != wanted) break;
        names.push_back({it->second.database, it->second.name});
    }
    return names;
}

std::string to_json(const SchemaTable& table) {
    Json columns = Json::array();
    for (const SchemaColumn& column : table.columns) {
        columns.push_back(
            Json::array({column.name, column.column_type, column.charset, flags_of(column)}));
    }
    return Json{{"format", kFormat},
                {"database", table.database},
                {"table", table.name},
                {"charset", table.charset},
                {"columns", std::move(columns)},
                {"key", table.primary_key},
                {"knowledge", static_cast<unsigned>(table.knowledge)},
                {"why", table.why}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<SchemaTable> schema_table_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return Error{Errc::corrupt, "read a stored table: not a JSON object"};
    try {
        return read_table(json);
    } catch (const Json::exception& cause) {
        return Error{Errc::corrupt, std::string("read a stored table: ") + cause.what()};
    }
}

}  // namespace evenkeel::cdc
