#include "wire/rows_event.h"

#include <fmt/format.h>

#include "wire/compressed.h"
#include "wire/cursor.h"

namespace evenkeel::wire {
namespace {

struct Shape {
    RowsKind kind;
    bool extra;  // Version 2: extra data behind the flags.
    bool compressed;
};

Shape shape_of(EventType type) {
    if (type == EventType::partial_update_rows) return {RowsKind::update, true, false};
    const auto number = static_cast<unsigned>(type);
    const bool compressed = number >= 166;
    const unsigned order = compressed ? number - 166 : number < 30 ? number - 23 : number - 27;
    return {static_cast<RowsKind>(order % 3), order >= 3, compressed};
}

}  // namespace

Result<std::uint64_t> rows_table_id(const Event& event) {
    Cursor cursor(event.body);
    const std::uint64_t id = cursor.u48();
    if (!cursor.ok()) return corrupt_event(event, "no room for its table id");
    return id;
}

Result<RowsKind> rows_kind(const Event& event) {
    if (!is_rows_event(event.header.type)) return corrupt_event(event, "it is no row event");
    return shape_of(event.header.type).kind;
}

Result<RowsEvent> parse_rows(const Event& event, std::string& scratch) {
    RowsEvent rows;
    EK_TRY_VOID(parse_rows(event, scratch, rows));
    return rows;
}

Result<> parse_rows(const Event& event, std::string& scratch, RowsEvent& rows) {
    if (!is_rows_event(event.header.type)) return corrupt_event(event, "it is no row event");
    const Shape shape = shape_of(event.header.type);
    Cursor cursor(event.body);
    rows.kind = shape.kind;
    rows.partial = event.header.type == EventType::partial_update_rows;
    rows.table_id = cursor.u48();
    rows.flags = cursor.u16();
    if (shape.extra) {
        const std::uint16_t size = cursor.u16();  // It counts its own two bytes.
        if (size < 2) cursor.fail();
        cursor.skip(size - 2u);
    }
    const std::uint64_t columns = cursor.lenenc();
    if (columns > 8 * cursor.left()) cursor.fail();
    const std::uint64_t bitmap_size = (columns + 7) / 8;
    rows.columns = static_cast<std::uint32_t>(columns);
    const bool before = shape.kind != RowsKind::insert;
    const bool after = shape.kind != RowsKind::remove;
    rows.before_columns = before ? cursor.take(bitmap_size) : std::string_view{};
    rows.after_columns = after ? cursor.take(bitmap_size) : std::string_view{};
    rows.rows = cursor.rest();
    if (!cursor.ok()) {
        return corrupt_event(event, fmt::format("cut at byte {} of its body", cursor.offset()));
    }
    if (shape.compressed) {
        if (const auto done = uncompress_event_part(rows.rows, scratch); !done) {
            return corrupt_event(event, done.error().what);
        }
        rows.rows = scratch;
    }
    return {};
}

}  // namespace evenkeel::wire
