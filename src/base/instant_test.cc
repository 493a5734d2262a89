#include "base/instant.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

using namespace std::chrono_literals;

const Instant kStart{1000s};

TEST(Deadline, PassesAtItsInstant) {
    const Deadline deadline{kStart};
    EXPECT_FALSE(deadline.passed(kStart - 1ns));
    EXPECT_TRUE(deadline.passed(kStart));
}

TEST(Deadline, RoundsTheTimeLeftUp) {
    const Deadline deadline{kStart};
    EXPECT_EQ(deadline.left(kStart - 1ns), 1ms);
    EXPECT_EQ(deadline.left(kStart - 2ms), 2ms);
}

TEST(Deadline, HasNoTimeLeftWhenPassed) {
    EXPECT_EQ(Deadline{kStart}.left(kStart + 5s), 0ms);
}

TEST(Deadline, SoonerTakesTheEarlierOne) {
    const Deadline early{kStart};
    const Deadline late{kStart + 1s};
    EXPECT_EQ(early.sooner(late).at, kStart);
    EXPECT_EQ(late.sooner(early).at, kStart);
}

}  // namespace
}  // namespace evenkeel
