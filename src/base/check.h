// EK_CHECK stops the process on a bug of ours; it is always on. In a program that moves primaries
// a stopped node is cheap and a wrong decision is not. Never for input that a user or peer sent.
#pragma once

namespace evenkeel {

[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* why);

}  // namespace evenkeel

#define EK_CHECK(condition, why)                                                         \
    do {                                                                                 \
        if (!(condition)) ::evenkeel::check_failed(__FILE__, __LINE__, #condition, why); \
    } while (false)
