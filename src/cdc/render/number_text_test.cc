#include "cdc/render/number_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>

namespace evenkeel::cdc {
namespace {

template <typename Put, typename... Args>
std::string text_of(Put put, Args... args) {
    char room[512];
    const char* end = put(room, args...);
    return {room, static_cast<std::size_t>(end - room)};
}

std::string double_text(double value) {
    return text_of(put_double, value);
}
std::string float_text(float value) {
    return text_of(put_float, value);
}
std::string plain_text(double value) {
    return text_of(put_plain_double, value);
}

TEST(IntegerText, HasAllDigitsOfEveryPowerOfTen) {
    std::uint64_t power = 1;
    for (int digits = 1; digits <= 20; ++digits, power *= 10) {
        EXPECT_EQ(text_of(put_unsigned, power), std::to_string(power));
        EXPECT_EQ(text_of(put_unsigned, power - 1), std::to_string(power - 1));
        EXPECT_EQ(text_of(put_unsigned, power + 1), std::to_string(power + 1));
    }
    EXPECT_EQ(text_of(put_unsigned, ~std::uint64_t{0}), "18446744073709551615");
}

TEST(IntegerText, KeepsTheSign) {
    EXPECT_EQ(text_of(put_signed, std::int64_t{-1}), "-1");
    EXPECT_EQ(text_of(put_signed, std::int64_t{0}), "0");
    EXPECT_EQ(text_of(put_signed, std::numeric_limits<std::int64_t>::min()),
              "-9223372036854775808");
}

TEST(IntegerText, PadsToItsWidth) {
    EXPECT_EQ(text_of(put_padded, 7u, 9u), "000000007");
    EXPECT_EQ(text_of(put_padded, 123u, 3u), "123");
    EXPECT_EQ(text_of(put_padded, 5u, 1u), "5");
    EXPECT_EQ(text_of(put_padded, 0u, 0u), "");
}

TEST(DoubleText, IsJavas) {
    EXPECT_EQ(double_text(0), "0.0");
    EXPECT_EQ(double_text(-0.0), "-0.0");
    EXPECT_EQ(double_text(11), "11.0");
    EXPECT_EQ(double_text(-1.5), "-1.5");
    EXPECT_EQ(double_text(0.001), "0.001");
    EXPECT_EQ(double_text(0.00099), "9.9E-4");
    EXPECT_EQ(double_text(1e-5), "1.0E-5");
    EXPECT_EQ(double_text(9999999), "9999999.0");
    EXPECT_EQ(double_text(9999999.5), "9999999.5");
    EXPECT_EQ(double_text(1e7), "1.0E7");
    EXPECT_EQ(double_text(1e10), "1.0E10");
    EXPECT_EQ(double_text(12345678.9), "1.23456789E7");
    EXPECT_EQ(double_text(0.1), "0.1");
    EXPECT_EQ(double_text(0.30000000000000004), "0.30000000000000004");
    EXPECT_EQ(double_text(1.0 / 3), "0.3333333333333333");
    EXPECT_EQ(double_text(100.25), "100.25");
    EXPECT_EQ(double_text(0.000001 + 1), "1.000001");
    EXPECT_EQ(double_text(1.7976931348623157e308), "1.7976931348623157E308");
    EXPECT_EQ(double_text(5e-324), "5.0E-324");
}

TEST(DoubleText, IsNullForWhatIsNoNumber) {
    EXPECT_EQ(double_text(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(double_text(std::numeric_limits<double>::infinity()), "null");
}

TEST(DoubleText, ReadsBackAndIsShortest) {
    std::uint64_t state = 42;
    for (int round = 0; round < 20000; ++round) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        // Half of them with few decimals, where the short cut works.
        const double value = round % 2 == 0 ? static_cast<double>(state >> 34) / 1000.0
                                            : static_cast<double>(state >> 11) * 0x1p-40;
        const std::string text = double_text(value);
        EXPECT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
        char expected[64];
        for (int digits = 1; digits <= 17; ++digits) {
            std::snprintf(expected, sizeof expected, "%.*g", digits, value);
            if (std::strtod(expected, nullptr) == value) {
                std::size_t significant = 0;
                bool leading = true;
                std::string mantissa = text.substr(0, text.find('E'));
                if (mantissa.ends_with(".0")) mantissa.resize(mantissa.size() - 2);
                while (mantissa.find('.') == std::string::npos && mantissa.ends_with('0')) {
                    mantissa.pop_back();
                }
                for (const char c : mantissa) {
                    if (c == '.') continue;
                    leading = leading && c == '0';
                    if (!leading) ++significant;
                }
                EXPECT_LE(significant, static_cast<std::size_t>(digits)) << text;
                break;
            }
        }
    }
}

TEST(FloatText, IsShortestForAFloat) {
    EXPECT_EQ(float_text(0.1f), "0.1");
    EXPECT_EQ(float_text(-1.5f), "-1.5");
    EXPECT_EQ(float_text(16777216.0f), "1.6777216E7");
    EXPECT_EQ(float_text(3.4028235e38f), "3.4028235E38");
    EXPECT_EQ(float_text(1e-3f), "0.001");
    EXPECT_EQ(float_text(0), "0.0");
}

TEST(PlainDoubleText, HasNoExponent) {
    EXPECT_EQ(plain_text(3), "3");
    EXPECT_EQ(plain_text(-0.5), "-0.5");
    EXPECT_EQ(plain_text(0), "0");
    EXPECT_EQ(plain_text(1e20), "100000000000000000000");
    EXPECT_EQ(plain_text(1e-7), "0.0000001");
    EXPECT_EQ(plain_text(-1.7976931348623157e308).size(), 310u);
    EXPECT_EQ(plain_text(5e-324).size(), 326u);
}

std::string java(std::string plain) {
    plain.resize(plain.size() + 8);
    char* begin = plain.data();
    const char* end = to_java_decimal(begin, begin + plain.size() - 8);
    return {begin, static_cast<std::size_t>(end - begin)};
}

TEST(JavaDecimal, UsesAnExponentForSmallNumbersOfALargeScale) {
    EXPECT_EQ(java("0.0000000000"), "0E-10");
    EXPECT_EQ(java("0.0000000001"), "1E-10");
    EXPECT_EQ(java("-0.0000001200"), "-1.200E-7");
    EXPECT_EQ(java("0.000001"), "0.000001");
    EXPECT_EQ(java("0.0000010"), "0.0000010");
    EXPECT_EQ(java("0.00"), "0.00");
    EXPECT_EQ(java("10.0000000000"), "10.0000000000");
    EXPECT_EQ(java("7"), "7");
}

// The binlog's bytes of a decimal.
struct DecimalCase {
    std::string bytes;
    unsigned digits;
    unsigned scale;
    const char* text;
};

TEST(DecimalText, HasItsWholeScale) {
    const DecimalCase cases[] = {
        {std::string("\x80\x00\x00", 3), 5, 2, "0.00"},
        {std::string("\x83\xE7\x63", 3), 5, 2, "999.99"},
        {std::string("\x7C\x18\x9C", 3), 5, 2, "-999.99"},
        {std::string("\x80\x00\x01", 3), 5, 2, "0.01"},
        {std::string("\x7F\xFF\xFE", 3), 5, 2, "-0.01"},
        {std::string("\x80\x00\x00\x00\x07", 5), 10, 0, "7"},
        {std::string("\x81\x00\x00\x00\x07", 5), 10, 0, "1000000007"},
        {std::string("\x80\x00\x00\x07", 4), 9, 9, "0.000000007"},
        {std::string("\x7F\xFF\xFF\xF8", 4), 9, 9, "-0.000000007"},
        {std::string("\x85", 1), 1, 1, "0.5"},
        {std::string("\x7A", 1), 1, 0, "-5"},
        {std::string("\x81\x00\x00\x00\x02\x03", 6), 12, 2, "1000000002.03"},
        {std::string("\x7E\xFF\xFF\xFF\xFD\xFC", 6), 12, 2, "-1000000002.03"},
        {std::string("\x80\x00\x00\x01\x00\x00\x00\x02\x03", 9), 20, 11, "1.00000000203"},
    };
    for (const DecimalCase& test : cases) {
        const DecimalLayout layout(test.digits, test.scale);
        ASSERT_EQ(layout.size, test.bytes.size());
        EXPECT_EQ(text_of(put_decimal, test.bytes.data(), layout), test.text);
    }
}

TEST(DecimalText, OfADamagedValueHasDigitsToo) {
    for (unsigned digits = 1; digits <= 65; ++digits) {
        for (unsigned scale = 0; scale <= std::min(digits, 38u); ++scale) {
            const DecimalLayout layout(digits, scale);
            const std::string bytes(layout.size, '\xFF');
            const std::string text = text_of(put_decimal, bytes.data(), layout);
            EXPECT_EQ(text.find_first_not_of("0123456789."), std::string::npos) << text;
        }
    }
}

}  // namespace
}  // namespace evenkeel::cdc
