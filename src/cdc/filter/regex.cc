#include "cdc/filter/regex.h"

#include <fmt/core.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

namespace evenkeel::cdc {
namespace {

std::string message_of(int code) {
    std::array<unsigned char, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

// One for each thread: a match needs a place for its result, and none is to be allocated per row.
pcre2_match_data* match_data() {
    struct Free {
        void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
    };
    thread_local const std::unique_ptr<pcre2_match_data, Free> data(
        pcre2_match_data_create(1, nullptr));
    return data.get();
}

}  // namespace

std::shared_ptr<const Regex> Regex::compile(std::string_view text, Problem& problem) {
    int code = 0;
    PCRE2_SIZE at = 0;
    // Row values and names are UTF-8 or made so; what is not must not end a match with an error.
    pcre2_code* compiled = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                         PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &at, nullptr);
    if (compiled == nullptr) {
        problem = {.at = at, .what = message_of(code)};
        return nullptr;
    }
    // Slower without, nothing else.
    (void)pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
    auto regex = std::make_shared<Regex>();
    regex->code_ = std::shared_ptr<void>(
        compiled, [](void* held) { pcre2_code_free(static_cast<pcre2_code*>(held)); });
    regex->text_ = text;
    return regex;
}

Result<bool> Regex::found_in(std::string_view text) const {
    return match(text, 0);
}

Result<bool> Regex::matches(std::string_view text) const {
    return match(text, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

Result<bool> Regex::match(std::string_view text, unsigned options) const {
    const int found = pcre2_match(static_cast<const pcre2_code*>(code_.get()),
                                  reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                                  options, match_data(), nullptr);
    if (found >= 0) return true;
    if (found == PCRE2_ERROR_NOMATCH) return false;
    return Error{Errc::invalid,
                 fmt::format("match /{}/: {}; write it so that it needs less backtracking", text_,
                             message_of(found))};
}

}  // namespace evenkeel::cdc
