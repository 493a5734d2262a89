// A regular expression of a filter or a list of columns: PCRE2's language, which for what people
// write in them is Java's (docs/guide/from-maxwell.md names the differences). Compiled once.
// Never looks at anything but the text given to it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace evenkeel::cdc {

// Cheap to copy. Thread-safe.
class Regex {
public:
    struct Problem {
        std::size_t at = 0;  // Byte of the expression.
        std::string what{};
    };
    // Null when it is not a regular expression; `problem` then says why.
    static std::shared_ptr<const Regex> compile(std::string_view text, Problem& problem);

    // Somewhere in `text`. Errors: invalid  undecidable within PCRE2's limits (backtracking).
    Result<bool> found_in(std::string_view text) const;
    // The whole of `text`. Errors: those.
    Result<bool> matches(std::string_view text) const;

private:
    Result<bool> match(std::string_view text, unsigned options) const;

    std::shared_ptr<void> code_;
    std::string text_;
};

}  // namespace evenkeel::cdc
