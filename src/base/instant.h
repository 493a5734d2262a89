// Points on the node's monotonic clock, and deadlines made of them. Values only: the clock itself
// is read by io/clock.h, so that everything below can run on virtual time.
#pragma once

#include <algorithm>
#include <chrono>

namespace evenkeel {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;

// A tag for CLOCK_BOOTTIME: monotonic, and it goes on while the machine is suspended.
struct BootClock {
    using rep = std::chrono::nanoseconds::rep;
    using period = std::chrono::nanoseconds::period;
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};
using Instant = BootClock::time_point;

// When a call that waits has to give up. Pass the caller's on; never invent a local one.
struct Deadline {
    Instant at{};

    bool passed(Instant now) const { return now >= at; }
    // Time left, 0 when passed; rounded up so that a wait of it does not end early.
    Millis left(Instant now) const {
        return passed(now) ? Millis{0} : std::chrono::ceil<Millis>(at - now);
    }
    Deadline sooner(Deadline other) const { return {std::min(at, other.at)}; }
};

}  // namespace evenkeel
