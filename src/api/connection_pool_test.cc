#include "api/connection_pool.h"

#include <gtest/gtest.h>

#include <atomic>

namespace evenkeel::api {
namespace {

TEST(ConnectionPool, RunsEveryJobBeforeItStops) {
    std::atomic<int> done{0};
    ConnectionPool pool(3, 2);  // Fewer places than jobs: run() has to wait for some.
    for (int i = 0; i < 100; ++i) pool.run([&done] { ++done; });
    pool.stop();
    EXPECT_EQ(done, 100);
}

TEST(ConnectionPool, AJobThatComesTooLateIsStillRun) {
    std::atomic<int> done{0};
    ConnectionPool pool(1, 1);
    pool.stop();
    pool.run([&done] { ++done; });
    EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace evenkeel::api
