#include "cdc/render/value_writer.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

constexpr TemporalStyle kRight{};
constexpr TemporalStyle kQuirks{.quirks = true};

// The value as JSON; "refused" when it does not fit.
std::string text_of(const ColumnPlan& column, std::string_view bytes,
                    const TemporalStyle& style = kRight) {
    ByteBuffer out;
    ValueWriter writer(style, out);
    constexpr std::size_t kRoom = 256;
    writer.begin(bytes.data() + bytes.size(), kRoom);
    const Place place = writer.write(column, {bytes.data(), out.room(kRoom)});
    if (place.in == nullptr) return "refused";
    out.set_end(place.out);
    EXPECT_EQ(place.in, writer.skip(column, bytes.data()));
    return std::string(out.view());
}

ColumnPlan fixed(ValueKind kind, std::uint8_t size) {
    return {.kind = kind, .size = size};
}
ColumnPlan variable(ValueKind kind, std::uint8_t length_bytes = 1) {
    return {.kind = kind, .length_bytes = length_bytes};
}

TEST(ValueWriter, BitIsAnUnsignedNumber) {
    EXPECT_EQ(text_of(fixed(ValueKind::bit, 1), "\x01"), "1");
    EXPECT_EQ(text_of(fixed(ValueKind::bit, 4), std::string_view("\x80\0\0\0", 4)), "2147483648");
    EXPECT_EQ(text_of(fixed(ValueKind::bit, 8), std::string(8, '\xFF')), "18446744073709551615");
}

TEST(ValueWriter, BitIsWrongFromBit31UpWithQuirks) {
    const auto bit = [](std::string_view bytes) {
        return text_of(fixed(ValueKind::bit, static_cast<std::uint8_t>(bytes.size())), bytes,
                       kQuirks);
    };
    EXPECT_EQ(bit(std::string_view("\x40\0\0\0", 4)), "1073741824");
    EXPECT_EQ(bit(std::string_view("\x80\0\0\0", 4)), "-2147483648");
    EXPECT_EQ(bit(std::string_view("\x80\0\0\0\0", 5)), "128");
    EXPECT_EQ(bit(std::string_view("\x80\0\0\0\0\0\0\0", 8)), "9223372036854775808");
}

TEST(ValueWriter, YearZeroIsZero) {
    EXPECT_EQ(text_of(fixed(ValueKind::year, 1), std::string_view("\0", 1)), "0");
    EXPECT_EQ(text_of(fixed(ValueKind::year, 1), "\x7C"), "2024");
    EXPECT_EQ(text_of(fixed(ValueKind::year, 1), std::string_view("\0", 1), kQuirks), "1900");
}

TEST(ValueWriter, DecimalZeroIsJavasWithQuirks) {
    ColumnPlan column = fixed(ValueKind::decimal, 10);
    column.decimal = DecimalLayout(20, 10);
    const std::string zero = "\x80" + std::string(9, '\0');
    EXPECT_EQ(text_of(column, zero), "0.0000000000");
    EXPECT_EQ(text_of(column, zero, kQuirks), "0E-10");
}

TEST(ValueWriter, EnumHasALabelOrIsEmpty) {
    ColumnPlan column = fixed(ValueKind::enumeration, 1);
    column.labels = {Literal("\"a\""), Literal("\"b\"")};
    EXPECT_EQ(text_of(column, "\x02"), "\"b\"");
    EXPECT_EQ(text_of(column, std::string_view("\0", 1)), "\"\"");
    EXPECT_EQ(text_of(column, std::string_view("\0", 1), kQuirks), "null");
    EXPECT_EQ(text_of(column, "\x03"), "refused");
}

TEST(ValueWriter, SetIsAnArray) {
    ColumnPlan column = fixed(ValueKind::set, 1);
    column.labels = {Literal("\"a\""), Literal("\"b\""), Literal("\"c\"")};
    EXPECT_EQ(text_of(column, std::string_view("\0", 1)), "[]");
    EXPECT_EQ(text_of(column, "\x05"), "[\"a\",\"c\"]");
    EXPECT_EQ(text_of(column, "\x08"), "refused");
}

TEST(ValueWriter, SignsOfMediumint) {
    EXPECT_EQ(text_of(fixed(ValueKind::int24, 3), "\xFF\xFF\xFF"), "-1");
    EXPECT_EQ(text_of(fixed(ValueKind::uint24, 3), "\xFF\xFF\xFF"), "16777215");
    EXPECT_EQ(text_of(fixed(ValueKind::int24, 3), std::string_view("\0\0\x80", 3)), "-8388608");
}

TEST(ValueWriter, BinaryIsPaddedToItsWidth) {
    ColumnPlan column = variable(ValueKind::binary_fixed);
    column.width = 4;
    EXPECT_EQ(text_of(column, "\x01x"), "\"eAAAAA==\"");
    EXPECT_EQ(text_of(variable(ValueKind::binary), "\x01x"), "\"eA==\"");
    EXPECT_EQ(text_of(column, "\x01x", kQuirks), "\"eA==\"") << "Maxwell leaves the zeros out";
    EXPECT_EQ(text_of(column, std::string_view("\0", 1), kQuirks), "\"\"");
}

TEST(ValueWriter, JsonIsRawWhenItIsJson) {
    const ColumnPlan column = variable(ValueKind::json);
    EXPECT_EQ(text_of(column, "\x08{\"a\": 1}"), "{\"a\": 1}");
    EXPECT_EQ(text_of(column, "\x06[1,\r\n]"), "\"[1,\\r\\n]\"") << "not valid";
    EXPECT_EQ(text_of(column, "\x06[1\r\n ]"), "[1   ]") << "one line";
    EXPECT_EQ(text_of(column, std::string_view("\0", 1)), "\"\"");
}

TEST(ValueWriter, AddressesArePaddedAndSpelledOut) {
    EXPECT_EQ(text_of(variable(ValueKind::uuid), "\x02\x12\x34"),
              "\"12340000-0000-0000-0000-000000000000\"");
    EXPECT_EQ(text_of(variable(ValueKind::inet4), "\x02\x0A\x01"), "\"10.1.0.0\"");
    EXPECT_EQ(text_of(variable(ValueKind::inet6), std::string_view("\0", 1)), "\"::\"");
    EXPECT_EQ(text_of(variable(ValueKind::inet6), "\x02\xFE\x80"), "\"fe80::\"");
}

TEST(ValueWriter, ZerofillIsSignedWithQuirks) {
    ColumnPlan column = fixed(ValueKind::uint32, 4);
    column.zerofill = true;
    const std::string_view value("\x00\x28\x6B\xEE", 4);
    EXPECT_EQ(text_of(column, value), "4000000000");
    EXPECT_EQ(text_of(column, value, kQuirks), "-294967296");
}

TEST(ValueWriter, VectorIsAnArray) {
    const ColumnPlan column = variable(ValueKind::vector);
    EXPECT_EQ(text_of(column, std::string_view("\x08\0\0\x80\x3F\xF9\x02\x15\x50", 9)),
              "[1.0,1.0E10]");
    EXPECT_EQ(text_of(column, std::string_view("\0", 1)), "[]");
    EXPECT_EQ(text_of(column,
                      "\x03"
                      "abc"),
              "refused");
    const std::string many = "\xFF\x3F" + std::string(16383, '\xFE');  // Of its longest text.
    EXPECT_EQ(text_of(variable(ValueKind::vector, 2), many), "refused");
    EXPECT_GT(
        text_of(variable(ValueKind::vector, 2), "\xFC\x3F" + std::string(16380, '\xFE')).size(),
        40'000u);
}

TEST(ValueWriter, BinaryJsonIsEmbedded) {
    const ColumnPlan column = variable(ValueKind::json_mysql);
    EXPECT_EQ(text_of(column, std::string_view("\x08\x02\1\0\7\0\5\1\0", 9)), "[1]");
    EXPECT_EQ(text_of(column, std::string_view("\0", 1)), "null") << "NOT NULL without a value";
    EXPECT_EQ(text_of(column, "\x02\x02\x01"), "refused");
}

TEST(ValueWriter, RefusesWhatIsCut) {
    EXPECT_EQ(text_of(fixed(ValueKind::int32, 4), "abc"), "refused");
    EXPECT_EQ(text_of(variable(ValueKind::text), ""), "refused");
    EXPECT_EQ(text_of(variable(ValueKind::text),
                      "\x02"
                      "a"),
              "refused");
    EXPECT_EQ(text_of(variable(ValueKind::text, 4), "\xFF\xFF\xFF\xFF"), "refused");
    EXPECT_EQ(text_of(variable(ValueKind::geometry),
                      "\x03"
                      "abc"),
              "refused");
}

TEST(ValueWriter, GrowsTheBufferForLongTexts) {
    const std::string text(100'000, '\x01');  // Six times as long when escaped.
    std::string bytes("\xA0\x86\x01", 3);
    const std::string written = text_of(variable(ValueKind::text, 3), bytes + text);
    EXPECT_EQ(written.size(), 600'002u);
    EXPECT_EQ(written.substr(0, 13), "\"\\u0001\\u0001");
}

}  // namespace
}  // namespace evenkeel::cdc
