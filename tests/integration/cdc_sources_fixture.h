// Streams from servers of several releases. The tests of a release share one server, each with a
// database of its own; those that break a server have one for themselves.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cdc/checkpoint.h"
#include "cdc/stream_service.h"
#include "io/clock.h"
#include "io/file.h"
#include "lab/server.h"
#include "tests/integration/stream_child.h"
#include "tests/support/eventually.h"
#include "tests/support/other_servers.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {

// The part of a line that says what happened: `t insert {"id":1}`, with ` old {…}` for an update.
inline std::string change_of(const std::string& line) {
    const auto text_of = [&](std::string_view key) {
        const std::size_t begin = line.find(key) + key.size();
        return line.substr(begin, line.find('"', begin) - begin);
    };
    const std::string data_key = "\"data\":";
    std::string data = line.substr(line.find(data_key) + data_key.size());
    if (!data.empty()) data.pop_back();
    return text_of("\"table\":\"") + " " + text_of("\"type\":\"") + " " + data;
}

class SourcesTest : public ::testing::TestWithParam<std::string> {
protected:
    // The one that this release's tests share.
    lab::Server& shared() {
        static std::map<std::string, std::unique_ptr<Home>> homes;
        auto& home = homes[GetParam()];
        if (home == nullptr) {
            home = std::make_unique<Home>();
            home->server = make_server(home->folder.path(), {});
        }
        return *home->server;
    }

    // A server of this release, ready for writes. Null when it cannot be had; the test has failed
    // then, or is skipped.
    std::unique_ptr<lab::Server> make_server(const std::string& folder,
                                             std::vector<std::string> options) {
        const auto home = server_home(GetParam());
        if (!home) {
            ADD_FAILURE() << home.error().what;
            return nullptr;
        }
        options.push_back("--loose-secure-file-priv=");
        auto created = lab::Server::create(
            {.folder = folder, .options = std::move(options), .home = *home}, io::within(kStart));
        EXPECT_TRUE(created) << created.error().what;
        auto server = std::make_unique<lab::Server>(std::move(*created));
        start(*server);
        return server;
    }

    static void start(lab::Server& server) {
        ASSERT_TRUE(server.start());
        const auto ready = server.wait_ready(io::within(kStart));
        ASSERT_TRUE(ready) << ready.error().what;
        run(server, {"SET GLOBAL read_only = 0"});
    }

    static sql::Table run(const lab::Server& server, const std::vector<std::string>& statements) {
        auto table = server.query(statements, io::within(kLong));
        if (table) return std::move(*table);
        ADD_FAILURE() << table.error().what;
        return {};
    }

    static std::string value(const lab::Server& server, const std::string& statement) {
        const sql::Table table = run(server, {statement});
        if (table.rows.empty() || table.rows[0].empty()) return {};
        return table.rows[0][0].value_or("");
    }

    static bool mysql(const lab::Server& server) { return server.installation().mysql(); }
    // gtid_mode can be changed one step at a time only.
    static void set_gtids(const lab::Server& server, bool on) {
        const std::vector<std::string> modes = {"OFF", "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON"};
        const std::string now = value(server, "SELECT @@global.gtid_mode");
        auto at = std::find(modes.begin(), modes.end(), now) - modes.begin();
        while (at != (on ? 3 : 0)) {
            at += on ? 1 : -1;
            run(server, {"SET GLOBAL gtid_mode = " + modes[static_cast<std::size_t>(at)]});
        }
    }

    // An empty database for this test.
    std::string make_database(const lab::Server& server) {
        static int number = 0;
        database_ = "d" + std::to_string(++number);
        run(server, {"CREATE DATABASE " + database_});
        return database_;
    }

    cdc::StreamConfig config(const lab::Server& server) const {
        cdc::StreamConfig config;
        config.name = "test";
        config.server = server.id();
        config.credentials = server.accounts().evenkeel;
        config.producer = cdc::Producer::file;
        config.output_file = folder() + "/out.json";
        config.checkpoint_interval = Millis{20};
        if (!database_.empty()) config.filter = cdc::Filter::of_databases({database_});
        return config;
    }

    const std::string& folder() const { return folder_.path(); }

    std::vector<std::string> lines() const { return lines_of(folder() + "/out.json"); }

    std::vector<std::string> changes() const {
        std::vector<std::string> found;
        for (const std::string& line : lines()) found.push_back(change_of(line));
        return found;
    }

    bool has_lines(std::size_t count) const {
        return eventually(kLong, [&] { return lines().size() >= count; });
    }

    static bool streams(const cdc::StreamService& stream) {
        return eventually(kLong, [&] { return stream.report().state == "streaming"; });
    }

    // The stream's place has `text`; it is reported a moment after the lines are written.
    static bool is_at(const cdc::StreamService& stream, const std::string& text) {
        return eventually(kLong,
                          [&] { return stream.report().gtid.find(text) != std::string::npos; });
    }

    // The text of what ends a stream that is not expected to go on.
    static std::string refusal(const cdc::StreamConfig& config,
                               coord::Coordinator* coordinator = nullptr) {
        cdc::StreamService stream(config, coordinator);
        stream.start();
        const auto ended = stream.wait(io::within(kLong));
        return ended ? "ended well"
                     : std::string(to_string(ended.error().code)) + ": " + ended.error().what;
    }

    static constexpr Millis kStart{90'000};

    std::string database_;  // That make_database() made last.

private:
    struct Home {
        TestFolder folder;
        std::unique_ptr<lab::Server> server;
    };

    TestFolder folder_;
};

}  // namespace evenkeel::test
