// How long to wait before a process that died by itself is started again. Pure.
#pragma once

#include <cstddef>
#include <deque>

#include "base/instant.h"

namespace evenkeel::app {

// The first deaths are repaired at once: a duty is waiting. A process that keeps dying must not eat
// the machine: from the fifth death within ten seconds on, pauses double from 100 ms to 5 s.
class RestartBackoff {
public:
    Millis after_death(Instant now) {
        constexpr Millis kWindow{10'000};
        constexpr std::size_t kFree = 4;
        constexpr Millis kFirst{100};
        constexpr Millis kMost{5'000};
        // A pause must not move old deaths out of sight.
        while (!deaths_.empty() && now - deaths_.front() > kWindow + pause_) deaths_.pop_front();
        deaths_.push_back(now);
        if (deaths_.size() > 32) deaths_.pop_front();
        if (deaths_.size() <= kFree) {
            pause_ = Millis{0};
        } else {
            pause_ = pause_ == Millis{0} ? kFirst : std::min(pause_ * 2, kMost);
        }
        return pause_;
    }

private:
    std::deque<Instant> deaths_;
    Millis pause_{0};
};

}  // namespace evenkeel::app
