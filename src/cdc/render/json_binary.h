// MySQL's binary JSON as text, as Maxwell spells it: no white space, members in the document's own
// order, dates as strings, what JSON does not know as base64. Every offset of a document is
// checked; hostile ones are refused, never read outside of, and cost no more than their own size.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "cdc/render/byte_buffer.h"

namespace evenkeel::cdc {

// A value somewhere in a document. `bytes` starts with it and may go on behind it.
struct JsonValue {
    std::uint8_t type = 0;
    std::string_view bytes{};
};

// Of a document: its type stands in front. Nothing when it is empty.
std::optional<JsonValue> json_root(std::string_view document);

// The members of an object or the elements of an array, where they lie.
class JsonContainer {
public:
    // Nothing: it is no container, or a damaged one.
    static std::optional<JsonContainer> open(JsonValue value);

    bool object() const { return object_; }
    std::size_t size() const { return size_; }
    // Of its own fields, without keys and values that lie apart.
    std::size_t head_bytes() const { return head_bytes_; }
    // `index` is below size(). Nothing: the document is damaged.
    std::optional<std::string_view> key(std::size_t index) const;
    std::optional<JsonValue> value(std::size_t index) const;

private:
    JsonContainer() = default;
    std::size_t number(std::size_t at) const;
    std::size_t key_entry_bytes() const { return object_ ? wide_ + 2 : 0; }

    std::string_view bytes_{};
    bool object_ = false;
    std::size_t wide_ = 2;  // Bytes of sizes and offsets.
    std::size_t size_ = 0;
    std::size_t head_bytes_ = 0;
};

// Writes values behind the content of a buffer.
class JsonBinaryWriter {
public:
    // `bytes_max`: what all values together may take in their documents; parts of honest ones never
    // overlap. `quirks`: large and small numbers with all the digits that Maxwell gives them.
    JsonBinaryWriter(ByteBuffer& out, std::size_t bytes_max, bool quirks)
        : out_(out), bytes_left_(bytes_max), quirks_(quirks) {}

    // False when it is damaged or nested too deeply; the buffer then has a part of it.
    [[nodiscard]] bool write(JsonValue value, int depth);
    [[nodiscard]] bool write_text(std::string_view text);

    static constexpr int kDepthMax = 100;  // The server's own limit.

private:
    bool container(const JsonContainer& container, int depth);
    bool scalar(JsonValue value);
    bool opaque(std::string_view bytes);
    bool spend(std::size_t bytes);
    template <typename Put>
    bool put(std::size_t room, Put put);

    ByteBuffer& out_;
    std::size_t bytes_left_;
    bool quirks_;
};

// A number of a JSON document: "11.0" as put_double() has it from 1E-3 to below 1E7, plain digits
// where those are few ("10000000000"), else with an exponent. Room: 1200.
char* put_json_double(char* out, double value, bool quirks);

// Appends the text of a whole document. False when it is damaged.
[[nodiscard]] bool append_json_binary(std::string_view document, bool quirks, ByteBuffer& out);

}  // namespace evenkeel::cdc
