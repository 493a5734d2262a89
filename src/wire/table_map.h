// TABLE_MAP: the table that the row events behind it change, with its columns. Owns its texts.
//
// With binlog_row_metadata=FULL (MariaDB 10.5+, MySQL 8.0+) names, signs, character sets, labels
// and the key are here; with MINIMAL signs and character sets; with NO_LOG and from older servers
// only types, and the rest has to come from the server's dictionary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "wire/binlog_event.h"

namespace evenkeel::wire {

// Column types as the binlog writes them; `string` stands for CHAR, BINARY, UUID, INET4 and INET6,
// with ENUM and SET already told apart.
enum class ColumnType : std::uint8_t {
    decimal_old = 0,
    tiny = 1,
    short_int = 2,
    long_int = 3,
    float32 = 4,
    float64 = 5,
    null = 6,
    timestamp_old = 7,
    long_long = 8,
    int24 = 9,
    date = 10,
    time_old = 11,
    datetime_old = 12,
    year = 13,
    new_date = 14,
    varchar = 15,
    bit = 16,
    timestamp = 17,
    datetime = 18,
    time = 19,
    typed_array = 20,       // MySQL: the hidden column of a multi-valued index.
    blob_compressed = 140,  // MariaDB COMPRESSED columns.
    varchar_compressed = 141,
    vector_mysql = 242,
    json_mysql = 245,
    decimal = 246,
    enumeration = 247,
    set = 248,
    tiny_blob = 249,
    medium_blob = 250,
    long_blob = 251,
    blob = 252,
    var_string = 253,
    string = 254,
    geometry = 255,
};

struct MapColumn {
    ColumnType type{};
    // varchar, string: bytes at most; decimal: precision << 8 | scale; bit: bytes << 8 | odd bits;
    // blob, geometry, json, vector: bytes of the length; temporal: fraction digits; enum, set:
    // bytes.
    std::uint16_t meta = 0;
    bool nullable = false;

    // With full metadata only; see TableMap::has_….
    bool is_unsigned = false;
    std::uint32_t collation = 0;  // 0: not a text, or unknown.
    std::string name{};
    std::vector<std::string> labels{};  // ENUM and SET, in the bytes of the column's charset.
    bool visible = true;                // MySQL alone says it.
    std::uint8_t geometry = 0;          // 0: any; 1: POINT … 7: GEOMETRYCOLLECTION.
    std::uint32_t dimensions = 0;       // MySQL's VECTOR.
};

struct KeyPart {
    std::uint32_t column = 0;  // Index into columns.
    std::uint32_t prefix = 0;  // Characters; 0: the whole column.
};

struct TableMap {
    std::uint64_t table_id = 0;
    std::string database{};
    std::string table{};
    std::vector<MapColumn> columns{};
    bool mysql = false;                  // Whose table it is.
    std::vector<KeyPart> primary_key{};  // With full metadata only; empty: none or unknown.
    bool has_signs = false;
    bool has_charsets = false;
    bool has_names = false;
    bool has_labels = false;
};

// The id that row events refer to, without parsing the rest. Compare the whole body with the one
// seen last under this id before parsing again: the server repeats it for every statement.
// Errors: corrupt.
Result<std::uint64_t> table_id_of(const Event& event);

// Errors: corrupt.
Result<TableMap> parse_table_map(const Event& event);

}  // namespace evenkeel::wire
