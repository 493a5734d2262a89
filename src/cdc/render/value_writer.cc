#include "cdc/render/value_writer.h"

#include <algorithm>
#include <array>

#include "cdc/render/geometry_text.h"
#include "cdc/render/json_binary.h"
#include "cdc/render/json_writer.h"
#include "cdc/render/number_text.h"
#include "wire/charset.h"
#include "wire/compressed.h"
#include "wire/cursor.h"

namespace evenkeel::cdc {
namespace {

using wire::load;

std::uint64_t little_endian(const char* in, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(in[i]);
    return value;
}

char* put_null(char* out) {
    std::memcpy(out, "null", 4);
    return out + 4;
}

// The binlog drops zero bytes at the end of binary values of a fixed width.
template <std::size_t kWidth>
std::array<unsigned char, kWidth> padded(std::string_view content) {
    std::array<unsigned char, kWidth> bytes{};
    std::memcpy(bytes.data(), content.data(), std::min(kWidth, content.size()));
    return bytes;
}

char* put_uuid(char* out, std::string_view content) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto bytes = padded<16>(content);
    *out++ = '"';
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
        *out++ = kHex[bytes[i] >> 4];
        *out++ = kHex[bytes[i] & 15];
    }
    *out++ = '"';
    return out;
}

char* put_ipv4(char* out, const unsigned char* bytes) {
    for (int i = 0; i < 4; ++i) {
        if (i > 0) *out++ = '.';
        out = put_unsigned(out, bytes[i]);
    }
    return out;
}

char* put_hex_group(char* out, unsigned group) {
    constexpr char kHex[] = "0123456789abcdef";
    for (int shift = 12; shift >= 0; shift -= 4) {
        if (shift == 0 || group >> shift != 0) *out++ = kHex[group >> shift & 15];
    }
    return out;
}

// As the server does, which shortens a single zero group too (RFC 5952 would not): the first of
// the longest runs of zeros becomes "::", and IPv4 inside IPv6 is written as such.
char* put_inet6(char* out, std::string_view content) {
    const auto bytes = padded<16>(content);
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i) groups[i] = bytes[2 * i] * 256u + bytes[2 * i + 1];
    std::size_t gap = 0;
    std::size_t gap_size = 0;
    for (std::size_t i = 0, run = 0; i < 8; ++i) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > gap_size) {
            gap_size = run;
            gap = i + 1 - run;
        }
    }
    const bool ipv4 = gap == 0 && (gap_size == 6 || (gap_size == 5 && groups[5] == 0xFFFF));
    *out++ = '"';
    for (std::size_t i = 0; i < 8;) {
        if (gap_size > 0 && i == gap) {
            *out++ = ':';
            i += gap_size;
            if (i == 8) *out++ = ':';
            continue;
        }
        if (i > 0) *out++ = ':';
        if (ipv4 && i == 6) {
            out = put_ipv4(out, bytes.data() + 12);
            break;
        }
        out = put_hex_group(out, groups[i++]);
    }
    *out++ = '"';
    return out;
}

// Maxwell takes ZEROFILL columns for signed ones.
constexpr ValueKind signed_kind(ValueKind kind) {
    switch (kind) {
        case ValueKind::uint8: return ValueKind::int8;
        case ValueKind::uint16: return ValueKind::int16;
        case ValueKind::uint24: return ValueKind::int24;
        case ValueKind::uint32: return ValueKind::int32;
        case ValueKind::uint64: return ValueKind::int64;
        default: return kind;
    }
}

}  // namespace

inline char* ValueWriter::write_string(std::string_view text, const char* readable, char* out) {
    out = ensure(out, json_string_room(text.size()));
    return put_json_string(out, text, readable);
}

template <ValueKind kKind>
inline char* ValueWriter::write_fixed(const ColumnPlan& column, const char* in, char* out) const {
    constexpr ValueKind kSigned = signed_kind(kKind);
    if constexpr (kSigned != kKind) {
        if (column.zerofill && style_.quirks) return write_fixed<kSigned>(column, in, out);
    }
    switch (kKind) {
        case ValueKind::int8: return put_signed(out, load<std::int8_t>(in));
        case ValueKind::uint8: return put_unsigned(out, load<std::uint8_t>(in));
        case ValueKind::int16: return put_signed(out, load<std::int16_t>(in));
        case ValueKind::uint16: return put_unsigned(out, load<std::uint16_t>(in));
        case ValueKind::int24:
            return put_signed(out, static_cast<std::int32_t>(little_endian(in, 3) << 8) >> 8);
        case ValueKind::uint24: return put_unsigned(out, little_endian(in, 3));
        case ValueKind::int32: return put_signed(out, load<std::int32_t>(in));
        case ValueKind::uint32: return put_unsigned(out, load<std::uint32_t>(in));
        case ValueKind::int64: return put_signed(out, load<std::int64_t>(in));
        case ValueKind::uint64: return put_unsigned(out, load<std::uint64_t>(in));
        case ValueKind::float32: return put_float(out, load<float>(in));
        case ValueKind::float64: return put_double(out, load<double>(in));
        case ValueKind::decimal: {
            char* end = put_decimal(out, in, column.decimal);
            return style_.quirks ? to_java_decimal(out, end) : end;
        }
        case ValueKind::bit: return write_bit(column, in, out);
        case ValueKind::year: {
            const auto year = load<std::uint8_t>(in);
            return put_unsigned(out, year == 0 && !style_.quirks ? 0 : 1900u + year);
        }
        case ValueKind::date: return put_date(out, in, style_);
        case ValueKind::datetime: return put_datetime(out, in, column.digits, style_);
        case ValueKind::datetime_old: return put_datetime_old(out, in, style_);
        case ValueKind::timestamp: return put_timestamp(out, in, column.digits, style_);
        case ValueKind::timestamp_old: return put_timestamp_old(out, in, style_);
        case ValueKind::time: return put_time(out, in, column.digits, style_);
        case ValueKind::time_old: return put_time_old(out, in, style_);
        case ValueKind::enumeration: {
            const std::uint64_t index = little_endian(in, column.size);
            if (index > column.labels.size()) return nullptr;
            if (index > 0) return column.labels[index - 1].put(out);
            // What the server stored for a label that it does not have.
            if (style_.quirks) return put_null(out);
            std::memcpy(out, "\"\"", 2);
            return out + 2;
        }
        case ValueKind::set: return write_set(column, in, out);
        default: return nullptr;
    }
}

template <ValueKind kKind>
Place ValueWriter::write_kind(ValueWriter& writer, const ColumnPlan& column, Place place) {
    if constexpr (kKind <= kLastFixedKind) {
        if (writer.left(place.in) < column.size) return {};
        char* out = writer.write_fixed<kKind>(column, place.in, place.out);
        return {out != nullptr ? place.in + column.size : nullptr, out};
    } else {
        if constexpr (kKind == ValueKind::text) {
            const Place next = writer.write_short_text(column, place);
            if (next.in != nullptr) return next;
        }
        return write_with_length<kKind>(writer, column, place);
    }
}

// Most of the values of most tables. Without a call: each of them would save registers for it.
inline Place ValueWriter::write_short_text(const ColumnPlan& column, Place place) const {
    constexpr std::size_t kRoom = json_string_room(kCopyBlock);
    const std::size_t length_bytes = column.length_bytes;
    if (length_bytes > 2 || left(place.in) < 2 + kCopyBlock) return {};
    const std::size_t size =
        length_bytes == 1 ? load<std::uint8_t>(place.in) : load<std::uint16_t>(place.in);
    if (size > kCopyBlock || column.compressed || !has_room(place.out, kRoom)) return {};
    const char* text = place.in + length_bytes;
    char* out = put_short_json_string(place.out, text, size);
    return {out != nullptr ? text + size : nullptr, out};
}

template <ValueKind kKind>
[[gnu::noinline]] Place ValueWriter::write_with_length(ValueWriter& writer,
                                                       const ColumnPlan& column, Place place) {
    std::string_view content;
    const char* in = writer.take_content(column, place.in, content);
    if (in == nullptr) return {};
    if (kKind == ValueKind::text && !column.compressed) {
        return {in, writer.write_string(content, writer.end_, place.out)};
    }
    char* out = writer.write_content(column, content, place.out);
    return {out != nullptr ? in : nullptr, out};
}

template <std::size_t... kKinds>
constexpr std::array<ValueWriter::Writer, kValueKinds> ValueWriter::make_writers(
    std::index_sequence<kKinds...>) {
    return {&write_kind<static_cast<ValueKind>(kKinds)>...};
}

constinit const std::array<ValueWriter::Writer, kValueKinds> ValueWriter::kWriters =
    make_writers(std::make_index_sequence<kValueKinds>());

char* ValueWriter::write_bit(const ColumnPlan& column, const char* in, char* out) const {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < column.size; ++i) {
        value = value << 8 | static_cast<unsigned char>(in[i]);
    }
    if (!style_.quirks || value >> 63 != 0) return put_unsigned(out, value);
    // Maxwell joins the bytes by shifts of 32-bit integers: byte 3 extends its sign, bytes above
    // fall onto the first four.
    std::int64_t joined = 0;
    for (unsigned i = 0; i < 8; ++i) {
        joined |= static_cast<std::int32_t>(static_cast<std::uint32_t>(value >> 8 * i & 0xFF)
                                            << 8 * (i % 4));
    }
    return put_signed(out, joined);
}

char* ValueWriter::write_set(const ColumnPlan& column, const char* in, char* out) const {
    const std::uint64_t chosen = little_endian(in, column.size);
    const std::size_t count = column.labels.size();
    if (count < 64 && chosen >> count != 0) return nullptr;
    *out++ = '[';
    bool first = true;
    for (std::size_t i = 0; i < count; ++i) {
        if ((chosen >> i & 1) == 0) continue;
        if (!first) *out++ = ',';
        first = false;
        out = column.labels[i].put(out);
    }
    *out++ = ']';
    return out;
}

char* ValueWriter::write_content(const ColumnPlan& column, std::string_view content, char* out) {
    if (column.compressed) {
        if (!wire::uncompress_column(content, uncompressed_)) return nullptr;
        content = uncompressed_;
    }
    switch (column.kind) {
        case ValueKind::text:
        case ValueKind::text_other: return write_text(column, content, out);
        case ValueKind::json: return write_json(column, content, out);
        case ValueKind::json_mysql: return write_json_binary(content, out);
        case ValueKind::vector: return write_vector(content, out);
        case ValueKind::binary_fixed: {
            // Maxwell leaves them out, as the binlog does.
            const bool pad = column.width > content.size() && !style_.quirks;
            const std::size_t zeros = pad ? column.width - content.size() : 0;
            out = ensure(out, base64_room(content.size() + zeros));
            return put_base64(out, content, zeros);
        }
        case ValueKind::binary:
            out = ensure(out, base64_room(content.size()));
            return put_base64(out, content);
        case ValueKind::geometry:
            converted_.clear();
            if (!append_geometry(content, converted_)) return nullptr;
            return write_string(converted_, converted_.data() + converted_.size(), out);
        case ValueKind::uuid: return put_uuid(out, content);
        case ValueKind::inet4: {
            *out++ = '"';
            out = put_ipv4(out, padded<4>(content).data());
            *out++ = '"';
            return out;
        }
        case ValueKind::inet6: return put_inet6(out, content);
        default: return nullptr;
    }
}

char* ValueWriter::write_text(const ColumnPlan& column, std::string_view text, char* out) {
    const bool plain = column.converter == nullptr || (column.ascii_based && is_ascii(text));
    if (!plain) {
        column.converter->to_utf8(text, converted_);
        text = converted_;
    }
    return write_string(text, text.data() + text.size(), out);
}

char* ValueWriter::write_json(const ColumnPlan& column, std::string_view text, char* out) {
    if (column.converter != nullptr && !(column.ascii_based && is_ascii(text))) {
        column.converter->to_utf8(text, converted_);
        text = converted_;
    }
    if (!is_json(text)) return write_string(text, text.data() + text.size(), out);
    out = ensure(out, text.size());
    for (const char c : text) {
        // White space of the document; a row is one line.
        *out++ = c == '\n' || c == '\r' ? ' ' : c;
    }
    return out;
}

char* ValueWriter::write_json_binary(std::string_view document, char* out) {
    // What a column has that was made NOT NULL without a value; the server reads it as null.
    if (document.empty()) return put_null(out);
    out_.set_end(out);
    if (!append_json_binary(document, style_.quirks, out_)) return nullptr;
    return out_.room(fixed_room_);
}

Place ValueWriter::write_patched(const ColumnPlan& column, const char* before, Place place) {
    std::string_view document;
    std::string_view diffs;
    if (take_content(column, before, document) == nullptr) return {};
    const char* in = take_content(column, place.in, diffs);
    if (in == nullptr) return {};
    if (diffs.empty()) {
        char* out = write_json_binary(document, place.out);
        return {out != nullptr ? in : nullptr, out};
    }
    out_.set_end(place.out);
    if (!patch_.append(document, diffs, style_.quirks, out_)) return {};
    return {in, out_.room(fixed_room_)};
}

char* ValueWriter::write_vector(std::string_view numbers, char* out) {
    constexpr std::size_t kNumberRoom = 33;
    if (numbers.size() % sizeof(float) != 0) return nullptr;
    out = ensure(out, numbers.size() / sizeof(float) * kNumberRoom + 2);
    *out++ = '[';
    for (std::size_t at = 0; at < numbers.size(); at += sizeof(float)) {
        if (at > 0) *out++ = ',';
        out = put_float(out, load<float>(numbers.data() + at));
    }
    *out++ = ']';
    return out;
}

}  // namespace evenkeel::cdc
