// What a fallible call returns: a value, or an Error with a code to react to and a cause to show.
#pragma once

#include <string>
#include <tl/expected.hpp>  // std::expected when the compiler has it: change only this file.
#include <utility>

namespace evenkeel {

// One code per reaction a caller can choose, not one per cause; the cause goes in Error::what.
enum class Errc {
    invalid,      // The input is wrong: repair it, a retry does not help.
    not_found,    // It is not there.
    conflict,     // Somebody else changed it first: read again, decide again.
    denied,       // Credentials or privileges are missing: a person has to grant them.
    not_leader,   // Ask the leader.
    timed_out,    // Unknown whether it happened: look before repeating.
    unavailable,  // It did not happen: try again later or elsewhere.
    corrupt,      // Stored or received bytes are damaged: stop.
};

// The code in words, for logs and JSON.
const char* to_string(Errc code);

struct Error {
    Errc code = Errc::invalid;
    std::string what{};  // Operation first: "connect db3:3306: no answer in 500 ms".
};

template <typename T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
    using tl::expected<T, Error>::expected;
    Result() = default;
    Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}
};

}  // namespace evenkeel

// Declares `decl` from the value of `expr`, or returns its error to the caller.
#define EK_TRY(decl, expr) EK_TRY_IMPL(EK_TRY_CAT(ek_try_, __COUNTER__), decl, expr)
#define EK_TRY_IMPL(result, decl, expr)            \
    auto result = (expr);                          \
    if (!result) return std::move(result).error(); \
    decl = *std::move(result)
#define EK_TRY_CAT(a, b) EK_TRY_CAT2(a, b)
#define EK_TRY_CAT2(a, b) a##b

// For a Result<> without a value: returns its error to the caller.
#define EK_TRY_VOID(expr)                                            \
    do {                                                             \
        auto ek_try_result = (expr);                                 \
        if (!ek_try_result) return std::move(ek_try_result).error(); \
    } while (false)
