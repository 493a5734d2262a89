#include "cdc/sinks/stdout_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <string>

#include "io/clock.h"
#include "io/fd.h"
#include "io/thread.h"

namespace evenkeel::cdc {
namespace {

constexpr std::size_t kLine = 1000;
constexpr std::size_t kMore = 1u << 20;  // Than a pipe holds.

class StdoutSinkTest : public testing::Test {
protected:
    void SetUp() override {
        ::signal(SIGPIPE, SIG_IGN);
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        reading_ = io::Fd(ends[0]);
        writing_ = io::Fd(ends[1]);
        sink_.emplace(writing_.get());
        ASSERT_TRUE(sink_->open({}, [this] { return may_act_.load(); }));
    }
    static std::string some_lines() {
        std::string lines;
        while (lines.size() < kMore) lines += std::string(kLine - 1, 'x') + '\n';
        return lines;
    }
    // What is in the pipe; waits for more until its writing end is closed.
    std::string read_all() {
        std::string bytes;
        char buffer[4096];
        for (ssize_t got; (got = ::read(reading_.get(), buffer, sizeof buffer)) > 0;) {
            bytes.append(buffer, static_cast<std::size_t>(got));
        }
        return bytes;
    }

    io::Fd reading_;
    io::Fd writing_;
    std::optional<StdoutSink> sink_;
    std::atomic<bool> may_act_{true};
};

TEST_F(StdoutSinkTest, WaitsForASlowReader) {
    std::string read;
    io::Worker reader("reader", [&](io::StopToken&) { read = read_all(); });
    EXPECT_TRUE(sink_->write(some_lines()));
    sink_.reset();
    writing_.reset();
    reader.stop();
    EXPECT_EQ(read, some_lines());
}

TEST_F(StdoutSinkTest, StopsBeforeAReaderThatReadsNothing) {
    may_act_ = false;
    const auto written = sink_->write(some_lines());
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::not_leader);
    EXPECT_THAT(written.error().what, testing::HasSubstr("its last line is cut"));
}

TEST_F(StdoutSinkTest, EndsWithAWholeLineWhenItHasToStop) {
    std::string read;
    may_act_ = false;
    io::Worker reader("reader", [&](io::StopToken& stop) {
        stop.wait_for(Millis{300});
        read = read_all();
    });
    const auto written = sink_->write(some_lines());
    sink_.reset();
    writing_.reset();
    reader.stop();
    ASSERT_FALSE(written);
    EXPECT_LT(read.size(), kMore);
    EXPECT_EQ(read.size() % kLine, 0u);
}

TEST_F(StdoutSinkTest, SaysThatTheReaderIsGone) {
    reading_.reset();
    const auto written = sink_->write("{}\n");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().what, testing::HasSubstr("write stdout: Broken pipe"));
}

TEST_F(StdoutSinkTest, LeavesTheDescriptorBlockingForOthers) {
    EXPECT_EQ(::fcntl(writing_.get(), F_GETFL) & O_NONBLOCK, 0);
}

}  // namespace
}  // namespace evenkeel::cdc
