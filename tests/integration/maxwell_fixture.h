// `evenkeel cdc` as a Maxwell user starts it, in a folder of its own, on any server.
#pragma once

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/http_client.h"
#include "io/process.h"
#include "lab/server.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/other_servers.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {

inline constexpr Millis kMaxwellLong{60'000};

class MaxwellTest : public ::testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        const auto home = server_home(GetParam());
        if (!home) GTEST_SKIP() << home.error().what;
        const Deadline deadline = io::within(Millis(90'000));
        auto created = lab::Server::create({.folder = folder(), .home = *home}, deadline);
        ASSERT_TRUE(created) << created.error().what;
        server_.emplace(*std::move(created));
        ASSERT_TRUE(server_->start());
        const auto ready = server_->wait_ready(deadline);
        ASSERT_TRUE(ready) << ready.error().what;
        query({"SET GLOBAL read_only = 0"});
    }
    void TearDown() override {
        if (HasFailure()) std::fputs(log().c_str(), stderr);
    }

    const std::string& folder() const { return folder_.path(); }
    lab::Server& server() { return *server_; }
    void query(const std::vector<std::string>& statements) {
        const auto done = server_->query(statements, io::within(kMaxwellLong));
        ASSERT_TRUE(done) << done.error().what;
    }

    // Where to connect, as config.properties has it.
    std::string login() const {
        const auto& who = server_->accounts().evenkeel;
        return fmt::format("host=127.0.0.1\nport={}\nuser={}\npassword={}\n", server_->id().port,
                           who.user, who.password);
    }
    void write_config(const std::string& text) {
        ASSERT_TRUE(io::replace_file(folder() + "/config.properties", text));
    }
    // Through a shell, so that stdout and stderr are two files, and it runs in the folder.
    void start_cdc(const std::vector<std::string>& arguments,
                   const std::string& redirect = ">>out 2>>log") {
        std::vector<std::string> argv{"sh",
                                      "-c",
                                      fmt::format("cd {} && exec \"$@\" {}", folder(), redirect),
                                      "sh",
                                      evenkeel_program(),
                                      "cdc"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        auto started = io::Process::start({.argv = argv, .own_group = true});
        ASSERT_TRUE(started) << started.error().what;
        process_ = *std::move(started);
        ASSERT_TRUE(eventually(kMaxwellLong, [&] {
            return log().find("streaming: reads from") != std::string::npos;
        })) << log();
    }
    std::string log() const { return io::read_file(folder() + "/log").value_or(""); }
    std::string output() const { return io::read_file(folder() + "/out").value_or(""); }
    bool has_lines(std::size_t count) const {
        return eventually(kMaxwellLong, [&] {
            const std::string text = output();
            return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) >= count;
        });
    }
    // Without what differs from run to run.
    std::vector<std::string> lines() const {
        static const std::regex kTs("\"ts\":[0-9]+,");
        static const std::regex kXid("\"xid\":[0-9]+,");
        std::vector<std::string> found;
        for (std::string& line : split(trim(output()), '\n')) {
            line = std::regex_replace(line, kTs, "\"ts\":1,");
            found.push_back(std::regex_replace(line, kXid, "\"xid\":2,"));
        }
        return found;
    }

    TestFolder folder_;
    std::optional<lab::Server> server_;
    io::Process process_;
};

}  // namespace evenkeel::test
