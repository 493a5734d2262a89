// A raw value by itself, as JSON or as plain text: for comparing, hashing and keys. Rows are
// written by row_renderer.h, which does not need this for what is only shown.
#pragma once

#include <optional>
#include <string_view>

#include "cdc/render/byte_buffer.h"
#include "cdc/render/value_writer.h"

namespace evenkeel::cdc {

class ValueText {
public:
    explicit ValueText(const TemporalStyle& style) : writer_(style, buffer_) {}

    // Before the values of an event: where they end, and TablePlan::fixed_bytes_max.
    void begin(const char* end, std::size_t fixed_bytes_max) {
        room_ = fixed_bytes_max + kSlack;
        writer_.begin(end, room_);
    }

    // Both live until the next call. Nothing: the value is damaged.
    std::optional<std::string_view> json(const ColumnPlan& column, const char* value);
    // What json() returned, without a string's quotes and escapes.
    std::string_view plain();

private:
    // What put_blocks() writes too much.
    static constexpr std::size_t kSlack = 64;

    ByteBuffer buffer_;
    ValueWriter writer_;
    std::size_t room_ = 0;
};

// `json`, when it is a string, without its quotes and escapes; its bytes are overwritten.
std::string_view unquoted(char* json, std::size_t size);

}  // namespace evenkeel::cdc
