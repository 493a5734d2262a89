#include "cdc/render/temporal_text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace evenkeel::cdc {
namespace {

constexpr TemporalStyle kRight{};
constexpr TemporalStyle kQuirks{.quirks = true};
constexpr TemporalStyle kNulls{.null_zero_dates = true};

std::string text(char* (*put)(char*, const char*, const TemporalStyle&), std::string_view bytes,
                 const TemporalStyle& style = kRight) {
    char room[64];
    const char* end = put(room, bytes.data(), style);
    return end != nullptr ? std::string(room, static_cast<std::size_t>(end - room)) : "refused";
}

std::string text(char* (*put)(char*, const char*, unsigned, const TemporalStyle&),
                 std::string bytes, unsigned digits, const TemporalStyle& style = kRight) {
    char room[64];
    const char* end = put(room, bytes.data(), digits, style);
    return end != nullptr ? std::string(room, static_cast<std::size_t>(end - room)) : "refused";
}

std::string big_endian(std::uint64_t value, unsigned size) {
    std::string bytes;
    for (unsigned i = size; i-- > 0;) bytes += static_cast<char>(value >> 8 * i);
    return bytes;
}

std::string date(unsigned year, unsigned month, unsigned day) {
    const unsigned packed = year << 9 | month << 5 | day;
    return {static_cast<char>(packed), static_cast<char>(packed >> 8),
            static_cast<char>(packed >> 16)};
}

std::string moment(std::uint64_t year, unsigned month, unsigned day, unsigned hour = 0,
                   unsigned minute = 0, unsigned second = 0) {
    return big_endian(
        1ull << 39 | (year * 13 + month) << 22 | day << 17 | hour << 12 | minute << 6 | second, 5);
}

// Positive; for a negative time negate all of it.
std::string duration(std::int64_t hours, unsigned minutes, unsigned seconds, unsigned fraction = 0,
                     unsigned fraction_bytes = 0, bool negative = false) {
    const std::int64_t clock = hours << 12 | minutes << 6 | seconds;
    const std::int64_t value = clock << 8 * fraction_bytes | fraction;
    const std::int64_t middle = 0x800000ll << 8 * fraction_bytes;
    return big_endian(static_cast<std::uint64_t>(negative ? middle - value : middle + value),
                      3 + fraction_bytes);
}

TEST(DateText, KeepsZeroParts) {
    EXPECT_EQ(text(put_date, date(2024, 2, 29)), "\"2024-02-29\"");
    EXPECT_EQ(text(put_date, date(2012, 0, 0)), "\"2012-00-00\"");
    EXPECT_EQ(text(put_date, date(0, 0, 0)), "\"0000-00-00\"");
    EXPECT_EQ(text(put_date, date(2012, 0, 0), kQuirks), "\"0000-00-00\"");
}

TEST(DateText, ZeroBecomesNullWhenAsked) {
    EXPECT_EQ(text(put_date, date(0, 0, 0), kNulls), "null");
    EXPECT_EQ(text(put_date, date(2012, 0, 0), kNulls), "\"2012-00-00\"");
}

TEST(DateText, RefusesTheImpossible) {
    EXPECT_EQ(text(put_date, date(2024, 13, 1)), "refused");
    EXPECT_EQ(text(put_date, date(12000, 1, 1)), "refused");
}

TEST(DatetimeText, PadsItsFraction) {
    const std::string when = moment(2024, 2, 29, 12, 34, 56);
    EXPECT_EQ(text(put_datetime, when, 0), "\"2024-02-29 12:34:56\"");
    EXPECT_EQ(text(put_datetime, when + big_endian(50, 1), 1), "\"2024-02-29 12:34:56.5\"");
    EXPECT_EQ(text(put_datetime, when + big_endian(5, 1), 2), "\"2024-02-29 12:34:56.05\"");
    EXPECT_EQ(text(put_datetime, when + big_endian(120, 2), 3), "\"2024-02-29 12:34:56.012\"");
    EXPECT_EQ(text(put_datetime, when + big_endian(7, 3), 6), "\"2024-02-29 12:34:56.000007\"");
}

TEST(DatetimeText, KeepsZeroParts) {
    EXPECT_EQ(text(put_datetime, moment(0, 0, 0), 0), "\"0000-00-00 00:00:00\"");
    EXPECT_EQ(text(put_datetime, moment(2012, 5, 0, 1, 2, 3), 0), "\"2012-05-00 01:02:03\"");
    EXPECT_EQ(text(put_datetime, moment(2012, 5, 0, 1, 2, 3), 0, kQuirks),
              "\"0000-00-00 00:00:00\"");
    EXPECT_EQ(text(put_datetime, moment(0, 0, 0), 0, kNulls), "null");
}

TEST(DatetimeText, RefusesTheImpossible) {
    EXPECT_EQ(text(put_datetime, std::string(8, '\xFF'), 6), "refused");
    EXPECT_EQ(text(put_datetime, moment(2024, 1, 1, 25), 0), "refused");
}

TEST(DatetimeText, ReadsTheOldFormat) {
    std::string bytes(8, '\0');
    const std::uint64_t number = 20240229123456;
    std::memcpy(bytes.data(), &number, 8);
    EXPECT_EQ(text(put_datetime_old, bytes), "\"2024-02-29 12:34:56\"");
    EXPECT_EQ(text(put_datetime_old, std::string(8, '\xFF')), "refused");
}

TEST(TimestampText, IsInUtc) {
    EXPECT_EQ(text(put_timestamp, big_endian(1763769600, 4), 0), "\"2025-11-22 00:00:00\"");
    EXPECT_EQ(text(put_timestamp, big_endian(1, 4), 0), "\"1970-01-01 00:00:01\"");
    EXPECT_EQ(text(put_timestamp, big_endian(951782400, 4), 0), "\"2000-02-29 00:00:00\"");
    EXPECT_EQ(text(put_timestamp, big_endian(0xFFFFFFFF, 4), 0), "\"2106-02-07 06:28:15\"");
    EXPECT_EQ(text(put_timestamp, big_endian(0, 4), 0), "\"0000-00-00 00:00:00\"");
    EXPECT_EQ(text(put_timestamp, big_endian(0, 4), 0, kNulls), "null");
    EXPECT_EQ(text(put_timestamp_old, std::string("\x01\0\0\0", 4)), "\"1970-01-01 00:00:01\"");
}

TEST(TimeText, HasSignAndDays) {
    EXPECT_EQ(text(put_time, duration(0, 0, 0), 0), "\"00:00:00\"");
    EXPECT_EQ(text(put_time, duration(1, 2, 3, 0, 0, true), 0), "\"-01:02:03\"");
    EXPECT_EQ(text(put_time, duration(838, 59, 59), 0), "\"838:59:59\"");
    EXPECT_EQ(text(put_time, duration(838, 59, 59, 0, 0, true), 0), "\"-838:59:59\"");
    EXPECT_EQ(text(put_time, duration(0, 0, 1, 25, 1, true), 2), "\"-00:00:01.25\"");
    EXPECT_EQ(text(put_time, duration(0, 0, 0, 5000, 2, true), 4), "\"-00:00:00.5000\"");
    EXPECT_EQ(text(put_time, duration(100, 0, 0, 1, 3), 6), "\"100:00:00.000001\"");
}

TEST(TimeText, WrapsAtADayWithQuirks) {
    EXPECT_EQ(text(put_time, duration(25, 0, 0), 0, kQuirks), "\"01:00:00\"");
    EXPECT_EQ(text(put_time, duration(838, 59, 59), 0, kQuirks), "\"22:59:59\"");
    EXPECT_EQ(text(put_time, duration(1, 2, 3, 0, 0, true), 0, kQuirks), "\"22:57:57\"");
}

TEST(TimeText, ReadsTheOldFormat) {
    EXPECT_EQ(text(put_time_old, "\xA7\xF5\x7F"), "\"838:59:59\"");
    EXPECT_EQ(text(put_time_old, "\x25\xD8\xFF"), "\"-01:02:03\"");
    EXPECT_EQ(text(put_time_old, "\xFF\xFF\x7F"), "refused");
}

}  // namespace
}  // namespace evenkeel::cdc
