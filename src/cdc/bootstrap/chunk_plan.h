// How much of a table is read at once, when, and by which statement. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/instant.h"
#include "cdc/bootstrap/table_layout.h"

namespace evenkeel::cdc {

// A chunk's rows are in memory, as the server sent them and as they are printed.
inline constexpr std::uint64_t kChunkBytesMax = 8u << 20;

// The size of the next chunk. Grows back step by step after it had to shrink.
class ChunkSize {
public:
    explicit ChunkSize(std::uint64_t rows_max) : rows_max_(rows_max), rows_(rows_max) {}

    std::uint64_t rows() const { return rows_; }
    // A chunk of so many rows and bytes was taken.
    void taken(std::uint64_t rows, std::uint64_t bytes);
    // It could not be: what it has changed while it was read. A smaller one is read faster.
    void refused();

private:
    const std::uint64_t rows_max_;
    std::uint64_t rows_;
};

// When the next chunk may be read so that `rows` in all do not exceed the rate; 0: no limit.
Instant next_chunk_at(Instant started, std::uint64_t rows, std::uint64_t rows_per_second);

// Where to go on: literals of the last row's key; empty: at the beginning.
using KeyLiterals = std::vector<std::string>;

// "`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` > 2))". The first part is for the server's optimizer.
std::string behind_key(const std::vector<std::string>& columns, const KeyLiterals& last);

// The SELECT of a chunk; `rows` 0: all.
std::string chunk_query(const TableLayout& layout, const std::string& where,
                        const KeyLiterals& last, std::uint64_t rows);

}  // namespace evenkeel::cdc
