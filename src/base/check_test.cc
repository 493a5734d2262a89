#include "base/check.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

TEST(CheckDeathTest, StopsAndSaysWhatAndWhy) {
    const int count = -1;
    EXPECT_DEATH(EK_CHECK(count >= 0, "counts are not negative"), "not negative .count >= 0");
}

TEST(Check, LetsPassWhatHolds) {
    EK_CHECK(1 + 1 == 2, "arithmetic");
}

}  // namespace
}  // namespace evenkeel
