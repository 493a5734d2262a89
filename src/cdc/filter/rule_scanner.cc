#include "cdc/filter/rule_scanner.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

namespace evenkeel::cdc {
namespace {

bool is_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '-' || c == '$' || byte >= 0x80;
}

}  // namespace

void RuleScanner::skip_blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
}

bool RuleScanner::at_end() {
    skip_blanks();
    return at_ == text_.size();
}

bool RuleScanner::next_is(char c) {
    skip_blanks();
    return here(c);
}

bool RuleScanner::take_if(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
}

Result<> RuleScanner::take(char c, const char* where) {
    if (!take_if(c)) return wrong(fmt::format("expected {} {}", c, where));
    return {};
}

std::string_view RuleScanner::take_word() {
    skip_blanks();
    const std::size_t start = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
}

Result<std::string> RuleScanner::take_name(const char* of_what) {
    skip_blanks();
    if (is_quote()) return take_quoted();
    std::string word(take_word());
    if (word.empty()) return wrong(fmt::format("say the name of {}", of_what));
    return word;
}

Result<FilterPattern> RuleScanner::take_pattern(const char* of_what) {
    skip_blanks();
    if (here('*')) {
        ++at_;
        if (at_ < text_.size() && (is_word(text_[at_]) || here('*'))) return half_star();
        return FilterPattern::any();
    }
    if (here('/')) return take_regex();
    if (is_quote()) {
        EK_TRY(std::string name, take_quoted());
        return FilterPattern::name(std::move(name));
    }
    std::string word(take_word());
    if (word.empty()) {
        return wrong(
            fmt::format("say {}: a name, a quoted name, * or /a regular expression/", of_what));
    }
    if (here('*')) return half_star();
    return FilterPattern::name(std::move(word));
}

Error RuleScanner::half_star() const {
    return wrong("* stands alone; for a part of a name write a regular expression, /^part/");
}

Result<FilterPattern> RuleScanner::take_regex() {
    const std::size_t start = ++at_;
    while (at_ < text_.size() && !(here('/') && text_[at_ - 1] != '\\')) ++at_;
    if (at_ == text_.size()) {
        return wrong_at(start - 1, "this regular expression has no / at its end");
    }
    Regex::Problem problem;
    auto regex = Regex::compile(text_.substr(start, at_ - start), problem);
    if (regex == nullptr) {
        return wrong_at(start + problem.at, "not a regular expression: " + problem.what);
    }
    ++at_;
    return FilterPattern::regex(std::move(regex));
}

Result<std::string> RuleScanner::take_quoted() {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    std::string name;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
        if (here('\\') && at_ + 1 < text_.size()) ++at_;
        name += text_[at_];
    }
    if (at_ == text_.size()) return wrong_at(start, "this quoted name has no end");
    ++at_;
    return name;
}

Error RuleScanner::wrong_at(std::size_t at, const std::string& why) const {
    std::string shown(text_);
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return {Errc::invalid, fmt::format("read {}: column {}: {}\n  {}\n  {}^", what_, at + 1, why,
                                       shown, std::string(at, ' '))};
}

}  // namespace evenkeel::cdc
