#include "wire/table_map.h"

#include <fmt/format.h>

#include <functional>

#include "wire/cursor.h"

namespace evenkeel::wire {
namespace {

// Fields of the optional metadata, as numbered in the binlog.
enum class Field : std::uint8_t {
    signs = 1,
    default_charset = 2,
    column_charsets = 3,
    names = 4,
    set_labels = 5,
    enum_labels = 6,
    geometry_types = 7,
    primary_key = 8,
    primary_key_with_prefix = 9,
    label_default_charset = 10,
    label_charsets = 11,
    visibility = 12,
    vector_dimensions = 13,
};

using Wanted = std::function<bool(const MapColumn&)>;

// Both servers count YEAR among the numbers.
bool is_number(const MapColumn& column) {
    switch (column.type) {
        case ColumnType::tiny:
        case ColumnType::short_int:
        case ColumnType::int24:
        case ColumnType::long_int:
        case ColumnType::long_long:
        case ColumnType::float32:
        case ColumnType::float64:
        case ColumnType::year:
        case ColumnType::decimal_old:
        case ColumnType::decimal: return true;
        default: return false;
    }
}

bool is_labelled(const MapColumn& column) {
    return column.type == ColumnType::enumeration || column.type == ColumnType::set;
}

// What has an entry among the character sets: also binary strings, blobs and vectors; with MariaDB
// geometry too.
bool is_string(const MapColumn& column, bool mysql) {
    switch (column.type) {
        case ColumnType::varchar:
        case ColumnType::var_string:
        case ColumnType::string:
        case ColumnType::tiny_blob:
        case ColumnType::medium_blob:
        case ColumnType::long_blob:
        case ColumnType::blob:
        case ColumnType::blob_compressed:
        case ColumnType::varchar_compressed:
        case ColumnType::vector_mysql: return true;
        case ColumnType::geometry: return !mysql;
        default: return false;
    }
}

// ENUM, SET and CHAR all come as 254, with the real type in the first byte of the metadata. CHAR
// longer than 255 bytes borrows two inverted bits of it for its length.
void resolve_string(MapColumn& column, std::uint8_t first, std::uint8_t second) {
    column.meta = second;
    if ((first & 0x30) != 0x30) {
        column.meta = static_cast<std::uint16_t>(second | ((first & 0x30) ^ 0x30) << 4);
        return;
    }
    const auto real = static_cast<ColumnType>(first);
    if (real == ColumnType::enumeration || real == ColumnType::set) column.type = real;
}

// The type of the elements, and what that type has.
void read_array_meta(Cursor& cursor, MapColumn& column);

void read_meta(Cursor& cursor, MapColumn& column) {
    switch (column.type) {
        case ColumnType::varchar:
        case ColumnType::varchar_compressed: column.meta = cursor.u16(); break;
        case ColumnType::bit: {
            const std::uint8_t bits = cursor.u8();
            column.meta = static_cast<std::uint16_t>(cursor.u8() << 8 | bits);
            break;
        }
        case ColumnType::decimal: {
            const std::uint8_t precision = cursor.u8();
            column.meta = static_cast<std::uint16_t>(precision << 8 | cursor.u8());
            break;
        }
        case ColumnType::string:
        case ColumnType::var_string:
        case ColumnType::enumeration:
        case ColumnType::set: {
            const std::uint8_t first = cursor.u8();
            const std::uint8_t second = cursor.u8();
            if (column.type == ColumnType::string)
                resolve_string(column, first, second);
            else
                column.meta = second;
            break;
        }
        case ColumnType::tiny_blob:
        case ColumnType::medium_blob:
        case ColumnType::long_blob:
        case ColumnType::blob:
        case ColumnType::blob_compressed:
        case ColumnType::geometry:
        case ColumnType::json_mysql:
        case ColumnType::vector_mysql:
        case ColumnType::float32:
        case ColumnType::float64:
        case ColumnType::timestamp:
        case ColumnType::datetime:
        case ColumnType::time: column.meta = cursor.u8(); break;
        case ColumnType::typed_array: read_array_meta(cursor, column); break;
        default: break;
    }
}

void read_array_meta(Cursor& cursor, MapColumn& column) {
    MapColumn element{.type = static_cast<ColumnType>(cursor.u8())};
    if (element.type == ColumnType::typed_array) return cursor.fail();
    if (element.type == ColumnType::varchar) return cursor.skip(3);
    read_meta(cursor, element);
    column.meta = element.meta;
}

// One bit for each wanted column, the highest of a byte first.
void read_bits(Cursor& field, TableMap& map, const Wanted& wanted, bool MapColumn::*target) {
    std::size_t index = 0;
    std::uint8_t bits = 0;
    for (MapColumn& column : map.columns) {
        if (!wanted(column)) continue;
        if (index % 8 == 0) bits = field.u8();
        column.*target = (bits >> (7 - index % 8) & 1) != 0;
        ++index;
    }
}

// One collation for each wanted column.
void read_collations(Cursor& field, TableMap& map, const Wanted& wanted) {
    for (MapColumn& column : map.columns) {
        if (wanted(column)) column.collation = static_cast<std::uint32_t>(field.lenenc());
    }
}

// A collation for all wanted columns, and (index among them, collation) for those that differ.
void read_default_collation(Cursor& field, TableMap& map, const Wanted& wanted) {
    std::vector<MapColumn*> columns;
    const auto usual = static_cast<std::uint32_t>(field.lenenc());
    for (MapColumn& column : map.columns) {
        if (!wanted(column)) continue;
        column.collation = usual;
        columns.push_back(&column);
    }
    while (field.ok() && field.left() > 0) {
        const std::uint64_t index = field.lenenc();
        const auto collation = static_cast<std::uint32_t>(field.lenenc());
        if (index >= columns.size()) return field.fail();
        columns[index]->collation = collation;
    }
}

void read_labels(Cursor& field, TableMap& map, ColumnType type) {
    for (MapColumn& column : map.columns) {
        if (column.type != type) continue;
        const std::uint64_t count = field.lenenc();
        if (count > field.left()) return field.fail();
        column.labels.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) column.labels.emplace_back(field.lenenc_text());
    }
}

void read_key(Cursor& field, TableMap& map, bool with_prefix) {
    while (field.ok() && field.left() > 0) {
        const std::uint64_t column = field.lenenc();
        const std::uint64_t prefix = with_prefix ? field.lenenc() : 0;
        if (column >= map.columns.size()) return field.fail();
        map.primary_key.push_back(
            {static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(prefix)});
    }
}

void read_field(Field kind, Cursor& field, TableMap& map) {
    const auto text = [&map](const MapColumn& column) { return is_string(column, map.mysql); };
    switch (kind) {
        case Field::signs:
            map.has_signs = true;
            return read_bits(field, map, is_number, &MapColumn::is_unsigned);
        case Field::default_charset:
            map.has_charsets = true;
            return read_default_collation(field, map, text);
        case Field::column_charsets:
            map.has_charsets = true;
            return read_collations(field, map, text);
        case Field::names:
            map.has_names = true;
            for (MapColumn& column : map.columns) column.name = field.lenenc_text();
            return;
        case Field::set_labels: return read_labels(field, map, ColumnType::set);
        case Field::enum_labels: return read_labels(field, map, ColumnType::enumeration);
        case Field::primary_key: return read_key(field, map, false);
        case Field::primary_key_with_prefix: return read_key(field, map, true);
        case Field::label_default_charset: return read_default_collation(field, map, is_labelled);
        case Field::label_charsets: return read_collations(field, map, is_labelled);
        case Field::visibility:
            return read_bits(
                field, map, [](const MapColumn&) { return true; }, &MapColumn::visible);
        case Field::geometry_types:
            for (MapColumn& column : map.columns) {
                if (column.type != ColumnType::geometry) continue;
                column.geometry = static_cast<std::uint8_t>(field.lenenc());
            }
            return;
        case Field::vector_dimensions:
            for (MapColumn& column : map.columns) {
                if (column.type != ColumnType::vector_mysql) continue;
                column.dimensions = static_cast<std::uint32_t>(field.lenenc());
            }
            return;
    }
    // A field of a later server: its length was in front of it.
}

void read_optional(Cursor& cursor, TableMap& map) {
    while (cursor.ok() && cursor.left() > 0) {
        const auto kind = static_cast<Field>(cursor.u8());
        Cursor field(cursor.lenenc_text());
        if (!cursor.ok()) return;
        read_field(kind, field, map);
        if (!field.ok()) return cursor.fail();
    }
}

}  // namespace

Result<std::uint64_t> table_id_of(const Event& event) {
    Cursor cursor(event.body);
    const std::uint64_t id = cursor.u48();
    if (!cursor.ok()) return corrupt_event(event, "no room for its table id");
    return id;
}

Result<TableMap> parse_table_map(const Event& event) {
    Cursor cursor(event.body);
    TableMap map{.table_id = cursor.u48(), .mysql = event.mysql};
    cursor.skip(2);  // Flags.
    map.database = cursor.take(cursor.u8());
    cursor.skip(1);
    map.table = cursor.take(cursor.u8());
    cursor.skip(1);
    const std::string_view types = cursor.lenenc_text();
    Cursor metas(cursor.lenenc_text());
    for (const char type : types) {
        MapColumn column{.type = static_cast<ColumnType>(type)};
        read_meta(metas, column);
        map.columns.push_back(std::move(column));
    }
    const std::string_view nullable = cursor.take((types.size() + 7) / 8);
    for (std::size_t i = 0; cursor.ok() && i < types.size(); ++i) {
        map.columns[i].nullable = (static_cast<unsigned char>(nullable[i / 8]) >> i % 8 & 1) != 0;
    }
    read_optional(cursor, map);
    if (!cursor.ok() || !metas.ok() || metas.left() > 0) {
        return corrupt_event(
            event, fmt::format("cut or damaged before byte {} of its body", cursor.offset()));
    }
    // Names come with full metadata alone; what is then missing has no column that it could be for.
    map.has_labels = map.has_names;
    map.has_signs = map.has_signs || map.has_names;
    map.has_charsets = map.has_charsets || map.has_names;
    return map;
}

}  // namespace evenkeel::wire
