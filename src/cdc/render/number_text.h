// Numbers as text, the way Java's toString() writes them, appended to room that the caller has
// made. Each function returns the end of what it wrote.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace evenkeel::cdc {

// "00" to "99", one behind the other.
inline constexpr char kDigitPairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

// The two digits of `value`, which is below 100, the first one in the low byte.
inline std::uint32_t two_digits(std::uint32_t value) {
    std::uint16_t digits;
    std::memcpy(&digits, kDigitPairs + 2 * value, sizeof digits);
    return digits;
}

// `value` is below 100.
inline char* put_two_digits(char* out, std::uint32_t value) {
    std::memcpy(out, kDigitPairs + 2 * value, 2);
    return out + 2;
}

// `value` is below 10,000: four digits, zeros in front.
inline char* put_four_digits(char* out, std::uint32_t value) {
    const std::uint32_t digits = two_digits(value / 100) | two_digits(value % 100) << 16;
    std::memcpy(out, &digits, sizeof digits);
    return out + 4;
}

// `value` is below 10,000: without zeros in front.
inline char* put_short_unsigned(char* out, std::uint32_t value) {
    if (value < 10) {
        *out = static_cast<char>('0' + value);
        return out + 1;
    }
    if (value < 100) return put_two_digits(out, value);
    if (value >= 1000) return put_four_digits(out, value);
    *out = static_cast<char>('0' + value / 100);
    return put_two_digits(out + 1, value % 100);
}

// Room: 20.
inline char* put_unsigned(char* out, std::uint64_t value) {
    constexpr std::uint32_t kGroup = 10'000;
    if (value < kGroup) return put_short_unsigned(out, static_cast<std::uint32_t>(value));
    if (value < kGroup * kGroup) {
        const auto small = static_cast<std::uint32_t>(value);
        return put_four_digits(put_short_unsigned(out, small / kGroup), small % kGroup);
    }
    const auto low = static_cast<std::uint32_t>(value % (kGroup * kGroup));
    out = put_unsigned(out, value / (kGroup * kGroup));
    return put_four_digits(put_four_digits(out, low / kGroup), low % kGroup);
}

// Room: 20.
inline char* put_signed(char* out, std::int64_t value) {
    if (value >= 0) return put_unsigned(out, static_cast<std::uint64_t>(value));
    *out++ = '-';
    return put_unsigned(out, 0 - static_cast<std::uint64_t>(value));
}

// Exactly `width` digits, at most 9. Room: `width`.
inline char* put_padded(char* out, std::uint32_t value, unsigned width) {
    unsigned left = width;
    for (; left >= 4; value /= 10'000) {
        left -= 4;
        put_four_digits(out + left, value % 10'000);
    }
    if (left >= 2) {
        left -= 2;
        put_two_digits(out + left, value % 100);
        value /= 100;
    }
    if (left > 0) *out = static_cast<char>('0' + value % 10);
    return out + width;
}

// The shortest text that reads back as the same number: "11.0", "1.0E10", "1.0E-5"; plain from 1E-3
// to below 1E7. "null" for what is no number. Room: 32.
char* put_double(char* out, double value);
char* put_float(char* out, float value);
// `value` without an exponent: "3", "0.5", "100000000000000000000". Room: 350.
char* put_plain_double(char* out, double value);

// How the binlog has a DECIMAL(digits, scale): groups of 9 digits in 4 bytes each, in front of and
// behind the point, and what is left over of the digits at both ends in fewer bytes.
struct DecimalLayout {
    DecimalLayout() = default;
    // `digits` is 1 to 65, `scale` at most 38 and at most `digits`.
    DecimalLayout(unsigned digits, unsigned scale);

    std::uint8_t digits = 0;
    std::uint8_t scale = 0;
    std::uint8_t size = 0;         // Bytes of all.
    std::uint8_t first_bytes = 0;  // In front of the groups.
    std::uint8_t whole_groups = 0;
    std::uint8_t fraction_groups = 0;
    std::uint8_t last_digits = 0;  // Behind the groups.
    std::uint8_t last_bytes = 0;
};
// The number at `in` with its whole scale: "0.00", "-12.50". Room: 72.
char* put_decimal(char* out, const char* in, const DecimalLayout& layout);
// The plain decimal in [begin, end) as java.math.BigDecimal.toString() has it: "0E-10", "1.2E-7"
// for small numbers of a large scale, else the same. Room: 8 behind `end`.
char* to_java_decimal(char* begin, char* end);

}  // namespace evenkeel::cdc
