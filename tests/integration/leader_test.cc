// The lead goes from node to node by hand: over the command line, orchestrator's routes, a
// follower, with and without the group's certificates.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "io/clock.h"
#include "io/http_client.h"
#include "tests/support/certificates.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;

constexpr Millis kFormLimit{30'000};
constexpr Millis kLimit{30'000};

class Leader : public ::testing::Test {
protected:
    void start() {
        group_.start_all();
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
        std::string api;
        for (std::size_t i = 0; i < group_.size(); ++i) api += "http://" + group_.node(i).api + " ";
        ::setenv("EVENKEEL_API", api.c_str(), 1);
    }
    void use_certificates() {
        const Certificates certificates(folder_.path() + "/pki", "evenkeel");
        for (std::size_t i = 0; i < group_.size(); ++i) {
            const io::TlsFiles files = certificates.issue(group_.node(i).name);
            std::string text = group_.config_text(i);
            const std::string api = "[api]\n";
            text.insert(text.find(api) + api.size(),
                        fmt::format("peers = \"127.0.0.1:{}\"\n", io::free_port()));
            text += fmt::format("[tls]\nca = \"{}\"\ncert = \"{}\"\nkey = \"{}\"\n", files.ca,
                                files.cert, files.key);
            group_.write_config(i, text);
        }
    }
    std::size_t leader() {
        std::vector<std::size_t> leaders;
        EXPECT_TRUE(eventually(kLimit, [&] {
            leaders = group_.leaders();
            return leaders.size() == 1;
        }));
        return leaders.empty() ? 0 : leaders.front();
    }
    Ran run(const std::vector<std::string>& arguments) {
        return run_evenkeel(arguments, folder_.path(), kLimit);
    }
    io::HttpAnswer send(std::size_t node, const std::string& method, const std::string& path,
                        const std::vector<std::string>& headers = {}) {
        io::HttpClient http;
        const auto answer = http.send(
            {.method = method, .url = "http://" + group_.node(node).api + path, .headers = headers},
            io::within(kLimit));
        return answer ? *answer : io::HttpAnswer{.body = answer.error().what};
    }
    // Moves it by `move` and sees that it moved, whole, once.
    void expect_moves(const char* how, const std::function<void(std::size_t, std::size_t)>& move) {
        const std::size_t from = leader();
        const std::size_t to = (from + 1) % group_.size();
        const Instant start = io::now();
        move(from, to);
        const auto took = std::chrono::duration_cast<Millis>(io::now() - start);
        EXPECT_EQ(leader(), to) << how;
        std::printf("%s: %ld ms\n", how, static_cast<long>(took.count()));
    }
    void move_in_every_way();

    TestFolder folder_;
    EvenkeelGroup group_{folder_.path(), 3};
};

void Leader::move_in_every_way() {
    expect_moves("leader transfer NODE", [&](std::size_t from, std::size_t to) {
        const Ran ran = run({"leader", "transfer", group_.node(to).name});
        EXPECT_EQ(ran.status, 0) << ran.output;
        EXPECT_THAT(ran.output, HasSubstr(group_.node(to).name + " leads now"));
        EXPECT_THAT(ran.output, HasSubstr("before: " + group_.node(from).name));
    });
    expect_moves("leader transfer", [&](std::size_t, std::size_t) {
        EXPECT_EQ(run({"leader", "transfer"}).status, 0);
    });
    expect_moves("POST at a follower", [&](std::size_t from, std::size_t) {
        const auto answer = send((from + 2) % group_.size(), "POST", "/api/v1/leader/transfer");
        EXPECT_EQ(answer.status, 200) << answer.body;
    });
    expect_moves("raft-yield", [&](std::size_t from, std::size_t to) {
        const auto answer = send(from, "GET", "/api/raft-yield/" + group_.node(to).api);
        EXPECT_EQ(answer.status, 200) << answer.body;
    });
    expect_moves("raft-yield-hint at a follower", [&](std::size_t, std::size_t to) {
        const auto answer = send(to, "GET", "/api/raft-yield-hint/" + group_.node(to).name);
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_THAT(answer.body, HasSubstr(R"("Details":")" + group_.node(to).name));
    });
}

TEST_F(Leader, GoesWhereItIsSent) {
    start();
    move_in_every_way();
    const Ran shown = run({"leader", "show"});
    EXPECT_EQ(shown.status, 0) << shown.output;
    EXPECT_THAT(shown.output, HasSubstr("leads"));
    const Ran unknown = run({"leader", "transfer", "node9"});
    EXPECT_EQ(unknown.status, 1);
    EXPECT_THAT(unknown.output, HasSubstr("no live node \"node9\""));
    const std::size_t before = leader();
    EXPECT_EQ(
        send(before, "POST", "/api/v1/leader/transfer", {"X-Forwarded-For: 203.0.113.9"}).status,
        401);
    EXPECT_EQ(leader(), before);
}

TEST_F(Leader, GoesWhereItIsSentWithTheGroupsCertificates) {
    use_certificates();
    start();
    move_in_every_way();
    // What a stranger says to a follower is refused there, and never reaches the leader as a
    // node's.
    const std::size_t before = leader();
    EXPECT_EQ(send((before + 1) % group_.size(), "POST", "/api/v1/leader/transfer",
                   {"X-Forwarded-For: 203.0.113.9", "X-Evenkeel-Forwarded: node1"})
                  .status,
              401);
    EXPECT_EQ(leader(), before);
}

TEST_F(Leader, NothingMovesWithoutAQuorum) {
    start();
    const std::size_t last = leader();
    for (std::size_t i = 0; i < group_.size(); ++i) {
        if (i != last) group_.kill_host(i);
    }
    ASSERT_TRUE(eventually(kLimit, [&] { return group_.leaders().empty(); }));
    EXPECT_EQ(send(last, "POST", "/api/v1/leader/transfer").status, 503);
    EXPECT_EQ(send(last, "GET", "/api/reelect").status, 503);
    EXPECT_EQ(send(last, "GET", "/api/v1/leader").status, 503);
    EXPECT_EQ(send(last, "GET", "/api/routed-leader-check").status, 404);
    EXPECT_EQ(send(last, "GET", "/api/raft-state").body, R"("Candidate")");
    EXPECT_EQ(send(last, "GET", "/api/raft-leader").body, R"("")");
    const Ran shown = run({"leader", "show"});
    EXPECT_EQ(shown.status, 1);
    EXPECT_THAT(shown.output, HasSubstr("no leader"));
}

}  // namespace
}  // namespace evenkeel::test
