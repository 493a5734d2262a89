// How to render the rows of one table: everything that is the same for all of its rows, worked out
// once. Built from the binlog's table map and, where that does not say enough, from the server's
// dictionary. Immutable, but its text converters are not thread-safe: one thread renders with a
// plan that has any.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/render/json_writer.h"
#include "cdc/render/number_text.h"
#include "wire/charset.h"
#include "wire/table_map.h"

namespace evenkeel::cdc {

// A column as information_schema describes it.
struct ColumnDefinition {
    std::string name{};         // COLUMN_NAME
    std::string column_type{};  // COLUMN_TYPE: "int(10) unsigned", "enum('a','b')", "uuid"
    std::string charset{};      // CHARACTER_SET_NAME; empty for NULL.
    // A CHECK_CONSTRAINTS row of the table has exactly the clause json_valid(`<name>`): MariaDB's
    // JSON is a LONGTEXT with that check.
    bool json = false;
};

struct TableDefinition {
    std::string database{};
    std::string table{};
    std::vector<ColumnDefinition> columns{};  // By ORDINAL_POSITION, invisible ones too.
    std::vector<std::string> primary_key{};   // Column names in key order.
    // Of MariaDB: so many UNIQUE keys are of the kind whose hash is a hidden column of its own,
    // behind all others in the binlog. Asked for where may_have_hashes(); 0: not known.
    std::size_t hashes = 0;
};

// What a raw value is and how it is written.
enum class ValueKind : std::uint8_t {
    // Of a fixed size.
    int8,
    uint8,
    int16,
    uint16,
    int24,
    uint24,
    int32,
    uint32,
    int64,
    uint64,
    float32,
    float64,
    decimal,
    bit,
    year,
    date,
    datetime,
    datetime_old,
    timestamp,
    timestamp_old,
    time,
    time_old,
    enumeration,
    set,
    // With their length in front.
    text,          // UTF-8.
    text_other,    // Through the converter.
    json,          // Raw when it is JSON, else a string.
    json_mysql,    // Binary, or a list of changes to the value before: see JsonPatch.
    vector,        // An array of numbers.
    binary_fixed,  // BINARY(n), base64; the binlog drops zeros at its end.
    binary,        // base64
    geometry,
    uuid,
    inet4,
    inet6,
};
inline constexpr ValueKind kLastFixedKind = ValueKind::set;
inline constexpr std::size_t kValueKinds = static_cast<std::size_t>(ValueKind::inet6) + 1;

struct ColumnPlan {
    ValueKind kind{};
    std::uint8_t size = 0;          // Of kinds of a fixed size; 0 for the others.
    std::uint8_t length_bytes = 0;  // Of the length in front of the value.
    std::uint8_t digits = 0;        // Temporal: behind the point.
    bool compressed = false;        // A COMPRESSED column: uncompress first.
    bool ascii_based = true;        // Converter: ASCII is left alone.
    bool zerofill = false;          // Integers: unsigned only because of ZEROFILL.
    std::uint16_t width = 0;        // BINARY(n): n.
    std::uint32_t json_index = 0;   // json_mysql: its number among those of the table.
    DecimalLayout decimal{};
    Literal literal{};              // ,"name":
    std::vector<Literal> labels{};  // ENUM, SET: as JSON strings.
    std::shared_ptr<const wire::TextConverter> converter{};
    std::string name{};
};

struct RowTreatment;  // row_treatment.h

struct TablePlan {
    std::string database{};
    std::string table{};
    std::uint64_t table_id = 0;
    std::vector<ColumnPlan> columns{};
    std::size_t hashes = 0;  // So many of the last columns are hidden hashes: they are not printed.
    std::vector<std::uint32_t> primary_key{};  // Indexes into columns, in key order.
    std::uint32_t json_columns = 0;            // Of kind json_mysql.

    Literal head{};                        // {"database":"d","table":"t"
    std::array<Literal, 3> type_and_ts{};  // ,"type":"insert","ts": by wire::RowsKind
    std::string primary_key_columns{};     // ["a","b"]
    // A row takes at most this much besides the content of values with a length in front.
    std::size_t fixed_bytes_max = 0;
    std::string
        unrenderable{};  // Why all of its rows are dead letters; such a plan has no columns.
    std::shared_ptr<const RowTreatment> treatment{};  // Null: rows are written as they are.
};

// The map has no column names: make_table_plan needs a definition. Where the map has them, a
// definition is still worth having with MariaDB: JSON, UUID, INET4, INET6 and VECTOR columns are
// told apart from LONGTEXT, BINARY and VARBINARY by it alone.
bool needs_definition(const wire::TableMap& map);
// Some column could be one of those that only a definition tells apart (see needs_definition).
bool wants_definition(const wire::TableMap& map);
// Columns of a MariaDB table WITH SYSTEM VERSIONING that does not declare its period, behind those
// that it declares: SELECT finds them, information_schema does not list them.
std::vector<ColumnDefinition> hidden_period();
// The map has more columns than the definition, and they may be hidden hashes.
bool may_have_hashes(const wire::TableMap& map, const TableDefinition& definition);

// `definition` may be null unless needs_definition(map).
// Errors: not_found  a definition is needed and missing;
//         conflict   the definition is not that of the map (other number, names or types of
//         columns:
//                    the table was altered in between);
//         invalid    a column type or charset that cannot be rendered; its name is in the text.
Result<TablePlan> make_table_plan(const wire::TableMap& map, const TableDefinition* definition);

}  // namespace evenkeel::cdc
