#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace evenkeel {

void check_failed(const char* file, int line, const char* condition, const char* why) {
    std::fprintf(stderr, "evenkeel: internal error at %s:%d: %s (%s does not hold)\n", file, line,
                 why, condition);
    std::abort();
}

}  // namespace evenkeel
