#include "cdc/bootstrap/table_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/text.h"
#include "sql/connection.h"
#include "wire/table_map.h"

namespace evenkeel::cdc {
namespace {

using wire::ColumnType;

// COLUMN_TYPE taken apart: its name and the numbers in its parentheses.
struct SqlType {
    std::string name{};
    unsigned first = 0;
    unsigned second = 0;
    bool has_arguments = false;
};

SqlType parse_type(std::string_view text) {
    const std::size_t end = text.find_first_of("( ");
    SqlType type{.name = std::string(text.substr(0, end))};
    if (end == std::string_view::npos || text[end] != '(') return type;
    type.has_arguments = true;
    const char* at = text.data() + end + 1;
    const char* last = text.data() + text.size();
    const auto first = std::from_chars(at, last, type.first);
    if (first.ptr < last && *first.ptr == ',') {
        std::from_chars(first.ptr + 1, last, type.second);
    }
    return type;
}

// Types that the binlog has in their own form are read as the text that the server makes of them,
// which is what the stream prints too.
bool is_read_as_text(std::string_view name) {
    return name == "uuid" || name == "inet4" || name == "inet6";
}

bool is_geometry(std::string_view name) {
    static constexpr std::string_view kNames[] = {
        "geometry",     "point",           "linestring",         "polygon",        "multipoint",
        "multipolygon", "multilinestring", "geometrycollection", "geomcollection",
    };
    return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

struct NamedType {
    std::string_view name;
    ColumnType type;
    std::uint16_t meta;
};

// Types whose binlog form needs nothing but their name. Texts get the widest length in front.
constexpr NamedType kPlainTypes[] = {
    {"tinyint", ColumnType::tiny, 0},        {"smallint", ColumnType::short_int, 0},
    {"mediumint", ColumnType::int24, 0},     {"int", ColumnType::long_int, 0},
    {"bigint", ColumnType::long_long, 0},    {"float", ColumnType::float32, 4},
    {"double", ColumnType::float64, 8},      {"year", ColumnType::year, 0},
    {"date", ColumnType::date, 0},           {"char", ColumnType::string, 1020},
    {"varchar", ColumnType::varchar, 65535}, {"varbinary", ColumnType::varchar, 65535},
    {"tinytext", ColumnType::blob, 1},       {"text", ColumnType::blob, 2},
    {"mediumtext", ColumnType::blob, 3},     {"longtext", ColumnType::blob, 4},
    {"tinyblob", ColumnType::blob, 1},       {"blob", ColumnType::blob, 2},
    {"mediumblob", ColumnType::blob, 3},     {"longblob", ColumnType::blob, 4},
};

std::size_t count_labels(std::string_view column_type) {
    std::size_t labels = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < column_type.size(); ++i) {
        if (column_type[i] == '\\' && quoted) {
            ++i;
        } else if (column_type[i] == '\'') {
            quoted = !quoted;
            if (quoted) ++labels;
            // '' inside a label closes it and opens it again.
            else if (i + 1 < column_type.size() && column_type[i + 1] == '\'')
                --labels;
        }
    }
    return labels;
}

std::uint16_t meta_of_labels(const SqlType& type, std::string_view column_type) {
    const std::size_t labels = count_labels(column_type);
    if (type.name == "enum") return labels > 255 ? 2 : 1;
    const std::size_t bytes = (labels + 7) / 8;
    return static_cast<std::uint16_t>(bytes > 4 ? 8 : bytes);
}

Result<wire::MapColumn> map_column(const ColumnDefinition& column) {
    const SqlType type = parse_type(column.column_type);
    for (const NamedType& plain : kPlainTypes) {
        if (plain.name == type.name) {
            return wire::MapColumn{.type = plain.type, .meta = plain.meta, .nullable = true};
        }
    }
    const auto with = [](ColumnType binlog, unsigned meta) {
        return wire::MapColumn{
            .type = binlog, .meta = static_cast<std::uint16_t>(meta), .nullable = true};
    };
    if (type.name == "decimal") return with(ColumnType::decimal, type.first << 8 | type.second);
    if (type.name == "bit") {
        const unsigned bits = type.has_arguments ? type.first : 1;
        return with(ColumnType::bit, bits / 8 << 8 | bits % 8);
    }
    if (type.name == "time") return with(ColumnType::time, type.first);
    if (type.name == "datetime") return with(ColumnType::datetime, type.first);
    if (type.name == "timestamp") return with(ColumnType::timestamp, type.first);
    if (type.name == "binary") {
        return with(ColumnType::string, type.has_arguments ? type.first : 1);
    }
    if (type.name == "enum") {
        return with(ColumnType::enumeration, meta_of_labels(type, column.column_type));
    }
    if (type.name == "set") return with(ColumnType::set, meta_of_labels(type, column.column_type));
    if (is_geometry(type.name)) return with(ColumnType::geometry, 4);
    return Error{Errc::invalid, fmt::format("column {} ({}): its type cannot be bootstrapped",
                                            column.name, column.column_type)};
}

// The definition under which the column's selected value is rendered.
ColumnDefinition as_selected(const ColumnDefinition& column) {
    ColumnDefinition selected = column;
    const SqlType type = parse_type(column.column_type);
    if (is_read_as_text(type.name)) {
        selected.column_type = "varchar(64)";
        selected.charset = "utf8mb4";
    } else if (type.name == "json") {  // MySQL's: its text is UTF-8.
        selected.column_type = "longtext";
        selected.charset = "utf8mb4";
        selected.json = true;
    }
    return selected;
}

std::string select_of(const ColumnPlan& column) {
    const std::string name = sql::quote_name(column.name);
    switch (column.kind) {
        // As text a FLOAT has six digits, and a DOUBLE(m,d) d behind the point.
        case ValueKind::float32:
        case ValueKind::float64: return name + " * 1e0";
        case ValueKind::bit:
        case ValueKind::enumeration:
        case ValueKind::set: return "CAST(" + name + " AS UNSIGNED)";
        case ValueKind::timestamp: return "UNIX_TIMESTAMP(" + name + ")";
        default: return name;
    }
}

KeyColumn key_column(const TablePlan& plan, const TableDefinition& definition,
                     std::uint32_t index) {
    const ColumnPlan& column = plan.columns[index];
    KeyColumn key{.column = index};
    switch (column.kind) {
        case ValueKind::date:
        case ValueKind::datetime:
        case ValueKind::time: key.literal = LiteralKind::quoted; break;
        case ValueKind::timestamp: key.literal = LiteralKind::unix_time; break;
        case ValueKind::binary:
        case ValueKind::binary_fixed: key.literal = LiteralKind::bytes; break;
        case ValueKind::text:
        case ValueKind::text_other:
        case ValueKind::json: key.literal = LiteralKind::text; break;
        default: key.literal = LiteralKind::number; break;
    }
    const SqlType type = parse_type(definition.columns[index].column_type);
    if (is_read_as_text(type.name)) {
        key.literal = LiteralKind::quoted;
    } else if (key.literal == LiteralKind::text) {
        key.charset = definition.columns[index].charset;
    }
    return key;
}

Result<> choose_key(const TableDefinition& definition, const KeyDefinition& key,
                    TableLayout& layout) {
    layout.index = key.index;
    for (const std::string& name : key.columns) {
        const auto& columns = layout.rows.columns;
        const auto found = std::find_if(columns.begin(), columns.end(),
                                        [&](const ColumnPlan& c) { return c.name == name; });
        if (found == columns.end()) {
            return Error{Errc::conflict, fmt::format("column {} of key {} is gone: the table was "
                                                     "altered just now",
                                                     name, key.index)};
        }
        const auto index = static_cast<std::uint32_t>(found - columns.begin());
        layout.key.push_back(key_column(layout.rows, definition, index));
    }
    return {};
}

// A rows event needs a column for each row to have bytes: this one is always NULL, and the renderer
// of frames leaves NULLs out.
TablePlan frame_of(const TablePlan& rows) {
    TablePlan frame{.database = rows.database, .table = rows.table};
    frame.columns.push_back({.kind = ValueKind::int8, .size = 1, .name = "nothing"});
    frame.head = rows.head;
    frame.primary_key_columns = rows.primary_key_columns;
    frame.fixed_bytes_max = rows.fixed_bytes_max;
    return frame;
}

}  // namespace

std::vector<std::string> TableLayout::key_names() const {
    std::vector<std::string> names;
    for (const KeyColumn& part : key) names.push_back(rows.columns[part.column].name);
    return names;
}

std::string key_literal(const KeyColumn& column, std::string_view text) {
    switch (column.literal) {
        case LiteralKind::number: return std::string(text);
        case LiteralKind::quoted: return sql::quote(text);
        case LiteralKind::unix_time: return fmt::format("FROM_UNIXTIME({})", text);
        case LiteralKind::bytes: return fmt::format("x'{}'", hex_encode(text));
        case LiteralKind::text: return fmt::format("_{} x'{}'", column.charset, hex_encode(text));
    }
    return {};
}

Result<TableLayout> lay_out(const TableDefinition& definition,
                            const std::optional<KeyDefinition>& key) {
    const std::string operation =
        fmt::format("bootstrap {}.{}: ", definition.database, definition.table);
    TableLayout layout;
    wire::TableMap map{.database = definition.database, .table = definition.table};
    TableDefinition selected{.database = definition.database,
                             .table = definition.table,
                             .primary_key = definition.primary_key};
    for (const ColumnDefinition& column : definition.columns) {
        selected.columns.push_back(as_selected(column));
        layout.mysql_json.push_back(parse_type(column.column_type).name == "json");
        auto mapped = map_column(selected.columns.back());
        if (!mapped) return Error{Errc::invalid, operation + mapped.error().what};
        map.columns.push_back(*std::move(mapped));
    }
    EK_TRY(layout.rows, make_table_plan(map, &selected));
    layout.rows.type_and_ts[0] = Literal(R"(,"type":"bootstrap-insert","ts":)");
    layout.frame = frame_of(layout.rows);
    for (const ColumnPlan& column : layout.rows.columns) {
        layout.selects.push_back(select_of(column));
    }
    if (key) {
        const auto chosen = choose_key(definition, *key, layout);
        if (!chosen) return Error{chosen.error().code, operation + chosen.error().what};
    }
    return layout;
}

}  // namespace evenkeel::cdc
