// Gathers a row's key while it is rendered, and writes it into RowKeys. Keeps its memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cdc/message_key.h"

namespace evenkeel::cdc {

class KeyCollector {
public:
    KeyCollector(const KeyConfig& config, RowKeys& keys) : config_(config), keys_(&keys) {}

    struct Mark {
        std::size_t rows = 0;
        std::size_t bytes = 0;
    };
    Mark mark() const { return {keys_->rows.size(), keys_->bytes.size()}; }
    void back_to(const Mark& mark) {
        keys_->rows.resize(mark.rows);
        keys_->bytes.truncate(mark.bytes);
    }

    const std::vector<std::string>& partition_columns() const { return config_.partition_columns; }

    void begin_row();
    // Of the primary key, or of the columns to partition by.
    void add(std::string_view column, std::string_view json, bool partition);
    void end_row(std::string_view database, std::string_view table,
                 std::optional<std::uint64_t> xid, std::optional<std::uint32_t> thread_id);
    // The last row's line ends there.
    void end_line(std::size_t at) {
        if (!keys_->rows.empty()) keys_->rows.back().line_end = at;
    }

private:
    struct Value {
        std::string_view column{};
        std::size_t begin = 0;
        std::size_t size = 0;
        bool partition = false;
    };

    KeyConfig config_;
    RowKeys* keys_;
    std::vector<Value> values_;
    std::string texts_;  // JSON of the values.
    std::vector<KeyValue> primary_key_;
    std::vector<KeyValue> columns_;
    std::string hashed_;
};

}  // namespace evenkeel::cdc
