// Reads the small languages of filters and masks: names, quoted names, * and /regular expressions/,
// with blanks between them anywhere. Pure. Faults point at their column.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cdc/filter/filter.h"

namespace evenkeel::cdc {

class RuleScanner {
public:
    // `what`: of error texts, "the filter".
    RuleScanner(std::string_view text, const char* what) : text_(text), what_(what) {}

    // Behind blanks.
    bool at_end();
    bool next_is(char c);
    // Takes `c` when it is next.
    bool take_if(char c);
    // Errors: invalid  something else is next; `where` goes on with "expected C".
    Result<> take(char c, const char* where);
    // A bare word; empty when none is next.
    std::string_view take_word();
    // A name or a quoted name. `of_what`: "a column".
    Result<std::string> take_name(const char* of_what);
    Result<FilterPattern> take_pattern(const char* of_what);

    std::size_t at() const { return at_; }
    // The error at byte `at`, with the text and a caret below it.
    Error wrong_at(std::size_t at, const std::string& why) const;
    Error wrong(const std::string& why) const { return wrong_at(at_, why); }

private:
    Result<FilterPattern> take_regex();
    Result<std::string> take_quoted();
    Error half_star() const;
    bool here(char c) const { return at_ < text_.size() && text_[at_] == c; }
    bool is_quote() const { return here('`') || here('\'') || here('"'); }
    void skip_blanks();

    std::string_view text_;
    const char* what_;
    std::size_t at_ = 0;
};

}  // namespace evenkeel::cdc
