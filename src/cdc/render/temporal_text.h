// Dates and times of the binlog as text, without quotes. Each function returns the end of what it
// wrote, or null when the bytes are no such value. Room: 32.
#pragma once

#include <cstdint>

namespace evenkeel::cdc {

// How zero dates (0000-00-00) and times are written; see OutputConfig.
struct TemporalStyle {
    bool null_zero_dates = false;
    // Maxwell's ways: a date with any zero part is all zero; a time loses its sign and its days.
    bool quirks = false;
};

// Bytes of the fraction of `digits` digits.
inline unsigned fraction_size(unsigned digits) {
    return (digits + 1) / 2;
}

// A quoted text, or null by itself.
char* put_date(char* out, const char* in, const TemporalStyle& style);
char* put_datetime(char* out, const char* in, unsigned digits, const TemporalStyle& style);
char* put_datetime_old(char* out, const char* in, const TemporalStyle& style);
// In UTC.
char* put_timestamp(char* out, const char* in, unsigned digits, const TemporalStyle& style);
char* put_timestamp_old(char* out, const char* in, const TemporalStyle& style);
char* put_time(char* out, const char* in, unsigned digits, const TemporalStyle& style);
char* put_time_old(char* out, const char* in, const TemporalStyle& style);

// Values inside of MySQL's JSON, packed into a number; fractions without zeros at their end.
char* put_packed_date(char* out, std::int64_t packed);
char* put_packed_datetime(char* out, std::int64_t packed);
char* put_packed_time(char* out, std::int64_t packed);

}  // namespace evenkeel::cdc
