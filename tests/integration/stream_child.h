// A stream in a process of its own that a test can kill: the test's program once more, of which one
// disabled test is run. Also what a stream wrote.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/text.h"
#include "cdc/stream_service.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/process.h"
#include "lab/server.h"
#include "tests/integration/one_node.h"

namespace evenkeel::test {

struct StreamChild {
    std::string test{};   // "StreamChild.DISABLED_Runs", whose body is run_stream_child().
    std::string group{};  // The path of a OneNode that has the checkpoint.
    std::uint16_t port = 0;
    std::string out{};
    std::string log{};
    std::vector<std::string> environment{};  // More of it.
};

inline io::Process start_stream_child(const StreamChild& child) {
    std::vector<std::string> environment{"CDC_CHILD=" + child.group,
                                         "CDC_PORT=" + std::to_string(child.port),
                                         "CDC_OUT=" + child.out};
    environment.insert(environment.end(), child.environment.begin(), child.environment.end());
    auto process = io::Process::start({.argv = {io::own_path(), "--gtest_also_run_disabled_tests",
                                                "--gtest_filter=" + child.test},
                                       .environment = environment,
                                       .output = child.log});
    EXPECT_TRUE(process) << process.error().what;
    return std::move(*process);
}

// Started by start_stream_child(); else the test has nothing to do.
inline bool is_stream_child() {
    return std::getenv("CDC_CHILD") != nullptr;
}

// Streams until it is killed. `adjust` completes the configuration.
inline void run_stream_child(const std::function<void(cdc::StreamConfig&)>& adjust) {
    OneNode node(std::getenv("CDC_CHILD"));
    cdc::StreamConfig config;
    config.name = "test";
    config.server = {"127.0.0.1", static_cast<std::uint16_t>(std::atoi(std::getenv("CDC_PORT")))};
    config.credentials = lab::Accounts{}.evenkeel;
    config.producer = cdc::Producer::file;
    config.output_file = std::getenv("CDC_OUT");
    adjust(config);
    cdc::StreamService stream(config, &node.coordinator());
    stream.start();
    const auto ended = stream.wait(io::within(Millis{120'000}));
    FAIL() << "ended by itself: " << ended.error().what;
}

// Without empty ones; none when there is no such file.
inline std::vector<std::string> lines_of(const std::string& path) {
    std::vector<std::string> found;
    for (std::string& line : split(io::read_file(path).value_or(""), '\n')) {
        if (!line.empty()) found.push_back(std::move(line));
    }
    return found;
}

}  // namespace evenkeel::test
