// Maxwell's keys and partitions of rows, for sinks that have them. Pure: what is random is drawn
// from a number that the caller gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cdc/config.h"
#include "cdc/render/byte_buffer.h"

namespace evenkeel::cdc {

// A value of a row, as keys have it.
struct KeyValue {
    std::string_view column{};
    std::string_view json{};  // As it stands in the line; "null" for NULL.
};

// Appends the key of a row: hash {"database":…,"table":…,"pk.<column>":…}, array
// [database,table,[{column:value},…]]. A row without a primary key gets, in a hash, a UUID made of
// `random`, which has to be another number for each row.
void append_key(KeyFormat format, std::string_view database, std::string_view table,
                const std::vector<KeyValue>& primary_key, std::uint64_t random, ByteBuffer& out);

// What a row's partition is computed from.
struct PartitionFacts {
    std::string_view database{};
    std::string_view table{};
    std::optional<std::uint64_t> xid{};
    std::optional<std::uint32_t> thread_id{};
    const std::vector<KeyValue>* primary_key = nullptr;
    const std::vector<KeyValue>* columns = nullptr;  // Those of producer_partition_columns.
    std::uint64_t random = 0;
};

// The text that is hashed, appended to `out`.
void append_partition_text(const KeyConfig& config, const PartitionFacts& facts, std::string& out);

// Java's String.hashCode of UTF-8 text.
std::int32_t java_hash(std::string_view text);
// MurmurHash3 for x86, 32 bits; Maxwell's seed is 25342.
std::int32_t murmur3_hash(std::string_view text, std::uint32_t seed = 25342);
std::int32_t partition_hash(PartitionHash hash, std::string_view text);
// `partitions` is at least 1.
std::uint32_t partition_of(std::int32_t hash, std::uint32_t partitions);

// The keys of lines in a buffer, for a sink that sends each line by itself; see
// RowRenderer::collect_keys().
struct RowKeys {
    struct Row {
        std::size_t line_end = 0;  // In the lines; it begins where the one before ends.
        std::size_t key_end = 0;   // In `bytes`, likewise.
        std::int32_t hash = 0;     // For partition_of().
    };
    ByteBuffer bytes{};
    std::vector<Row> rows{};
    std::uint64_t random = 0;  // Set it to a number of its own for each stream.

    void clear() {
        bytes.clear();
        rows.clear();
    }
};

}  // namespace evenkeel::cdc
