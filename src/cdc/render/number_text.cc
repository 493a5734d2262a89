#include "cdc/render/number_text.h"

#include <charconv>
#include <cmath>
#include <string>

#include "wire/cursor.h"

namespace evenkeel::cdc {
namespace {

// The significant digits of a number and where its point is: 0.<digits> * 10^exponent.
struct Digits {
    char text[24];
    int count = 0;
    int exponent = 0;
};

template <typename T>
Digits shortest_digits(T value) {
    char buffer[40] = {};
    const auto result =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    // One digit, the point and the others if there are others, "e", a sign, two digits or three.
    const char* at = result.ptr - (result.ptr[-4] == 'e' ? 4 : 5);
    Digits digits;
    digits.text[0] = buffer[0];
    digits.count = at == buffer + 1 ? 1 : static_cast<int>(at - buffer) - 1;
    std::memcpy(digits.text + 1, buffer + 2, sizeof digits.text - 1);
    const bool negative = *++at == '-';
    int exponent = 0;
    while (++at < result.ptr) exponent = 10 * exponent + (*at - '0');
    digits.exponent = (negative ? -exponent : exponent) + 1;
    return digits;
}

char* put_zeros(char* out, int count) {
    std::memset(out, '0', static_cast<std::size_t>(count));
    return out + count;
}

char* put_text(char* out, const char* text, int count) {
    std::memcpy(out, text, static_cast<std::size_t>(count));
    return out + count;
}

// With a point and at least one digit behind it when `point` is set.
char* put_plain(char* out, const Digits& digits, bool point) {
    if (digits.exponent <= 0) {
        out = put_text(out, "0.", 2);
        out = put_zeros(out, -digits.exponent);
        return put_text(out, digits.text, digits.count);
    }
    if (digits.exponent >= digits.count) {
        out = put_text(out, digits.text, digits.count);
        out = put_zeros(out, digits.exponent - digits.count);
        return point ? put_text(out, ".0", 2) : out;
    }
    out = put_text(out, digits.text, digits.exponent);
    *out++ = '.';
    return put_text(out, digits.text + digits.exponent, digits.count - digits.exponent);
}

char* put_scientific(char* out, const Digits& digits) {
    *out++ = digits.text[0];
    *out++ = '.';
    if (digits.count == 1) {
        *out++ = '0';
    } else {
        out = put_text(out, digits.text + 1, digits.count - 1);
    }
    *out++ = 'E';
    return put_signed(out, digits.exponent - 1);
}

// `value` is finite and above zero.
template <typename T>
char* put_java(char* out, T value) {
    const bool plain = value >= T(1e-3) && value < T(1e7);
    const Digits digits = shortest_digits(value);
    return plain ? put_plain(out, digits, true) : put_scientific(out, digits);
}

// Numbers with at most six decimals below 10^7: most of what people store. n / 10^6 has at most 13
// digits, and any number of at most 15 digits is the shortest that reads back as its double.
char* put_short(char* out, double value) {
    const double scaled = value * 1e6;
    // Rounded for positive values: the line below refuses what was rounded wrongly.
    auto units = static_cast<std::uint64_t>(scaled + 0.5);  // NOLINT(bugprone-incorrect-roundings)
    if (static_cast<double>(units) / 1e6 != value) return nullptr;
    out = put_unsigned(out, units / 1000000);
    auto fraction = static_cast<std::uint32_t>(units % 1000000);
    *out++ = '.';
    if (fraction == 0) {
        *out++ = '0';
        return out;
    }
    unsigned width = 6;
    for (; fraction % 10 == 0; fraction /= 10) --width;
    return put_padded(out, fraction, width);
}

template <typename T>
char* put_special(char* out, T value) {
    if (std::isfinite(value)) return nullptr;
    return put_text(out, "null", 4);
}

constexpr unsigned kGroupDigits = 9;  // Digits that a DECIMAL keeps in 4 bytes.
constexpr unsigned kGroupBytes = 4;
constexpr std::uint32_t kGroupLimit = 1'000'000'000;
constexpr std::uint8_t kPartBytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4};  // Bytes of fewer digits.

// Takes a DECIMAL's groups of digits off its bytes. A negative number has all of its bits inverted,
// and the first bit says so (inverted itself).
class DecimalGroups {
public:
    // `size`: bytes of the number.
    DecimalGroups(const char* in, std::size_t size)
        : in_(in), flip_((static_cast<unsigned char>(*in) & 0x80) == 0 ? ~0u : 0) {
        if (size >= kGroupBytes) return;
        // Four bytes are read at once, also where it has fewer.
        std::memset(short_, 0, sizeof short_);
        in_ = short_ + kGroupBytes;
        std::memcpy(short_ + kGroupBytes, in, size);
    }

    bool negative() const { return flip_ != 0; }
    // What is in front of the groups, in 1 to 4 bytes.
    std::uint32_t first(unsigned bytes) {
        return take((big_endian(in_) ^ flip_) >> (32 - 8 * bytes), bytes);
    }
    std::uint32_t group() { return take(big_endian(in_) ^ flip_, kGroupBytes); }
    // What is behind the groups, in 1 to 4 bytes.
    std::uint32_t last(unsigned bytes) {
        const std::uint32_t value = big_endian(in_ + bytes - kGroupBytes) ^ flip_;
        return take(value & (~0u >> (32 - 8 * bytes)), bytes);
    }

private:
    static std::uint32_t big_endian(const char* in) {
        return __builtin_bswap32(wire::load<std::uint32_t>(in));
    }
    // Without the bit that says so.
    std::uint32_t take(std::uint32_t value, unsigned bytes) {
        value &= ~(sign_ << (8 * bytes - 1));
        sign_ = 0;
        in_ += bytes;
        return value;
    }

    const char* in_;
    std::uint32_t flip_;
    std::uint32_t sign_ = 1;  // 1 until the group that has it is taken.
    char short_[2 * kGroupBytes];
};

}  // namespace

char* put_double(char* out, double value) {
    if (char* end = put_special(out, value)) return end;
    if (std::signbit(value)) {
        *out++ = '-';
        value = -value;
    }
    if (value == 0) return put_text(out, "0.0", 3);
    if (value >= 1e-3 && value < 1e7) {
        if (char* end = put_short(out, value)) return end;
    }
    return put_java(out, value);
}

char* put_float(char* out, float value) {
    if (char* end = put_special(out, value)) return end;
    if (std::signbit(value)) {
        *out++ = '-';
        value = -value;
    }
    if (value == 0) return put_text(out, "0.0", 3);
    return put_java(out, value);
}

char* put_plain_double(char* out, double value) {
    if (char* end = put_special(out, value)) return end;
    if (value == 0) return put_text(out, "0", 1);
    if (value < 0) {
        *out++ = '-';
        value = -value;
    }
    return put_plain(out, shortest_digits(value), false);
}

DecimalLayout::DecimalLayout(unsigned all_digits, unsigned digits_behind)
    : digits(static_cast<std::uint8_t>(all_digits)),
      scale(static_cast<std::uint8_t>(digits_behind)) {
    const unsigned whole = all_digits - digits_behind;
    first_bytes = kPartBytes[whole % kGroupDigits];
    whole_groups = static_cast<std::uint8_t>(whole / kGroupDigits);
    fraction_groups = static_cast<std::uint8_t>(scale / kGroupDigits);
    last_digits = static_cast<std::uint8_t>(scale % kGroupDigits);
    last_bytes = kPartBytes[last_digits];
    size = static_cast<std::uint8_t>(first_bytes + last_bytes +
                                     kGroupBytes * (whole_groups + fraction_groups));
}

char* put_decimal(char* out, const char* in, const DecimalLayout& layout) {
    DecimalGroups groups(in, layout.size);
    if (groups.negative()) *out++ = '-';
    std::uint64_t value = layout.first_bytes > 0 ? groups.first(layout.first_bytes) : 0;
    unsigned left = layout.whole_groups;
    for (; left > 0 && value < kGroupLimit; --left) value = value * kGroupLimit + groups.group();
    out = put_unsigned(out, value);
    for (; left > 0; --left) out = put_padded(out, groups.group(), kGroupDigits);
    if (layout.scale == 0) return out;
    *out++ = '.';
    for (left = layout.fraction_groups; left > 0; --left) {
        out = put_padded(out, groups.group(), kGroupDigits);
    }
    if (layout.last_digits == 0) return out;
    const std::uint32_t last = groups.last(layout.last_bytes);
    // Money. A damaged value may be above 99.
    if (layout.last_digits == 2) return put_two_digits(out, last % 100);
    return put_padded(out, last, layout.last_digits);
}

char* to_java_decimal(char* begin, char* end) {
    if (begin < end && *begin == '-') ++begin;
    const std::string_view plain(begin, static_cast<std::size_t>(end - begin));
    if (plain.size() < 2 || plain[0] != '0' || plain[1] != '.') return end;
    const std::string fraction(plain.substr(2));
    const int scale = static_cast<int>(fraction.size());
    std::size_t first = fraction.find_first_not_of('0');
    if (first == std::string::npos) first = fraction.size() - 1;  // Zero keeps one digit.
    const std::string digits = fraction.substr(first);
    const int exponent = static_cast<int>(digits.size()) - 1 - scale;
    if (exponent >= -6) return end;
    char* out = begin;
    *out++ = digits[0];
    if (digits.size() > 1) {
        *out++ = '.';
        out = put_text(out, digits.data() + 1, static_cast<int>(digits.size()) - 1);
    }
    *out++ = 'E';
    return put_signed(out, exponent);
}

}  // namespace evenkeel::cdc
