// Java's properties files, which is what Maxwell's config.properties is: comments with # or !, a
// key and its value with =, : or a blank between them, \uXXXX and other escapes, and lines that a
// backslash continues. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace evenkeel::cdc {

struct Property {
    std::string key{};
    std::string value{};  // UTF-8; blanks at its end belong to it.
    int line = 0;         // Where it starts.
};

// In the order of the file. Errors: invalid  a \u escape without four hex digits; the text starts
// with the number of its line.
Result<std::vector<Property>> parse_properties(std::string_view text);

}  // namespace evenkeel::cdc
