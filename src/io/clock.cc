#include "io/clock.h"

#include <time.h>

namespace evenkeel::io {
namespace {

std::chrono::nanoseconds read(clockid_t id) {
    timespec time{};
    ::clock_gettime(id, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Instant now() {
    return Instant(read(CLOCK_BOOTTIME));
}

Deadline within(Millis limit) {
    return {now() + limit};
}

std::int64_t wall_ms() {
    return std::chrono::duration_cast<Millis>(read(CLOCK_REALTIME)).count();
}

}  // namespace evenkeel::io
