// A group of real nodes whose members are added, lost, damaged and replaced.
#pragma once

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "coord/engines/etcd_engine.h"
#include "io/clock.h"
#include "io/file.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {

inline constexpr Millis kFormLimit{30'000};
inline constexpr Millis kChangeLimit{40'000};
inline constexpr int kNeedsPerson = 78;
inline constexpr int kCannotJoin = 75;

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

class MemberTest : public ::testing::Test {
protected:
    explicit MemberTest(bool tls = false)
        : group_(GroupOptions{.folder = folder_.path(), .nodes = 3, .tls = tls}) {}

    void form() {
        group_.start_all();
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
    }

    // `evenkeel member ...`, asked of a node that should be running.
    Ran member(std::size_t asked, std::vector<std::string> arguments, Millis limit = kChangeLimit) {
        ::setenv("EVENKEEL_API", group_.node(asked).api.c_str(), 1);
        arguments.insert(arguments.begin(), "member");
        return run_evenkeel(arguments, folder_.path(), limit);
    }

    // Right after it has joined, a node has not told yet which member is its own.
    bool all_listed(std::size_t asked) {
        return eventually(kFormLimit, [&] {
            const std::string list = member(asked, {"list"}).output;
            for (std::size_t i = 0; i < group_.size(); ++i) {
                if (list.find(group_.node(i).name) == std::string::npos) return false;
            }
            return true;
        });
    }

    // A write of a fact through the member of a node; false: not acknowledged.
    bool put(std::size_t index, const std::string& key, const std::string& value,
             Millis limit = Millis(3000)) {
        const auto outcome = engine(index)->txn({{}, {{key, value}}}, io::within(limit));
        return outcome && outcome->applied;
    }
    std::string get(std::size_t index, const std::string& key) {
        const auto found = engine(index)->read(key, io::within(Millis(3000)));
        return found && !found->entries.empty() ? found->entries.front().value : "";
    }
    // How the member of a node is reached.
    coord::EtcdOptions engine_options(std::size_t index) {
        const io::TlsFiles tls = group_.tls_files(index);
        return {.endpoints = {fmt::format("{}://127.0.0.1:{}", tls.on() ? "https" : "http",
                                          group_.node(index).client_port)},
                .root = "/evenkeel/evenkeel/",
                .tls = tls};
    }
    std::unique_ptr<coord::Engine> engine(std::size_t index) {
        return coord::make_etcd_engine(engine_options(index));
    }

    // How the node ended by itself; -1: it did not within `limit`.
    int status_of_end(std::size_t index, Millis limit = Millis(20'000)) {
        const auto exit = group_.node(index).process.wait(io::within(limit));
        return exit && exit->signal == 0 ? exit->code : -1;
    }
    bool wait_for_log(std::size_t index, const std::string& text, Millis limit = kFormLimit) {
        return eventually(limit, [&] { return group_.log(index).find(text) != std::string::npos; });
    }
    std::string etcd_folder(std::size_t index) {
        return group_.node(index).folder + "/etcd/member";
    }
    // A node's folder is lost: it is refused, and replaced by what the refusal says.
    void lose_and_replace() {
        form();
        const std::size_t asked = leader();
        const std::size_t lost = follower();
        ASSERT_TRUE(put(asked, "test/a", "kept"));
        group_.kill_host(lost);
        lose_folder(lost);
        group_.start(lost);
        EXPECT_EQ(status_of_end(lost), kNeedsPerson) << group_.log(lost);
        EXPECT_THAT(group_.log(lost),
                    ::testing::HasSubstr("evenkeel member replace " + group_.node(lost).bind));
        Ran ran;
        // Until its lease has run out it counts as running.
        EXPECT_TRUE(eventually(kFormLimit, [&] {
            ran = member(asked, {"replace", group_.node(lost).bind});
            return ran.status == 0;
        })) << ran.output;
        group_.start(lost);
        EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(lost);
        EXPECT_EQ(get(lost, "test/a"), "kept");
    }
    void lose_folder(std::size_t index) { ASSERT_TRUE(io::remove_all(group_.node(index).folder)); }
    std::size_t leader() {
        std::vector<std::size_t> leaders;
        EXPECT_TRUE(eventually(kFormLimit, [&] {
            leaders = group_.leaders();
            return leaders.size() == 1;
        }));
        return leaders.empty() ? 0 : leaders.front();
    }
    std::size_t follower() { return (leader() + 1) % group_.size(); }

    TestFolder folder_;
    EvenkeelGroup group_;
};

}  // namespace evenkeel::test
