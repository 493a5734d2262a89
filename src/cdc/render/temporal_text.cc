#include "cdc/render/temporal_text.h"

#include <cstring>

#include "cdc/render/number_text.h"
#include "wire/cursor.h"

namespace evenkeel::cdc {
namespace {

struct DateTime {
    std::uint32_t year = 0;
    std::uint32_t month = 0;
    std::uint32_t day = 0;
    std::uint32_t hour = 0;
    std::uint32_t minute = 0;
    std::uint32_t second = 0;
    std::uint32_t micros = 0;
};

std::uint32_t byte_at(const char* in, unsigned i) {
    return static_cast<unsigned char>(in[i]);
}

std::uint64_t big_endian(const char* in, unsigned size) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i) value = value << 8 | byte_at(in, i);
    return value;
}

std::uint32_t little_endian24(const char* in) {
    return byte_at(in, 0) | byte_at(in, 1) << 8 | byte_at(in, 2) << 16;
}

// Units of a fraction of `size` bytes in microseconds.
constexpr std::uint32_t kUnit[] = {0, 10000, 100, 1};

std::uint32_t read_fraction(const char* in, unsigned digits) {
    const unsigned size = fraction_size(digits);
    if (size == 0) return 0;
    return static_cast<std::uint32_t>(big_endian(in, size)) * kUnit[size];
}

char* put_fraction(char* out, std::uint32_t micros, unsigned digits) {
    if (digits == 0) return out;
    *out++ = '.';
    put_padded(out, micros, 6);
    return out + digits;
}

char* put_day(char* out, const DateTime& t) {
    // Put together first: each store of a piece takes as long as this.
    const std::uint64_t text = two_digits(t.year / 100) | two_digits(t.year % 100) << 16 |
                               std::uint64_t{'-'} << 32 | std::uint64_t{two_digits(t.month)} << 40 |
                               std::uint64_t{'-'} << 56;
    std::memcpy(out, &text, sizeof text);
    return put_two_digits(out + sizeof text, t.day);
}

char* put_clock(char* out, std::uint32_t hour, std::uint32_t minute, std::uint32_t second) {
    if (hour >= 100) {
        *out++ = static_cast<char>('0' + hour / 100);
        hour %= 100;
    }
    const std::uint64_t text = two_digits(hour) | std::uint64_t{':'} << 16 |
                               std::uint64_t{two_digits(minute)} << 24 | std::uint64_t{':'} << 40 |
                               std::uint64_t{two_digits(second)} << 48;
    std::memcpy(out, &text, sizeof text);
    return out + sizeof text;
}

bool possible(const DateTime& t) {
    return t.year <= 9999 && t.month <= 12 && t.day <= 31 && t.hour <= 23 && t.minute <= 59 &&
           t.second <= 59 && t.micros <= 999999;
}

char* put_null(char* out) {
    std::memcpy(out, "null", 4);
    return out + 4;
}

// A zero date as `style` wants it: null, or with all its parts zero. True when it is to be null.
bool settle_zero(DateTime& t, const TemporalStyle& style) {
    const bool all_zero = t.year == 0 && t.month == 0 && t.day == 0;
    const bool part_zero = t.month == 0 || t.day == 0;
    const bool zero = style.quirks ? part_zero : all_zero;
    if (!zero) return false;
    if (style.quirks) t = {};
    return style.null_zero_dates;
}

[[gnu::always_inline]] inline char* put_moment(char* out, DateTime t, unsigned digits,
                                               const TemporalStyle& style) {
    if (!possible(t)) return nullptr;
    if (t.month == 0 || t.day == 0) {
        if (settle_zero(t, style)) return put_null(out);
    }
    *out++ = '"';
    out = put_day(out, t);
    *out++ = ' ';
    out = put_clock(out, t.hour, t.minute, t.second);
    out = put_fraction(out, t.micros, digits);
    *out++ = '"';
    return out;
}

// Days since 1970-01-01 to a date of the Gregorian calendar, counting years from March so that
// the leap day is a year's last.
DateTime date_of_days(std::uint32_t days) {
    constexpr std::uint32_t kDaysTo1970 = 719468;  // From 0000-03-01.
    days += kDaysTo1970;
    const std::uint32_t era = days / 146097;  // Of 400 years.
    const std::uint32_t day_of_era = days % 146097;
    const std::uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::uint32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::uint32_t shifted_month = (5 * day_of_year + 2) / 153;
    DateTime t;
    t.day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    t.month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    t.year = year_of_era + era * 400 + (t.month <= 2 ? 1 : 0);
    return t;
}

char* put_epoch(char* out, std::uint32_t seconds, std::uint32_t micros, unsigned digits,
                const TemporalStyle& style) {
    DateTime t;
    if (seconds != 0 || micros != 0) {  // Zero is the zero date, not 1970.
        t = date_of_days(seconds / 86400);
        t.hour = seconds % 86400 / 3600;
        t.minute = seconds % 3600 / 60;
        t.second = seconds % 60;
        t.micros = micros;
    }
    return put_moment(out, t, digits, style);
}

struct Duration {
    bool negative = false;
    std::uint32_t hours = 0;
    std::uint32_t minutes = 0;
    std::uint32_t seconds = 0;
    std::uint32_t micros = 0;
};

char* put_duration(char* out, Duration t, unsigned digits, const TemporalStyle& style) {
    if (t.hours > 838 || t.minutes > 59 || t.seconds > 59 || t.micros > 999999) return nullptr;
    if (style.quirks) {
        // Maxwell goes through a time of day: modulo 24 hours, in both directions.
        std::int64_t micros = ((t.hours * 60 + t.minutes) * 60ll + t.seconds) * 1000000 + t.micros;
        constexpr std::int64_t kDay = 86400ll * 1000000;
        micros = ((t.negative ? -micros : micros) % kDay + kDay) % kDay;
        const auto whole = static_cast<std::uint32_t>(micros / 1000000);
        t = {false, whole / 3600, whole / 60 % 60, whole % 60,
             static_cast<std::uint32_t>(micros % 1000000)};
    }
    *out++ = '"';
    if (t.negative) *out++ = '-';
    out = put_clock(out, t.hours, t.minutes, t.seconds);
    out = put_fraction(out, t.micros, digits);
    *out++ = '"';
    return out;
}

std::uint64_t magnitude(std::int64_t packed) {
    const auto bits = static_cast<std::uint64_t>(packed);
    return packed < 0 ? 0 - bits : bits;
}

DateTime unpack_clock(std::uint64_t packed) {
    return {.minute = static_cast<std::uint32_t>(packed >> 30 & 63),
            .second = static_cast<std::uint32_t>(packed >> 24 & 63),
            .micros = static_cast<std::uint32_t>(packed & 0xFFFFFF)};
}

DateTime unpack(std::int64_t packed) {
    const std::uint64_t value = magnitude(packed);
    DateTime t = unpack_clock(value);
    const auto months = static_cast<std::uint32_t>(value >> 46);
    t.year = months / 13;
    t.month = months % 13;
    t.day = static_cast<std::uint32_t>(value >> 41 & 31);
    t.hour = static_cast<std::uint32_t>(value >> 36 & 31);
    return t;
}

char* put_trimmed_fraction(char* out, std::uint32_t micros) {
    if (micros == 0) return out;
    *out++ = '.';
    unsigned width = 6;
    for (; micros % 10 == 0; micros /= 10) --width;
    return put_padded(out, micros, width);
}

}  // namespace

char* put_date(char* out, const char* in, const TemporalStyle& style) {
    const std::uint32_t packed = little_endian24(in);
    DateTime t{.year = packed >> 9, .month = packed >> 5 & 15, .day = packed & 31};
    if (!possible(t)) return nullptr;
    if (settle_zero(t, style)) return put_null(out);
    *out++ = '"';
    out = put_day(out, t);
    *out++ = '"';
    return out;
}

char* put_datetime(char* out, const char* in, unsigned digits, const TemporalStyle& style) {
    // 1 bit sign (always set), 17 year * 13 + month, 5 day, 5 hour, 6 minute, 6 second.
    const std::uint64_t packed = big_endian(in, 5) & 0x7FFFFFFFFFu;
    const auto months = static_cast<std::uint32_t>(packed >> 22);
    return put_moment(out,
                      {.year = months / 13,
                       .month = months % 13,
                       .day = static_cast<std::uint32_t>(packed >> 17 & 31),
                       .hour = static_cast<std::uint32_t>(packed >> 12 & 31),
                       .minute = static_cast<std::uint32_t>(packed >> 6 & 63),
                       .second = static_cast<std::uint32_t>(packed & 63),
                       .micros = read_fraction(in + 5, digits)},
                      digits, style);
}

char* put_datetime_old(char* out, const char* in, const TemporalStyle& style) {
    const auto number = wire::load<std::uint64_t>(in);  // 20240131235959
    const std::uint64_t day = number / 1000000;
    const auto clock = static_cast<std::uint32_t>(number % 1000000);
    if (day > 99991231) return nullptr;
    const auto date = static_cast<std::uint32_t>(day);
    return put_moment(out,
                      {.year = date / 10000,
                       .month = date / 100 % 100,
                       .day = date % 100,
                       .hour = clock / 10000,
                       .minute = clock / 100 % 100,
                       .second = clock % 100},
                      0, style);
}

char* put_timestamp(char* out, const char* in, unsigned digits, const TemporalStyle& style) {
    return put_epoch(out, static_cast<std::uint32_t>(big_endian(in, 4)),
                     read_fraction(in + 4, digits), digits, style);
}

char* put_timestamp_old(char* out, const char* in, const TemporalStyle& style) {
    return put_epoch(out, wire::load<std::uint32_t>(in), 0, 0, style);
}

char* put_time(char* out, const char* in, unsigned digits, const TemporalStyle& style) {
    // 1 bit sign (set: positive), 1 unused, 10 hour, 6 minute, 6 second, then the fraction; a
    // negative time is the two's complement of all of it.
    const unsigned size = 3 + fraction_size(digits);
    const unsigned fraction_bits = 8 * fraction_size(digits);
    auto packed = static_cast<std::int64_t>(big_endian(in, size));
    packed -= std::int64_t{0x800000} << fraction_bits;
    Duration t{.negative = packed < 0};
    const auto value = static_cast<std::uint64_t>(t.negative ? -packed : packed);
    const auto clock = static_cast<std::uint32_t>(value >> fraction_bits);
    t.hours = clock >> 12;
    t.minutes = clock >> 6 & 63;
    t.seconds = clock & 63;
    t.micros = static_cast<std::uint32_t>(value & ((std::uint64_t{1} << fraction_bits) - 1)) *
               kUnit[fraction_size(digits)];
    return put_duration(out, t, digits, style);
}

char* put_time_old(char* out, const char* in, const TemporalStyle& style) {
    // A signed number of 24 bits: 8385959.
    const auto number = static_cast<std::int32_t>(little_endian24(in) << 8) >> 8;
    Duration t{.negative = number < 0};
    const auto value = static_cast<std::uint32_t>(t.negative ? -number : number);
    t.hours = value / 10000;
    t.minutes = value / 100 % 100;
    t.seconds = value % 100;
    return put_duration(out, t, 0, style);
}

// 24 bits of microseconds below: 6 second, 6 minute, then 5 hour, 5 day, year * 13 + month; or all
// the rest hour.
char* put_packed_date(char* out, std::int64_t packed) {
    const DateTime t = unpack(packed);
    if (packed < 0 || !possible(t)) return nullptr;
    *out++ = '"';
    out = put_day(out, t);
    *out++ = '"';
    return out;
}

char* put_packed_datetime(char* out, std::int64_t packed) {
    const DateTime t = unpack(packed);
    if (packed < 0 || !possible(t)) return nullptr;
    *out++ = '"';
    out = put_day(out, t);
    *out++ = ' ';
    out = put_clock(out, t.hour, t.minute, t.second);
    out = put_trimmed_fraction(out, t.micros);
    *out++ = '"';
    return out;
}

char* put_packed_time(char* out, std::int64_t packed) {
    const std::uint64_t value = magnitude(packed);
    const DateTime t = unpack_clock(value);
    const std::uint64_t hours = value >> 36;
    if (hours > 838 || t.minute > 59 || t.second > 59 || t.micros > 999999) return nullptr;
    *out++ = '"';
    if (packed < 0) *out++ = '-';
    out = put_clock(out, static_cast<std::uint32_t>(hours), t.minute, t.second);
    out = put_trimmed_fraction(out, t.micros);
    *out++ = '"';
    return out;
}

}  // namespace evenkeel::cdc
