#include "io/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include "io/clock.h"

namespace evenkeel::io {
namespace {

constexpr Millis kForever{3'600'000};

TEST(StopToken, WaitEndsWhenAStopIsRequested) {
    StopToken token;
    token.request();
    EXPECT_TRUE(token.requested());
    EXPECT_TRUE(token.wait_for(kForever));
}

TEST(StopToken, WaitEndsAtItsLimit) {
    StopToken token;
    EXPECT_FALSE(token.wait_for(Millis(1)));
}

TEST(Worker, IsWokenFromItsWaitByStop) {
    std::atomic<bool> woken{false};
    Worker worker("waits", [&](StopToken& stop) { woken = stop.wait_for(kForever); });
    worker.stop();
    EXPECT_TRUE(woken);
    EXPECT_FALSE(worker.running());
    worker.stop();
}

TEST(Worker, StopsInItsDestructor) {
    std::atomic<bool> ended{false};
    {
        const Worker worker("waits", [&](StopToken& stop) {
            stop.wait_for(kForever);
            ended = true;
        });
    }
    EXPECT_TRUE(ended);
}

TEST(Worker, AssignmentStopsTheOldOne) {
    std::atomic<bool> ended{false};
    Worker worker("first", [&](StopToken& stop) {
        stop.wait_for(kForever);
        ended = true;
    });
    worker = Worker("second", [](StopToken& stop) { stop.wait_for(kForever); });
    EXPECT_TRUE(ended);
    EXPECT_TRUE(worker.running());
}

TEST(Worker, CarriesItsNameCutToWhatTheKernelKeeps) {
    char name[32] = "";
    Worker worker("a-name-that-is-too-long",
                  [&](StopToken&) { ::pthread_getname_np(::pthread_self(), name, sizeof name); });
    worker.stop();
    EXPECT_STREQ(name, "a-name-that-is-");
}

TEST(Clock, GoesForward) {
    const Instant first = now();
    EXPECT_GE(now(), first);
    EXPECT_EQ(within(Millis(0)).left(now()), Millis(0));
}

}  // namespace
}  // namespace evenkeel::io
