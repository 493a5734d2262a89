#include "base/mailbox.h"

#include <gtest/gtest.h>

#include <memory>

namespace evenkeel {
namespace {

using namespace std::chrono_literals;

TEST(Mailbox, GivesMessagesInOrder) {
    Mailbox<int> box(4);
    ASSERT_TRUE(box.post(1));
    ASSERT_TRUE(box.post(2));
    EXPECT_EQ(box.take(0ms), 1);
    EXPECT_EQ(box.take(0ms), 2);
    EXPECT_FALSE(box.take(0ms));
}

TEST(Mailbox, RefusesWhenFull) {
    Mailbox<int> box(1);
    ASSERT_TRUE(box.post(1));
    EXPECT_FALSE(box.post(2));
    ASSERT_TRUE(box.take(0ms));
    EXPECT_TRUE(box.post(3));
}

TEST(Mailbox, GivesWhatWaitsAfterItWasClosed) {
    Mailbox<int> box(4);
    ASSERT_TRUE(box.post(1));
    box.close();
    EXPECT_TRUE(box.closed());
    EXPECT_FALSE(box.post(2));
    EXPECT_EQ(box.take(0ms), 1);
}

TEST(Mailbox, DoesNotWaitWhenClosed) {
    Mailbox<int> box(4);
    box.close();
    EXPECT_FALSE(box.take(Millis(3'600'000)));
}

TEST(Mailbox, MovesMessages) {
    Mailbox<std::unique_ptr<int>> box(1);
    ASSERT_TRUE(box.post(std::make_unique<int>(7)));
    const auto message = box.take(0ms);
    ASSERT_TRUE(message);
    EXPECT_EQ(**message, 7);
}

}  // namespace
}  // namespace evenkeel
