#include "app/restart_backoff.h"

#include <gtest/gtest.h>

namespace evenkeel::app {
namespace {

Instant at(int ms) {
    return Instant(Millis(ms));
}

TEST(RestartBackoff, TheFirstDeathsAreRepairedAtOnce) {
    RestartBackoff backoff;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(backoff.after_death(at(i)), Millis(0));
}

TEST(RestartBackoff, ManyDeathsInARowWaitLongerUpToABound) {
    RestartBackoff backoff;
    int now = 0;
    Millis pause{0};
    for (int i = 0; i < 5; ++i) pause = backoff.after_death(at(now));
    EXPECT_EQ(pause, Millis(100));
    for (int i = 0; i < 20; ++i) {
        now += static_cast<int>(pause.count());
        const Millis next = backoff.after_death(at(now));
        EXPECT_GE(next, pause);
        pause = next;
    }
    EXPECT_EQ(pause, Millis(5000));
}

TEST(RestartBackoff, ForgetsOldDeaths) {
    RestartBackoff backoff;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(backoff.after_death(at(i)), Millis(0));
    EXPECT_EQ(backoff.after_death(at(11'000)), Millis(0));
}

}  // namespace
}  // namespace evenkeel::app
