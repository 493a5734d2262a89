#include "cdc/bootstrap/chunk_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

void ChunkSize::taken(std::uint64_t rows, std::uint64_t bytes) {
    rows_ = std::min(rows_ * 2, rows_max_);
    if (rows == 0) return;
    const std::uint64_t row = std::max<std::uint64_t>(1, bytes / rows);
    rows_ = std::clamp<std::uint64_t>(kChunkBytesMax / row, 1, rows_);
}

void ChunkSize::refused() {
    rows_ = std::max<std::uint64_t>(1, rows_ / 2);
}

Instant next_chunk_at(Instant started, std::uint64_t rows, std::uint64_t rows_per_second) {
    if (rows_per_second == 0) return started;
    return started + Millis(rows * 1000 / rows_per_second);
}

std::string behind_key(const std::vector<std::string>& columns, const KeyLiterals& last) {
    std::string text;
    for (std::size_t i = columns.size(); i-- > 0;) {
        const std::string name = sql::quote_name(columns[i]);
        text = text.empty()
                   ? fmt::format("{} > {}", name, last[i])
                   : fmt::format("({0} > {1} OR ({0} = {1} AND {2}))", name, last[i], text);
    }
    if (columns.size() < 2) return text;
    return fmt::format("{} >= {} AND {}", sql::quote_name(columns[0]), last[0], text);
}

std::string chunk_query(const TableLayout& layout, const std::string& where,
                        const KeyLiterals& last, std::uint64_t rows) {
    std::string query =
        fmt::format("SELECT {} FROM {}.{}", join(layout.selects, ", "),
                    sql::quote_name(layout.rows.database), sql::quote_name(layout.rows.table));
    std::vector<std::string> names;
    for (const std::string& name : layout.key_names()) names.push_back(sql::quote_name(name));
    if (!names.empty()) query += fmt::format(" FORCE INDEX ({})", sql::quote_name(layout.index));
    std::vector<std::string> conditions;
    if (!last.empty()) conditions.push_back(behind_key(layout.key_names(), last));
    // On a line of its own: a comment at its end must not take the parenthesis along.
    if (!where.empty()) conditions.push_back(fmt::format("({}\n)", where));
    if (!conditions.empty()) query += " WHERE " + join(conditions, " AND ");
    if (!names.empty()) query += " ORDER BY " + join(names, ", ");
    if (rows > 0) query += fmt::format(" LIMIT {}", rows);
    return query;
}

}  // namespace evenkeel::cdc
