#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace evenkeel {
namespace {

Result<int> halved(int number) {
    if (number % 2 != 0) return Error{Errc::invalid, "halve: odd"};
    return number / 2;
}

Result<int> quartered(int number) {
    EK_TRY(const int half, halved(number));
    return halved(half);
}

Result<> only_even(int number) {
    EK_TRY_VOID(halved(number));
    return {};
}

TEST(Result, TryGoesOnWithTheValue) {
    EXPECT_EQ(quartered(12), 3);
}

TEST(Result, TryReturnsTheFirstError) {
    ASSERT_FALSE(quartered(6));
    EXPECT_EQ(quartered(7).error().code, Errc::invalid);
    EXPECT_FALSE(only_even(1));
    EXPECT_TRUE(only_even(2));
}

TEST(Result, TryMovesTheValue) {
    const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(3); };
    const auto use = [&]() -> Result<int> {
        EK_TRY(const auto owned, make());
        return *owned;
    };
    EXPECT_EQ(use(), 3);
}

}  // namespace
}  // namespace evenkeel
