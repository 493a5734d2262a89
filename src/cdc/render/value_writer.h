// Writes one raw column value as JSON into a ByteBuffer.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "cdc/render/byte_buffer.h"
#include "cdc/render/json_patch.h"
#include "cdc/render/table_plan.h"
#include "cdc/render/temporal_text.h"

namespace evenkeel::cdc {

// Where reading and writing are. Small enough to travel in two registers.
struct Place {
    const char* in = nullptr;  // Null: the value does not fit its column.
    char* out = nullptr;
};

class ValueWriter {
public:
    ValueWriter(const TemporalStyle& style, ByteBuffer& out) : style_(style), out_(out) {}

    // Values end at `end` at the latest, which is also as far as memory is read. Whoever calls
    // write() has made `fixed_room` bytes of room; write() keeps that much free behind the content
    // of values with a length in front.
    void begin(const char* end, std::size_t fixed_room) {
        end_ = end;
        fixed_room_ = fixed_room;
    }

    // The value at place.in as JSON at place.out; where both go on.
    Place write(const ColumnPlan& column, Place place) {
        return kWriters[static_cast<std::size_t>(column.kind)](*this, column, place);
    }
    // Of kind json_mysql: what the value at `before` becomes by the JSON diffs at place.in.
    Place write_patched(const ColumnPlan& column, const char* before, Place place);

    // Where the value at `in` ends; null when it is cut.
    const char* skip(const ColumnPlan& column, const char* in) const {
        if (column.size > 0) return left(in) < column.size ? nullptr : in + column.size;
        std::string_view content;
        return take_content(column, in, content);
    }

    // `out` again, or where it is after the buffer has grown for `size` bytes and the fixed room.
    char* ensure(char* out, std::size_t size) {
        if (has_room(out, size)) return out;
        out_.set_end(out);
        return out_.room(size + fixed_room_);
    }

private:
    bool has_room(const char* out, std::size_t size) const {
        return static_cast<std::size_t>(out_.limit() - out) >= size + fixed_room_;
    }
    std::size_t left(const char* in) const { return static_cast<std::size_t>(end_ - in); }

    // The content of a value with its length in front; where it ends, or null.
    const char* take_content(const ColumnPlan& column, const char* in,
                             std::string_view& content) const {
        if (left(in) < column.length_bytes) return nullptr;
        std::size_t size = static_cast<unsigned char>(in[0]);
        for (unsigned i = 1; i < column.length_bytes; ++i) {
            size |= static_cast<std::size_t>(static_cast<unsigned char>(in[i])) << 8 * i;
        }
        in += column.length_bytes;
        if (left(in) < size) return nullptr;
        content = {in, size};
        return in + size;
    }

    // One for each kind: what is asked about a kind is answered when this is compiled.
    using Writer = Place (*)(ValueWriter& writer, const ColumnPlan& column, Place place);
    static const std::array<Writer, kValueKinds> kWriters;
    template <std::size_t... kKinds>
    static constexpr std::array<Writer, kValueKinds> make_writers(std::index_sequence<kKinds...>);
    template <ValueKind kKind>
    static Place write_kind(ValueWriter& writer, const ColumnPlan& column, Place place);
    template <ValueKind kKind>
    static Place write_with_length(ValueWriter& writer, const ColumnPlan& column, Place place);
    // Null: it is for write_with_length().
    inline Place write_short_text(const ColumnPlan& column, Place place) const;
    template <ValueKind kKind>
    char* write_fixed(const ColumnPlan& column, const char* in, char* out) const;
    char* write_bit(const ColumnPlan& column, const char* in, char* out) const;
    char* write_set(const ColumnPlan& column, const char* in, char* out) const;
    char* write_content(const ColumnPlan& column, std::string_view content, char* out);
    inline char* write_string(std::string_view text, const char* readable, char* out);
    char* write_text(const ColumnPlan& column, std::string_view text, char* out);
    char* write_json(const ColumnPlan& column, std::string_view text, char* out);
    char* write_json_binary(std::string_view document, char* out);
    char* write_vector(std::string_view numbers, char* out);

    TemporalStyle style_;
    ByteBuffer& out_;
    const char* end_ = nullptr;
    std::size_t fixed_room_ = 0;
    std::string uncompressed_{};
    std::string converted_{};
    JsonPatch patch_{};
};

}  // namespace evenkeel::cdc
