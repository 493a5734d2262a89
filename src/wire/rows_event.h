// WRITE_ROWS, UPDATE_ROWS and DELETE_ROWS in all their versions, compressed or not, and
// PARTIAL_UPDATE_ROWS. Rows stay raw: what they mean depends on the table map.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/binlog_event.h"

namespace evenkeel::wire {

enum class RowsKind : std::uint8_t { insert, update, remove };

struct RowsEvent {
    RowsKind kind{};
    std::uint64_t table_id = 0;
    std::uint16_t flags = 0;
    std::uint32_t columns = 0;
    // Bit i: column i is in the images. Insert: `after` alone; delete: `before` alone.
    std::string_view before_columns{};
    std::string_view after_columns{};
    std::string_view rows{};
    // PARTIAL_UPDATE_ROWS: in front of the null bits of each after image are value options (a
    // length-encoded integer) and, when they say so, one bit for each JSON column of the table:
    // set when the value is a list of JSON diffs.
    bool partial = false;

    static constexpr std::uint64_t kPartialJson = 1;  // Among the value options.
    bool end_of_statement() const { return (flags & 1) != 0; }
    // The table id of an event that only ends a statement and has no rows.
    static constexpr std::uint64_t kNoTable = 0xFFFFFF;
};

// The id alone, to find the table without uncompressing. Errors: corrupt.
Result<std::uint64_t> rows_table_id(const Event& event);

// Errors: corrupt  it is no row event.
Result<RowsKind> rows_kind(const Event& event);

// `scratch` receives the rows of a compressed event and must outlive them. Errors: corrupt.
Result<RowsEvent> parse_rows(const Event& event, std::string& scratch);
// The same into `rows`, which is of no use after an error.
Result<> parse_rows(const Event& event, std::string& scratch, RowsEvent& rows);

}  // namespace evenkeel::wire
