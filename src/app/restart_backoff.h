// How long to wait before a process that died by itself is started again. Pure.
#pragma once

#include <algorithm>

#include "base/instant.h"

namespace evenkeel::app {

// The first deaths are repaired at once: a duty is waiting. A process that keeps dying must not eat
// the machine: from the fifth death on, without ten good seconds in between, pauses double from
// 100 ms to 5 s.
class RestartBackoff {
public:
    Millis after_death(Instant now) {
        constexpr Millis kGoodLife{10'000};
        constexpr int kFree = 4;
        constexpr Millis kFirst{100};
        constexpr Millis kMost{5'000};
        if (deaths_ > 0 && now - last_death_ > pause_ + kGoodLife) deaths_ = 0;
        last_death_ = now;
        ++deaths_;
        pause_ = deaths_ <= kFree ? Millis{0} : std::clamp(pause_ * 2, kFirst, kMost);
        return pause_;
    }

private:
    int deaths_ = 0;
    Instant last_death_{};
    Millis pause_{0};
};

}  // namespace evenkeel::app
