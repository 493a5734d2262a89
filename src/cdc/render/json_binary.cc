#include "cdc/render/json_binary.h"

#include <charconv>
#include <cmath>
#include <cstring>

#include "cdc/render/json_writer.h"
#include "cdc/render/number_text.h"
#include "cdc/render/temporal_text.h"
#include "wire/cursor.h"
#include "wire/table_map.h"

namespace evenkeel::cdc {
namespace {

enum Type : std::uint8_t {
    small_object = 0,
    large_object = 1,
    small_array = 2,
    large_array = 3,
    literal = 4,
    int16 = 5,
    uint16 = 6,
    int32 = 7,
    uint32 = 8,
    int64 = 9,
    uint64 = 10,
    float64 = 11,
    string = 12,
    opaque_value = 15,
};

constexpr std::size_t kTypeBytes = 1;

// What is written instead of an offset. Whoever reads it takes the first bytes.
bool is_inlined(std::uint8_t type, std::size_t wide) {
    switch (type) {
        case literal:
        case int16:
        case uint16: return true;
        case int32:
        case uint32: return wide == 4;
        default: return false;
    }
}

std::size_t number_bytes(std::uint8_t type) {
    switch (type) {
        case int16:
        case uint16: return 2;
        case int32:
        case uint32: return 4;
        default: return 8;
    }
}

char* put_number(char* out, std::uint8_t type, const char* in, bool quirks) {
    switch (type) {
        case int16: return put_signed(out, wire::load<std::int16_t>(in));
        case uint16: return put_unsigned(out, wire::load<std::uint16_t>(in));
        case int32: return put_signed(out, wire::load<std::int32_t>(in));
        case uint32: return put_unsigned(out, wire::load<std::uint32_t>(in));
        case int64: return put_signed(out, wire::load<std::int64_t>(in));
        case uint64: return put_unsigned(out, wire::load<std::uint64_t>(in));
        default: return put_json_double(out, wire::load<double>(in), quirks);
    }
}

// Takes a length of seven bits a byte, the lowest first, and what is that long.
std::optional<std::string_view> take_sized(std::string_view bytes) {
    std::uint64_t size = 0;
    for (unsigned i = 0; i < 5 && i < bytes.size(); ++i) {
        const auto byte = static_cast<unsigned char>(bytes[i]);
        size |= static_cast<std::uint64_t>(byte & 0x7F) << 7 * i;
        if ((byte & 0x80) != 0) continue;
        bytes.remove_prefix(i + 1);
        if (size > bytes.size()) return {};
        return bytes.substr(0, size);
    }
    return {};
}

// DECIMAL: digits, digits behind the point, then as in a row.
char* put_opaque_decimal(char* out, std::string_view data) {
    if (data.size() < 2) return nullptr;
    const auto digits = static_cast<unsigned char>(data[0]);
    const auto scale = static_cast<unsigned char>(data[1]);
    if (digits < 1 || digits > 65 || scale > 38 || scale > digits) return nullptr;
    const DecimalLayout layout(digits, scale);
    if (data.size() != std::size_t{2} + layout.size) return nullptr;
    return put_decimal(out, data.data() + 2, layout);
}

char* put_opaque_temporal(char* out, wire::ColumnType type, std::string_view data) {
    if (data.size() != 8) return nullptr;
    const auto packed = wire::load<std::int64_t>(data.data());
    switch (type) {
        case wire::ColumnType::date: return put_packed_date(out, packed);
        case wire::ColumnType::time_old: return put_packed_time(out, packed);
        default: return put_packed_datetime(out, packed);
    }
}

// All of its digits; `value` is no integer below 1E7, nor above zero and below 1E-3.
char* put_all_digits(char* out, double value) {
    int exponent = 0;
    auto mantissa =
        static_cast<std::uint64_t>(std::ldexp(std::frexp(std::fabs(value), &exponent), 53));
    exponent -= 53;
    for (; mantissa % 2 == 0; mantissa /= 2) ++exponent;
    constexpr std::ptrdiff_t kDigitsMax = 1100;
    return std::to_chars(out, out + kDigitsMax, value, std::chars_format::fixed,
                         exponent < 0 ? -exponent : 0)
        .ptr;
}

}  // namespace

std::optional<JsonValue> json_root(std::string_view document) {
    if (document.empty()) return {};
    return JsonValue{static_cast<std::uint8_t>(document[0]), document.substr(kTypeBytes)};
}

std::size_t JsonContainer::number(std::size_t at) const {
    return wide_ == 2 ? wire::load<std::uint16_t>(bytes_.data() + at)
                      : wire::load<std::uint32_t>(bytes_.data() + at);
}

std::optional<JsonContainer> JsonContainer::open(JsonValue value) {
    if (value.type > large_array) return {};
    JsonContainer container;
    container.object_ = value.type <= large_object;
    container.wide_ = value.type == large_object || value.type == large_array ? 4 : 2;
    container.bytes_ = value.bytes;
    if (value.bytes.size() < 2 * container.wide_) return {};
    container.size_ = container.number(0);
    const std::size_t bytes = container.number(container.wide_);
    if (bytes > value.bytes.size()) return {};
    container.head_bytes_ = 2 * container.wide_ + container.size_ * (container.key_entry_bytes() +
                                                                     kTypeBytes + container.wide_);
    if (container.head_bytes_ > bytes) return {};
    container.bytes_ = value.bytes.substr(0, bytes);
    return container;
}

std::optional<std::string_view> JsonContainer::key(std::size_t index) const {
    const std::size_t entry = 2 * wide_ + index * key_entry_bytes();
    const std::size_t offset = number(entry);
    const std::size_t size = wire::load<std::uint16_t>(bytes_.data() + entry + wide_);
    if (offset < head_bytes_ || offset > bytes_.size() || size > bytes_.size() - offset) return {};
    return bytes_.substr(offset, size);
}

std::optional<JsonValue> JsonContainer::value(std::size_t index) const {
    const std::size_t entry = 2 * wide_ + size_ * key_entry_bytes() + index * (kTypeBytes + wide_);
    const auto type = static_cast<std::uint8_t>(bytes_[entry]);
    if (is_inlined(type, wide_)) return JsonValue{type, bytes_.substr(entry + kTypeBytes, wide_)};
    const std::size_t offset = number(entry + kTypeBytes);
    if (offset < head_bytes_ || offset >= bytes_.size()) return {};
    return JsonValue{type, bytes_.substr(offset)};
}

bool JsonBinaryWriter::spend(std::size_t bytes) {
    if (bytes > bytes_left_) return false;
    bytes_left_ -= bytes;
    return true;
}

// `put` gets room and returns where it ends, or null.
template <typename Put>
bool JsonBinaryWriter::put(std::size_t room, Put put) {
    const char* end = put(out_.room(room));
    if (end == nullptr) return false;
    out_.set_end(end);
    return true;
}

bool JsonBinaryWriter::write(JsonValue value, int depth) {
    if (value.type > large_array) return scalar(value);
    const auto opened = JsonContainer::open(value);
    return opened && depth < kDepthMax && container(*opened, depth + 1);
}

bool JsonBinaryWriter::container(const JsonContainer& container, int depth) {
    if (!spend(container.head_bytes())) return false;
    out_.append(container.object() ? "{" : "[");
    for (std::size_t i = 0; i < container.size(); ++i) {
        if (i > 0) out_.append(",");
        if (container.object()) {
            const auto key = container.key(i);
            if (!key || !write_text(*key)) return false;
            out_.append(":");
        }
        const auto value = container.value(i);
        if (!value || !write(*value, depth)) return false;
    }
    out_.append(container.object() ? "}" : "]");
    return true;
}

bool JsonBinaryWriter::scalar(JsonValue value) {
    switch (value.type) {
        case literal: {
            constexpr std::string_view kLiterals[] = {"null", "true", "false"};
            if (value.bytes.empty()) return false;
            const auto which = static_cast<unsigned char>(value.bytes[0]);
            if (which >= std::size(kLiterals)) return false;
            out_.append(kLiterals[which]);
            return true;
        }
        case int16:
        case uint16:
        case int32:
        case uint32:
        case int64:
        case uint64:
        case float64: {
            constexpr std::size_t kRoom = 1200;
            const std::size_t size = number_bytes(value.type);
            if (value.bytes.size() < size || (size == 8 && !spend(size))) return false;
            return put(kRoom, [&](char* out) {
                return put_number(out, value.type, value.bytes.data(), quirks_);
            });
        }
        case string: {
            const auto content = take_sized(value.bytes);
            return content && write_text(*content);
        }
        case opaque_value: return opaque(value.bytes);
        default: return false;
    }
}

bool JsonBinaryWriter::write_text(std::string_view bytes) {
    if (!spend(bytes.size())) return false;
    return put(json_string_room(bytes.size()),
               [&](char* out) { return put_json_string(out, bytes); });
}

bool JsonBinaryWriter::opaque(std::string_view bytes) {
    if (bytes.empty()) return false;
    const auto type = static_cast<wire::ColumnType>(bytes[0]);
    const auto data = take_sized(bytes.substr(kTypeBytes));
    if (!data || !spend(data->size())) return false;
    return put(base64_room(data->size()) + 128, [&](char* out) {
        switch (type) {
            case wire::ColumnType::decimal: return put_opaque_decimal(out, *data);
            case wire::ColumnType::date:
            case wire::ColumnType::time_old:
            case wire::ColumnType::datetime_old:
            case wire::ColumnType::timestamp_old: return put_opaque_temporal(out, type, *data);
            default: return put_base64(out, *data);
        }
    });
}

char* put_json_double(char* out, double value, bool quirks) {
    const double size = std::fabs(value);
    const bool usual = size == 0 || (size >= 1e-3 && size < 1e7) || !std::isfinite(value);
    if (usual) return put_double(out, value);
    if (quirks) return put_all_digits(out, value);
    // As JavaScript decides it.
    return size >= 1e-6 && size < 1e21 ? put_plain_double(out, value) : put_double(out, value);
}

bool append_json_binary(std::string_view document, bool quirks, ByteBuffer& out) {
    const auto root = json_root(document);
    return root && JsonBinaryWriter(out, document.size(), quirks).write(*root, 0);
}

}  // namespace evenkeel::cdc
