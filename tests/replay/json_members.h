// A JSON object taken apart without losing how its values are written: MariaDB's JSON is a text, in
// which white space and 1.0 or 1.00 make a difference.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace evenkeel::test {

using JsonMembers = std::vector<std::pair<std::string, std::string_view>>;

// Views into `object`. Errors: corrupt  it is no JSON object.
Result<JsonMembers> json_members(std::string_view object);
// The elements of an array, as they are written. Errors: corrupt.
Result<std::vector<std::string_view>> json_elements(std::string_view array);
// The value of a JSON string. Errors: corrupt.
Result<std::string> json_text(std::string_view raw);
// The member's raw text; empty when there is none.
std::string_view member(const JsonMembers& members, std::string_view name);

}  // namespace evenkeel::test
