// Groups of three real nodes on a network that loses, delays and cuts, whose processes are killed
// and frozen. docs/internals/chaos.md says what is covered and how to read a failure.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/text.h"
#include "io/clock.h"
#include "tests/chaos/rounds.h"
#include "tests/support/environment.h"
#include "tests/support/eventually.h"
#include "tests/support/lan.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

constexpr Millis kFormLimit{60'000};
constexpr Timing kLan{.ttl = Millis(800), .heartbeat = Millis(30), .election = Millis(300)};
constexpr Timing kVm{.ttl = Millis(1500), .heartbeat = Millis(50), .election = Millis(500)};
constexpr Timing kDistant{.ttl = Millis(8000), .heartbeat = Millis(250), .election = Millis(2500)};

class Chaos : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto reason = Lan::why_not()) GTEST_SKIP() << "no test network: " << *reason;
    }

    TestFolder folder_;
};

// `./dev chaos` runs this one with more rounds.
TEST_F(Chaos, NoFaultMakesTwoLeadersOrLosesAFact) {
    Rounds rounds({.rounds = number_from("EVENKEEL_CHAOS_ROUNDS").value_or(fault_kinds().size()),
                   .seed = number_from("EVENKEEL_CHAOS_SEED")
                               .value_or(static_cast<std::uint64_t>(io::wall_ms()) % 100'000),
                   .timing = text_from("EVENKEEL_CHAOS_PRESET") == "lan" ? kLan : kVm,
                   .only = text_from("EVENKEEL_CHAOS_FAULT"),
                   .folder = folder_.path()});
    rounds.run();
}

TEST_F(Chaos, NodesFarApartKeepTheirLeaderAndReplaceIt) {
    World world(folder_.path(), kDistant);
    world.lan().delay_all(Millis(100));
    ASSERT_TRUE(world.wait_whole(kFormLimit));
    const auto leader = world.leader();
    ASSERT_TRUE(leader);
    const std::size_t grants = world.grants();
    world.pause(kDistant.ttl);
    EXPECT_EQ(world.leader(), leader);
    EXPECT_EQ(world.grants(), grants) << "the duty was granted anew without a fault";

    const Instant killed = world.kill_node(*leader);
    const auto other = world.witness().wait_for_leader(killed, leader, kFormLimit);
    ASSERT_TRUE(other);
    fmt::print("100 ms apart, node killed: another leads after {} ms\n",
               std::chrono::duration_cast<Millis>(*other - killed).count());
    world.heal();
    world.lan().delay_all(Millis(100));
    EXPECT_TRUE(world.wait_whole(kFormLimit));
    EXPECT_TRUE(world.violations().empty());
    EXPECT_TRUE(world.writers().lost(*leader, true).empty());
}

TEST_F(Chaos, ALostFactIsNoticed) {
    World world(folder_.path(), kVm);
    ASSERT_TRUE(world.wait_whole(kFormLimit)) << world.group().log(0);
    ASSERT_TRUE(eventually(kFormLimit, [&] { return world.writers().acknowledged() > 10; }));
    EXPECT_TRUE(world.writers().lost(0, false).empty());
    // All of the first writer's.
    world.member_says(0, "/v3/kv/deleterange",
                      fmt::format(R"({{"key":"{}","range_end":"{}"}})", base64_encode("/chaos/0/"),
                                  base64_encode("/chaos/00")));
    EXPECT_FALSE(world.writers().lost(1, true).empty());
}

// What the nodes' frames to each other carry, all pairs together.
std::string overheard(const Lan& lan) {
    std::string all;
    for (std::size_t from = 0; from < lan.hosts(); ++from) {
        for (std::size_t to = 0; to < lan.hosts(); ++to) all += lan.tcp_payload(from, to);
    }
    return all;
}

// By Raft, and by HTTP from a follower to the leader.
std::string overheard_in_a_group(const std::string& folder, bool tls) {
    World world(folder, kVm, tls);
    EXPECT_TRUE(world.wait_whole(kFormLimit)) << world.group().log(0);
    for (std::size_t i = 0; i < World::kNodes; ++i) {
        EXPECT_EQ(world.group().ask(i, "/api/v1/clusters").status, 200);
    }
    EXPECT_TRUE(eventually(kFormLimit, [&] { return world.writers().acknowledged() > 10; }));
    return overheard(world.lan());
}

TEST_F(Chaos, NothingTravelsInClearText) {
    const std::string clear = overheard_in_a_group(folder_.path() + "/clear", false);
    const std::string secured = overheard_in_a_group(folder_.path() + "/tls", true);
    ASSERT_GT(secured.size(), 10'000u);
    // A member's record, a fact, a request: the first group shows that they would be seen.
    for (const char* text : {"duty/leader", "/chaos/0/", "GET /api/v1/clusters"}) {
        EXPECT_NE(clear.find(text), std::string::npos) << text;
        EXPECT_EQ(secured.find(text), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace evenkeel::test
