// The HAProxy configuration that is shipped, in front of three real nodes: it follows the leader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "io/clock.h"
#include "io/file.h"
#include "io/http_client.h"
#include "io/process.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

constexpr Millis kFormLimit{30'000};
constexpr Millis kFollowLimit{30'000};

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

class Haproxy : public ::testing::Test {
protected:
    void SetUp() override {
        group_.start_all();
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
        const char* root = std::getenv("EVENKEEL_SOURCE");
        auto text = io::read_file(std::string(root == nullptr ? "." : root) +
                                  "/packaging/haproxy/evenkeel.cfg");
        ASSERT_TRUE(text) << text.error().what;
        *text = replaced(*text, "0.0.0.0:80", "127.0.0.1:" + std::to_string(port_));
        *text = replaced(*text, "default-server port 3000", "default-server");
        for (std::size_t i = 0; i < group_.size(); ++i) {
            const std::string number = std::to_string(i + 1);
            *text = replaced(*text, "node" + number + ".example.com:3000", group_.node(i).api);
        }
        const std::string file = folder_.path() + "/haproxy.cfg";
        ASSERT_TRUE(io::replace_file(file, *text));
        auto started = io::Process::start(
            {.argv = {"haproxy", "-db", "-f", file}, .output = folder_.path() + "/haproxy.log"});
        ASSERT_TRUE(started) << started.error().what;
        proxy_ = *std::move(started);
    }

    // The node that answers through the proxy, over a new connection as each client's is; empty:
    // nobody.
    std::string who_answers() const {
        io::HttpClient http;
        const auto answer = http.get("http://127.0.0.1:" + std::to_string(port_) + "/api/v1/status",
                                     io::within(Millis(2000)));
        if (!answer || answer->status != 200) return {};
        const auto json = nlohmann::json::parse(answer->body, nullptr, false);
        if (json.is_discarded() || json.at("leads") != true) return {};
        return json.at("node");
    }
    // How long until only the leader is reached, `times` in a row.
    void expect_only_leader(const std::string& why, const std::string& not_this) {
        const Instant start = io::now();
        std::string leader;
        ASSERT_TRUE(eventually(kFollowLimit, [&] {
            leader = who_answers();
            return !leader.empty() && leader != not_this;
        })) << why;
        const auto after = std::chrono::duration_cast<Millis>(io::now() - start);
        std::printf("%s: the proxy reaches %s after %ld ms\n", why.c_str(), leader.c_str(),
                    static_cast<long>(after.count()));
        constexpr int kTimes = 50;
        for (int i = 0; i < kTimes; ++i) EXPECT_EQ(who_answers(), leader) << why;
    }
    std::size_t leader() {
        std::vector<std::size_t> leaders;
        EXPECT_TRUE(eventually(kFollowLimit, [&] {
            leaders = group_.leaders();
            return leaders.size() == 1;
        }));
        return leaders.empty() ? 0 : leaders.front();
    }

    TestFolder folder_;
    EvenkeelGroup group_{folder_.path(), 3};
    const int port_ = io::free_port();
    io::Process proxy_;
};

TEST_F(Haproxy, FollowsTheLeader) {
    expect_only_leader("at the start", "");

    // Through the proxy, as any client would.
    const std::string before = group_.node(leader()).name;
    io::HttpClient http;
    const auto moved =
        http.send({.method = "POST",
                   .url = "http://127.0.0.1:" + std::to_string(port_) + "/api/v1/leader/transfer"},
                  io::within(Millis(15'000)));
    ASSERT_TRUE(moved) << moved.error().what;
    EXPECT_EQ(moved->status, 200) << moved->body;
    expect_only_leader("after a transfer", before);

    const std::size_t killed = leader();
    group_.kill_host(killed);
    expect_only_leader("after the leader's host died", group_.node(killed).name);
}

}  // namespace
}  // namespace evenkeel::test
