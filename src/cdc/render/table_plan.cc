#include "cdc/render/table_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "cdc/render/number_text.h"
#include "cdc/render/temporal_text.h"
#include "cdc/sql_escape.h"

namespace evenkeel::cdc {
namespace {

using wire::ColumnType;
using wire::MapColumn;

// Text that a value of a kind can take at most besides its content.
constexpr std::size_t kValueMax = 96;

// COLUMN_TYPE taken apart: "enum", and what stands behind it.
struct SqlType {
    std::string_view name;
    std::string_view rest;
};

SqlType split_type(std::string_view column_type) {
    const std::size_t end = column_type.find_first_of("( ");
    if (end == std::string_view::npos) return {column_type, {}};
    return {column_type.substr(0, end), column_type.substr(end)};
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// The number in the parentheses, 0 without.
unsigned first_number(std::string_view rest) {
    const std::size_t open = rest.find('(');
    if (open == std::string_view::npos) return 0;
    const std::size_t end = rest.find_first_not_of("0123456789", open + 1);
    return static_cast<unsigned>(parse_number(rest.substr(open + 1, end - open - 1)).value_or(0));
}

// The labels of "('a','b''c')": quotes are doubled, backslashes escape.
std::vector<std::string> parse_labels(std::string_view rest) {
    std::vector<std::string> labels;
    std::string label;
    bool quoted = false;
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const char c = rest[i];
        if (!quoted) {
            if (c == ')') break;
            quoted = c == '\'';
        } else if (c == '\\' && i + 1 < rest.size()) {
            label += sql_unescaped(rest[++i]);
        } else if (c != '\'') {
            label += c;
        } else if (i + 1 < rest.size() && rest[i + 1] == '\'') {
            label += rest[++i];
        } else {
            labels.push_back(std::move(label));
            label.clear();
            quoted = false;
        }
    }
    return labels;
}

bool is_blob(ColumnType type) {
    return type == ColumnType::blob || type == ColumnType::tiny_blob ||
           type == ColumnType::medium_blob || type == ColumnType::long_blob ||
           type == ColumnType::blob_compressed;
}

bool is_varchar(ColumnType type) {
    return type == ColumnType::varchar || type == ColumnType::var_string ||
           type == ColumnType::varchar_compressed;
}

// Whether these have a fraction, and thus another format, is not in the map.
bool is_old_temporal(ColumnType type) {
    return type == ColumnType::time_old || type == ColumnType::datetime_old ||
           type == ColumnType::timestamp_old;
}

// The binlog's types of an SQL type. Types that are not here are not compared.
struct Family {
    std::string_view sql;
    bool (*fits)(ColumnType);
};

template <ColumnType... kTypes>
bool one_of(ColumnType type) {
    return ((type == kTypes) || ...);
}

constexpr Family kFamilies[] = {
    {"tinyint", one_of<ColumnType::tiny>},
    {"smallint", one_of<ColumnType::short_int>},
    {"mediumint", one_of<ColumnType::int24>},
    {"int", one_of<ColumnType::long_int>},
    {"bigint", one_of<ColumnType::long_long>},
    {"float", one_of<ColumnType::float32>},
    {"double", one_of<ColumnType::float64>},
    {"decimal", one_of<ColumnType::decimal>},
    {"bit", one_of<ColumnType::bit>},
    {"year", one_of<ColumnType::year>},
    {"date", one_of<ColumnType::date, ColumnType::new_date>},
    {"time", one_of<ColumnType::time, ColumnType::time_old>},
    {"datetime", one_of<ColumnType::datetime, ColumnType::datetime_old>},
    {"timestamp", one_of<ColumnType::timestamp, ColumnType::timestamp_old>},
    {"char", one_of<ColumnType::string>},
    {"binary", one_of<ColumnType::string>},
    {"uuid", one_of<ColumnType::string>},
    {"inet4", one_of<ColumnType::string>},
    {"inet6", one_of<ColumnType::string>},
    {"enum", one_of<ColumnType::enumeration>},
    {"set", one_of<ColumnType::set>},
    {"json", one_of<ColumnType::json_mysql, ColumnType::long_blob, ColumnType::blob>},
    {"vector", one_of<ColumnType::vector_mysql, ColumnType::varchar>},
    {"varchar", is_varchar},
    {"varbinary", is_varchar},
    {"tinytext", is_blob},
    {"text", is_blob},
    {"mediumtext", is_blob},
    {"longtext", is_blob},
    {"tinyblob", is_blob},
    {"blob", is_blob},
    {"mediumblob", is_blob},
    {"longblob", is_blob},
};

bool fits(ColumnType type, std::string_view sql) {
    for (const Family& family : kFamilies) {
        if (family.sql == sql) return family.fits(type);
    }
    return true;
}

class ColumnPlanner {
public:
    ColumnPlanner(const MapColumn& column, const wire::TableMap& map,
                  const ColumnDefinition* definition)
        : column_(column), map_(map), definition_(definition) {
        if (definition != nullptr) sql_ = split_type(definition->column_type);
    }

    Result<ColumnPlan> plan() {
        plan_.name = map_.has_names ? column_.name : definition_->name;
        plan_.literal = Literal("," + json_string(plan_.name) + ":");
        EK_TRY_VOID(choose());
        return std::move(plan_);
    }

private:
    Error unsupported(std::string_view why) const {
        return {Errc::invalid, fmt::format("column {} ({}): {}", plan_.name,
                                           definition_ != nullptr
                                               ? definition_->column_type
                                               : fmt::format("binlog type {}",
                                                             static_cast<unsigned>(column_.type)),
                                           why)};
    }

    bool is_unsigned() const {
        if (map_.has_signs) return column_.is_unsigned;
        return contains(sql_.rest, "unsigned") || contains(sql_.rest, "zerofill");
    }

    Result<> fixed(ValueKind kind, unsigned size) {
        plan_.kind = kind;
        plan_.size = static_cast<std::uint8_t>(size);
        return {};
    }

    Result<> integer(ValueKind with_sign, ValueKind without, unsigned size) {
        plan_.zerofill = contains(sql_.rest, "zerofill");
        return fixed(is_unsigned() ? without : with_sign, size);
    }

    Result<> choose() {
        switch (column_.type) {
            case ColumnType::tiny: return integer(ValueKind::int8, ValueKind::uint8, 1);
            case ColumnType::short_int: return integer(ValueKind::int16, ValueKind::uint16, 2);
            case ColumnType::int24: return integer(ValueKind::int24, ValueKind::uint24, 3);
            case ColumnType::long_int: return integer(ValueKind::int32, ValueKind::uint32, 4);
            case ColumnType::long_long: return integer(ValueKind::int64, ValueKind::uint64, 8);
            case ColumnType::float32: return fixed(ValueKind::float32, 4);
            case ColumnType::float64: return fixed(ValueKind::float64, 8);
            case ColumnType::decimal: return decimal();
            case ColumnType::bit: return bit();
            case ColumnType::year: return fixed(ValueKind::year, 1);
            case ColumnType::date:
            case ColumnType::new_date: return fixed(ValueKind::date, 3);
            case ColumnType::timestamp: return temporal(ValueKind::timestamp, 4);
            case ColumnType::datetime: return temporal(ValueKind::datetime, 5);
            case ColumnType::time: return temporal(ValueKind::time, 3);
            case ColumnType::timestamp_old: return old_temporal(ValueKind::timestamp_old, 4);
            case ColumnType::datetime_old: return old_temporal(ValueKind::datetime_old, 8);
            case ColumnType::time_old: return old_temporal(ValueKind::time_old, 3);
            case ColumnType::enumeration:
            case ColumnType::set: return labelled();
            case ColumnType::varchar:
            case ColumnType::var_string:
            case ColumnType::varchar_compressed:
                plan_.compressed = column_.type == ColumnType::varchar_compressed;
                return varchar();
            case ColumnType::string: return fixed_width();
            case ColumnType::tiny_blob: return text_or_binary(1);
            case ColumnType::medium_blob: return text_or_binary(3);
            case ColumnType::long_blob: return text_or_binary(4);
            case ColumnType::blob:
            case ColumnType::blob_compressed:
                plan_.compressed = column_.type == ColumnType::blob_compressed;
                return blob();
            case ColumnType::geometry:
                plan_.kind = ValueKind::geometry;
                return length(column_.meta);
            case ColumnType::json_mysql:
                plan_.kind = ValueKind::json_mysql;
                return length(column_.meta);
            case ColumnType::vector_mysql:
                plan_.kind = ValueKind::vector;
                return length(column_.meta);
            case ColumnType::decimal_old:
            case ColumnType::null:
            case ColumnType::typed_array: break;
        }
        return unsupported("its type cannot be rendered");
    }

    Result<> length(unsigned bytes) {
        if (bytes < 1 || bytes > 4) return unsupported("impossible length of its length");
        plan_.length_bytes = static_cast<std::uint8_t>(bytes);
        return {};
    }

    Result<> decimal() {
        const unsigned digits = column_.meta >> 8;
        const unsigned scale = column_.meta & 0xFF;
        if (digits < 1 || digits > 65 || scale > 38 || scale > digits) {
            return unsupported("impossible precision");
        }
        plan_.decimal = DecimalLayout(digits, scale);
        return fixed(ValueKind::decimal, plan_.decimal.size);
    }

    Result<> bit() {
        const unsigned size = (column_.meta >> 8) + ((column_.meta & 0xFF) > 0 ? 1u : 0u);
        if (size < 1 || size > 8) return unsupported("impossible width");
        return fixed(ValueKind::bit, size);
    }

    Result<> temporal(ValueKind kind, unsigned size) {
        if (column_.meta > 6) return unsupported("impossible precision");
        plan_.digits = static_cast<std::uint8_t>(column_.meta);
        return fixed(kind, size + fraction_size(column_.meta));
    }

    Result<> old_temporal(ValueKind kind, unsigned size) {
        if (first_number(sql_.rest) > 0) {
            return unsupported(
                "the format of MariaDB 5.3 for fractions cannot be rendered; "
                "rebuild the table with ALTER TABLE ... FORCE");
        }
        return fixed(kind, size);
    }

    Result<> labelled() {
        std::vector<std::string> labels;
        if (!column_.labels.empty()) {
            EK_TRY(const wire::Charset charset, wire::charset_of_collation(column_.collation));
            std::optional<wire::TextConverter> converter;
            if (charset.kind == wire::CharsetKind::other) {
                EK_TRY(converter, wire::TextConverter::open(charset));
            }
            for (const std::string& raw : column_.labels) {
                std::string& label = labels.emplace_back(raw);
                if (converter) converter->to_utf8(raw, label);
            }
        } else {
            labels = parse_labels(sql_.rest);
        }
        if (labels.empty()) return unsupported("its labels are unknown");
        for (const std::string& label : labels) plan_.labels.emplace_back(json_string(label));
        const bool set = column_.type == ColumnType::set;
        const unsigned size = column_.meta & 0xFF;
        if (size < 1 || size > (set ? 8u : 2u) || (set && labels.size() > 64)) {
            return unsupported("impossible width");
        }
        return fixed(set ? ValueKind::set : ValueKind::enumeration, size);
    }

    // VARCHAR, VARBINARY, and MariaDB's VECTOR, which is stored as the latter.
    Result<> varchar() {
        EK_TRY_VOID(text_or_binary(column_.meta > 255 ? 2 : 1));
        if (plan_.kind == ValueKind::binary && sql_.name == "vector") {
            plan_.kind = ValueKind::vector;
        }
        return {};
    }

    // CHAR, BINARY, and the types that are stored as BINARY.
    Result<> fixed_width() {
        EK_TRY_VOID(text_or_binary(column_.meta > 255 ? 2 : 1));
        if (plan_.kind != ValueKind::binary) return {};
        plan_.kind = sql_.name == "uuid"    ? ValueKind::uuid
                     : sql_.name == "inet4" ? ValueKind::inet4
                     : sql_.name == "inet6" ? ValueKind::inet6
                                            : ValueKind::binary_fixed;
        plan_.width = column_.meta;
        return {};
    }

    Result<> blob() {
        EK_TRY_VOID(text_or_binary(column_.meta));
        const bool json = definition_ != nullptr && definition_->json;
        if (json && plan_.kind != ValueKind::binary) plan_.kind = ValueKind::json;
        return {};
    }

    Result<> text_or_binary(unsigned length_bytes) {
        EK_TRY_VOID(length(length_bytes));
        EK_TRY(const wire::Charset charset, find_charset());
        plan_.ascii_based = charset.ascii_based;
        switch (charset.kind) {
            case wire::CharsetKind::binary: plan_.kind = ValueKind::binary; break;
            case wire::CharsetKind::utf8: plan_.kind = ValueKind::text; break;
            case wire::CharsetKind::other: {
                plan_.kind = ValueKind::text_other;
                auto converter = wire::TextConverter::open(charset);
                if (!converter) return unsupported(converter.error().what);
                plan_.converter =
                    std::make_shared<const wire::TextConverter>(*std::move(converter));
                break;
            }
        }
        return {};
    }

    Result<wire::Charset> find_charset() const {
        if (map_.has_charsets) {
            auto charset = wire::charset_of_collation(column_.collation);
            if (!charset) return unsupported(charset.error().what);
            return charset;
        }
        if (definition_ == nullptr) return unsupported("its charset is unknown");
        if (definition_->charset.empty()) return wire::charset_by_name("binary");
        auto charset = wire::charset_by_name(definition_->charset);
        if (!charset) return unsupported(charset.error().what);
        return charset;
    }

    const MapColumn& column_;
    const wire::TableMap& map_;
    const ColumnDefinition* definition_;
    SqlType sql_{};
    ColumnPlan plan_{};
};

std::size_t fixed_bytes(const ColumnPlan& column) {
    std::size_t labels = 0;
    for (const Literal& label : column.labels) {
        labels = column.kind == ValueKind::set ? labels + label.size() + 1
                                               : std::max(labels, label.size());
    }
    return column.literal.size() + labels + kValueMax;
}

Error changed(const wire::TableMap& map, std::string_view why) {
    return {Errc::conflict,
            fmt::format("plan table {}.{}: the definition is not that of the binlog: {}",
                        map.database, map.table, why)};
}

bool is_hash(const MapColumn& column) {
    return column.type == ColumnType::long_long && column.is_unsigned &&
           column.name.starts_with("DB_ROW_HASH_");
}

// What MariaDB's binlog has and information_schema has not, in this order: the hidden period, and
// the hashes of UNIQUE keys that are too long for an index, which SELECT does not find.
std::optional<TableDefinition> with_hidden(const wire::TableMap& map,
                                           const TableDefinition& definition) {
    constexpr std::uint32_t kMicroseconds = 6;
    const std::size_t shown = map.columns.size() - std::min(definition.hashes, map.columns.size());
    TableDefinition whole = definition;
    if (map.mysql || map.columns.size() <= whole.columns.size()) return {};
    if (shown == whole.columns.size() + 2) {
        for (ColumnDefinition& moment : hidden_period()) {
            const MapColumn& column = map.columns[whole.columns.size()];
            const bool is_moment =
                column.type == ColumnType::timestamp && column.meta == kMicroseconds;
            if (!is_moment) return {};
            whole.columns.push_back(std::move(moment));
        }
    }
    if (shown != whole.columns.size()) return {};
    for (std::size_t i = 1; i <= whole.hashes; ++i) {
        whole.columns.push_back(
            {.name = fmt::format("DB_ROW_HASH_{}", i), .column_type = "bigint unsigned"});
    }
    return whole;
}

// A column of such a name that is declared is its owner's.
std::size_t count_named_hashes(const wire::TableMap& map, const TableDefinition* aligned) {
    std::size_t count = 0;
    for (std::size_t i = map.columns.size(); i-- > 0; ++count) {
        const bool declared = aligned != nullptr && !aligned->columns[i].column_type.empty();
        if (declared || !is_hash(map.columns[i])) break;
    }
    return count;
}

Result<> compare(const wire::TableMap& map, const TableDefinition& definition) {
    if (definition.columns.size() != map.columns.size()) {
        return changed(map, fmt::format("{} columns and not {}", definition.columns.size(),
                                        map.columns.size()));
    }
    for (std::size_t i = 0; i < map.columns.size(); ++i) {
        const ColumnDefinition& column = definition.columns[i];
        if (map.has_names && map.columns[i].name != column.name) {
            return changed(map, fmt::format("column {} is called {} and not {}", i + 1, column.name,
                                            map.columns[i].name));
        }
        if (!fits(map.columns[i].type, split_type(column.column_type).name)) {
            return changed(map, fmt::format("column {} is {}", column.name, column.column_type));
        }
    }
    return {};
}

Result<> plan_key(const wire::TableMap& map, const TableDefinition* definition, TablePlan& plan) {
    if (map.has_names) {
        for (const wire::KeyPart& part : map.primary_key) plan.primary_key.push_back(part.column);
    } else {
        for (const std::string& name : definition->primary_key) {
            const auto found =
                std::find_if(plan.columns.begin(), plan.columns.end(),
                             [&](const ColumnPlan& column) { return column.name == name; });
            if (found == plan.columns.end()) return changed(map, "no column " + name);
            plan.primary_key.push_back(static_cast<std::uint32_t>(found - plan.columns.begin()));
        }
    }
    std::vector<std::string> names;
    for (const std::uint32_t index : plan.primary_key) {
        names.push_back(json_string(plan.columns[index].name));
    }
    plan.primary_key_columns = "[" + join(names, ",") + "]";
    return {};
}

}  // namespace

bool needs_definition(const wire::TableMap& map) {
    return !map.has_names;
}

bool wants_definition(const wire::TableMap& map) {
    constexpr std::uint32_t kBinary = 63;
    if (!map.has_names) return true;
    if (map.mysql) return false;
    if (!map.columns.empty() && is_hash(map.columns.back())) return true;
    return std::any_of(map.columns.begin(), map.columns.end(), [&](const MapColumn& column) {
        if (is_old_temporal(column.type)) return true;
        // A VECTOR has four bytes a number.
        if (is_varchar(column.type)) return column.collation == kBinary && column.meta % 4 == 0;
        if (is_blob(column.type)) return column.collation != kBinary && column.meta == 4;
        return column.type == ColumnType::string && column.collation == kBinary &&
               (column.meta == 16 || column.meta == 4);
    });
}

std::vector<ColumnDefinition> hidden_period() {
    return {{.name = "row_start", .column_type = "timestamp(6)"},
            {.name = "row_end", .column_type = "timestamp(6)"}};
}

bool may_have_hashes(const wire::TableMap& map, const TableDefinition& definition) {
    return !map.mysql && map.columns.size() > definition.columns.size() &&
           map.columns.back().type == ColumnType::long_long;
}

Result<TablePlan> make_table_plan(const wire::TableMap& map, const TableDefinition* definition) {
    if (definition == nullptr && needs_definition(map)) {
        return Error{Errc::not_found,
                     fmt::format("plan table {}.{}: the binlog has no column names and there is no "
                                 "definition; set binlog_row_metadata=FULL",
                                 map.database, map.table)};
    }
    std::optional<TableDefinition> whole;
    if (definition != nullptr) {
        whole = with_hidden(map, *definition);
        if (whole) definition = &*whole;
        EK_TRY_VOID(compare(map, *definition));
    }
    TablePlan plan{.database = map.database, .table = map.table, .table_id = map.table_id};
    if (whole) plan.hashes = whole->hashes;
    if (map.has_names && !map.mysql) plan.hashes = count_named_hashes(map, definition);
    for (std::size_t i = 0; i < map.columns.size(); ++i) {
        ColumnPlanner planner(map.columns[i], map,
                              definition != nullptr ? &definition->columns[i] : nullptr);
        auto column = planner.plan();
        if (!column) {
            return Error{column.error().code, fmt::format("plan table {}.{}: {}", map.database,
                                                          map.table, column.error().what)};
        }
        plan.fixed_bytes_max += fixed_bytes(*column);
        if (column->kind == ValueKind::json_mysql) column->json_index = plan.json_columns++;
        plan.columns.push_back(*std::move(column));
    }
    EK_TRY_VOID(plan_key(map, definition, plan));
    plan.fixed_bytes_max += plan.primary_key_columns.size();
    plan.head = Literal("{\"database\":" + json_string(map.database) +
                        ",\"table\":" + json_string(map.table));
    constexpr const char* kTypes[] = {"insert", "update", "delete"};
    for (std::size_t i = 0; i < plan.type_and_ts.size(); ++i) {
        plan.type_and_ts[i] = Literal(fmt::format(",\"type\":\"{}\",\"ts\":", kTypes[i]));
    }
    return plan;
}

}  // namespace evenkeel::cdc
