// How one table is read for a bootstrap: what to select of each column, by which key to go, and the
// plan that renders the rows. Pure. A row that a SELECT gave is put into the form that the binlog
// has (row_image.h) and rendered by what renders the stream, so both print the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/render/table_plan.h"

namespace evenkeel::cdc {

// A unique key whose columns cannot be NULL.
struct KeyDefinition {
    std::string index{};  // "PRIMARY"
    std::vector<std::string> columns{};
};

// How a selected value becomes a literal that compares with its column.
enum class LiteralKind : std::uint8_t { number, text, bytes, quoted, unix_time };

struct KeyColumn {
    std::uint32_t column = 0;  // Index into the plan's columns.
    LiteralKind literal{};
    std::string charset{};  // Of LiteralKind::text.
};

struct TableLayout {
    TablePlan rows{};   // Lines of type bootstrap-insert.
    TablePlan frame{};  // bootstrap-start and bootstrap-complete: one column, which is not printed.
    std::vector<std::string> selects{};  // An SQL expression for each column.
    std::vector<bool> mysql_json{};      // By column: its text is spaced as MySQL does that.
    std::string index{};
    std::vector<KeyColumn> key{};  // Empty: the table has no key to go by.

    std::vector<std::string> key_names() const;
};

// Errors: invalid  a column that cannot be read or rendered.
Result<TableLayout> lay_out(const TableDefinition& definition,
                            const std::optional<KeyDefinition>& key);

// `text`, as selected, as an SQL literal.
std::string key_literal(const KeyColumn& column, std::string_view text);

}  // namespace evenkeel::cdc
