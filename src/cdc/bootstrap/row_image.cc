#include "cdc/bootstrap/row_image.h"

#include <fmt/core.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#include "cdc/render/number_text.h"
#include "cdc/render/temporal_text.h"

namespace evenkeel::cdc {
namespace {

// Reads a text from its front; a mistake sticks.
class TextReader {
public:
    explicit TextReader(std::string_view text) : text_(text) {}

    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) { good_ = take(c) && good_; }
    std::uint32_t number() {
        std::uint32_t value = 0;
        const char* end = text_.data() + text_.size();
        const auto read = std::from_chars(text_.data() + at_, end, value);
        good_ = good_ && read.ec == std::errc{};
        at_ = static_cast<std::size_t>(read.ptr - text_.data());
        return value;
    }
    // What stands behind a point, as a number of `digits` digits; 0 without.
    std::uint32_t fraction(unsigned digits) {
        if (!take('.')) return 0;
        std::uint32_t value = 0;
        for (unsigned i = 0; i < digits; ++i) {
            const bool more = at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
            value = value * 10 + (more ? static_cast<std::uint32_t>(text_[at_++] - '0') : 0);
        }
        // UNIX_TIMESTAMP may say more digits than the column has; they are zeros.
        while (take('0')) {
        }
        return value;
    }
    bool done() const { return good_ && at_ == text_.size(); }

private:
    std::string_view text_;
    std::size_t at_ = 0;
    bool good_ = true;
};

template <typename T>
bool put_little(std::string_view text, std::size_t size, std::string& out) {
    T value{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return false;
    const auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(bits >> 8 * i);
    return true;
}

void put_big(std::uint64_t value, unsigned size, std::string& out) {
    for (unsigned i = size; i-- > 0;) out += static_cast<char>(value >> 8 * i);
}

template <typename Float, typename Bits>
bool put_real(std::string_view text, std::string& out) {
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return false;
    const auto bits = std::bit_cast<Bits>(static_cast<Float>(value));
    for (std::size_t i = 0; i < sizeof bits; ++i) out += static_cast<char>(bits >> 8 * i);
    return true;
}

constexpr unsigned kGroupDigits = 9;
constexpr std::array<unsigned, 10> kPartBytes = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

bool put_group(std::string_view digits, std::string& out) {
    if (digits.empty()) return true;
    std::uint32_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return false;
    put_big(value, kPartBytes[digits.size()], out);
    return true;
}

// Groups of nine digits, counted from the point; the first bit is turned, and all bits of a
// negative number are, so that the bytes sort as the numbers do.
bool put_decimal_image(const ColumnPlan& column, std::string_view text, std::string& out) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const std::size_t point = text.find('.');
    std::string whole(text.substr(0, point));
    std::string fraction(point == std::string_view::npos ? "" : text.substr(point + 1));
    const std::size_t whole_digits = column.decimal.digits - column.decimal.scale;
    if (whole == "0") whole.clear();
    if (whole.size() > whole_digits || fraction.size() > column.decimal.scale) return false;
    whole.insert(0, whole_digits - whole.size(), '0');
    fraction.append(column.decimal.scale - fraction.size(), '0');

    const std::size_t begin = out.size();
    std::string_view rest = whole;
    bool good = put_group(rest.substr(0, whole_digits % kGroupDigits), out);
    rest.remove_prefix(whole_digits % kGroupDigits);
    for (; !rest.empty(); rest.remove_prefix(kGroupDigits)) {
        good = put_group(rest.substr(0, kGroupDigits), out) && good;
    }
    for (rest = fraction; !rest.empty();
         rest.remove_prefix(std::min<std::size_t>(kGroupDigits, rest.size()))) {
        good = put_group(rest.substr(0, kGroupDigits), out) && good;
    }
    if (negative) {
        for (std::size_t i = begin; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
    }
    out[begin] = static_cast<char>(out[begin] ^ '\x80');
    return good;
}

bool put_date_image(std::string_view text, std::string& out) {
    TextReader reader(text);
    const std::uint32_t year = reader.number();
    reader.expect('-');
    const std::uint32_t month = reader.number();
    reader.expect('-');
    const std::uint32_t packed = year << 9 | month << 5 | reader.number();
    for (unsigned i = 0; i < 3; ++i) out += static_cast<char>(packed >> 8 * i);
    return reader.done();
}

// Two decimal digits a byte, the last one padded.
std::uint32_t fraction_units(std::uint32_t fraction, unsigned digits) {
    return digits % 2 == 0 ? fraction : fraction * 10;
}

bool put_datetime_image(unsigned digits, std::string_view text, std::string& out) {
    TextReader reader(text);
    const std::uint64_t year = reader.number();
    reader.expect('-');
    const std::uint64_t month = reader.number();
    reader.expect('-');
    const std::uint64_t day = reader.number();
    reader.expect(' ');
    const std::uint64_t hour = reader.number();
    reader.expect(':');
    const std::uint64_t minute = reader.number();
    reader.expect(':');
    const std::uint64_t second = reader.number();
    const std::uint32_t fraction = reader.fraction(digits);
    const std::uint64_t date = (year * 13 + month) << 5 | day;
    const std::uint64_t time = hour << 12 | minute << 6 | second;
    put_big((date << 17 | time) + 0x8000000000u, 5, out);
    put_big(fraction_units(fraction, digits), fraction_size(digits), out);
    return reader.done();
}

bool put_timestamp_image(unsigned digits, std::string_view text, std::string& out) {
    TextReader reader(text);
    put_big(reader.number(), 4, out);
    const std::uint32_t fraction = reader.fraction(digits);
    put_big(fraction_units(fraction, digits), fraction_size(digits), out);
    return reader.done();
}

bool put_time_image(unsigned digits, std::string_view text, std::string& out) {
    TextReader reader(text);
    const bool negative = reader.take('-');
    const std::int64_t hour = reader.number();
    reader.expect(':');
    const std::int64_t minute = reader.number();
    reader.expect(':');
    const std::int64_t second = reader.number();
    const std::int64_t fraction = fraction_units(reader.fraction(digits), digits);
    const unsigned bits = 8 * fraction_size(digits);
    std::int64_t packed = (hour << 12 | minute << 6 | second) << bits | fraction;
    if (negative) packed = -packed;
    packed += std::int64_t{0x800000} << bits;
    put_big(static_cast<std::uint64_t>(packed), 3 + fraction_size(digits), out);
    return reader.done();
}

bool put_year_image(std::string_view text, std::string& out) {
    TextReader reader(text);
    const std::uint32_t year = reader.number();
    out += static_cast<char>(year == 0 ? 0 : year - 1900);
    return reader.done() && (year == 0 || (year > 1900 && year <= 2155));
}

bool put_bit_image(const ColumnPlan& column, std::string_view text, std::string& out) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return false;
    put_big(value, column.size, out);
    return true;
}

// The number at `begin`; where the text goes on.
std::size_t append_json_number(std::string_view text, std::size_t begin, std::string& out) {
    std::size_t end = text.find_first_not_of("+-.0123456789eE", begin);
    if (end == std::string_view::npos) end = text.size();
    const std::string_view number = text.substr(begin, end - begin);
    double value = 0;
    const bool real = number.find_first_of(".eE") != std::string_view::npos;
    if (!real ||
        std::from_chars(number.data(), number.data() + number.size(), value).ec != std::errc{}) {
        out += number;
        return end;
    }
    std::array<char, 32> room{};
    out.append(room.data(), put_double(room.data(), value));
    return end;
}

bool put_content(const ColumnPlan& column, std::string_view content, std::string& out) {
    const std::uint64_t size = content.size();
    if (column.length_bytes < 8 && size >> 8 * column.length_bytes != 0) return false;
    for (unsigned i = 0; i < column.length_bytes; ++i) out += static_cast<char>(size >> 8 * i);
    out.append(content);
    return true;
}

bool put_value(const ColumnPlan& column, std::string_view text, std::string& out) {
    switch (column.kind) {
        case ValueKind::int8:
        case ValueKind::int16:
        case ValueKind::int24:
        case ValueKind::int32:
        case ValueKind::int64: return put_little<std::int64_t>(text, column.size, out);
        case ValueKind::uint8:
        case ValueKind::uint16:
        case ValueKind::uint24:
        case ValueKind::uint32:
        case ValueKind::uint64:
        case ValueKind::enumeration:
        case ValueKind::set: return put_little<std::uint64_t>(text, column.size, out);
        case ValueKind::float32: return put_real<float, std::uint32_t>(text, out);
        case ValueKind::float64: return put_real<double, std::uint64_t>(text, out);
        case ValueKind::decimal: return put_decimal_image(column, text, out);
        case ValueKind::bit: return put_bit_image(column, text, out);
        case ValueKind::year: return put_year_image(text, out);
        case ValueKind::date: return put_date_image(text, out);
        case ValueKind::datetime: return put_datetime_image(column.digits, text, out);
        case ValueKind::timestamp: return put_timestamp_image(column.digits, text, out);
        case ValueKind::time: return put_time_image(column.digits, text, out);
        default: return column.size == 0 && put_content(column, text, out);
    }
}

}  // namespace

bool append_value(const ColumnPlan& column, std::string_view text, std::string& out) {
    const std::size_t size = out.size();
    if (put_value(column, text, out) && (column.size == 0 || out.size() == size + column.size)) {
        return true;
    }
    out.resize(size);
    return false;
}

void append_compact_json(std::string_view text, std::string& out) {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (quoted && c == '\\' && i + 5 < text.size() && text[i + 1] == 'u') {
            out += "\\u";
            i += 2;
            for (int digit = 0; digit < 4; ++digit, ++i) {
                const char hex = text[i];
                out += hex >= 'a' && hex <= 'f' ? static_cast<char>(hex - 'a' + 'A') : hex;
            }
        } else if (quoted && c == '\\' && i + 1 < text.size()) {
            out.append(text, i, 2);
            i += 2;
        } else if (c == '"' || quoted) {
            quoted = c == '"' ? !quoted : quoted;
            out += c;
            ++i;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            i = append_json_number(text, i, out);
        } else {
            if (c != ' ') out += c;
            ++i;
        }
    }
}

Result<> append_image(const TableLayout& layout,
                      const std::vector<std::optional<std::string_view>>& row, std::string& out) {
    const TablePlan& plan = layout.rows;
    std::string compact;
    const std::size_t count = plan.columns.size();
    const std::size_t nulls = out.size();
    out.append((count + 7) / 8, '\0');
    for (std::size_t i = 0; i < count; ++i) {
        std::optional<std::string_view> value = row[i];
        if (value && layout.mysql_json[i]) {
            compact.clear();
            append_compact_json(*value, compact);
            value = compact;
        }
        if (!value) {
            out[nulls + i / 8] = static_cast<char>(out[nulls + i / 8] | 1 << i % 8);
        } else if (!append_value(plan.columns[i], *value, out)) {
            constexpr std::size_t kShown = 60;
            return Error{Errc::invalid,
                         fmt::format("bootstrap {}.{}: column {}: the server's {} is no value of "
                                     "its type",
                                     plan.database, plan.table, plan.columns[i].name,
                                     std::string(row[i]->substr(0, kShown)))};
        }
    }
    return {};
}

const wire::Event& ImageEvent::make(std::size_t columns, std::string_view images,
                                    std::uint32_t seconds) {
    body_.assign(8, '\0');  // Table id and flags.
    if (columns < 251) {
        body_ += static_cast<char>(columns);
    } else {
        body_ += '\xFC';
        body_ += static_cast<char>(columns);
        body_ += static_cast<char>(columns >> 8);
    }
    body_.append((columns + 7) / 8, '\xFF');
    // Values are copied in blocks that may read behind their end.
    body_.append(images).append(16, '\0');
    event_.header.type = wire::EventType::write_rows_v1;
    event_.header.timestamp = seconds;
    event_.body = std::string_view(body_).substr(0, body_.size() - 16);
    event_.bytes = event_.body;
    return event_;
}

}  // namespace evenkeel::cdc
