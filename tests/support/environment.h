// What a test is told through its environment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace evenkeel::test {

// Empty: not set.
std::string text_from(const char* variable);
// Nothing: not set, or no number.
std::optional<std::uint64_t> number_from(const char* variable);

}  // namespace evenkeel::test
