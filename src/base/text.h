// Small text helpers that the standard library lacks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel {

std::string_view trim(std::string_view text);
// Splits at every `separator`; empty parts are kept, an empty text has no parts.
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// The whole text as a decimal number, or nothing (sign, spaces, overflow and rubbish are refused).
std::optional<std::uint64_t> parse_number(std::string_view text);
// The candidate that `word` most probably means, if one is near enough to suggest.
std::optional<std::string> nearest_name(std::string_view word,
                                        const std::vector<std::string>& candidates);
// `text` as a JSON string literal with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quote(std::string_view text);
// "850 ms", "12.3 s", "4 min 5 s": for people.
std::string human_duration(std::uint64_t milliseconds);

}  // namespace evenkeel
