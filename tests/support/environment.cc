#include "tests/support/environment.h"

#include <cstdlib>

#include "base/text.h"

namespace evenkeel::test {

std::string text_from(const char* variable) {
    const char* text = std::getenv(variable);
    return text == nullptr ? "" : text;
}

std::optional<std::uint64_t> number_from(const char* variable) {
    return parse_number(text_from(variable));
}

}  // namespace evenkeel::test
