// What every engine's watch must do: the whole state first, then what changed, in order, without
// gaps, whatever happens to servers, network and history.
#include <fmt/core.h>

#include "io/clock.h"
#include "tests/integration/conformance_world.h"
#include "tests/support/eventually.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;
using test::eventually;

using Map = std::map<std::string, std::string>;

bool comes(Watched& watched, const Map& state, Millis limit = 20s) {
    return eventually(limit, [&] { return watched.state() == state; });
}

// Transactions write all of these at once.
std::string equal_halves(const Map& state) {
    const auto left = state.find("k/left");
    const auto right = state.find("k/right");
    const bool both = left != state.end() && right != state.end();
    const bool none = left == state.end() && right == state.end();
    if (none || (both && left->second == right->second)) return {};
    return "half of a transaction: left " + (left == state.end() ? "absent" : left->second) +
           ", right " + (right == state.end() ? "absent" : right->second);
}

// Later numbers were told later. Equal ones: a write whose answer was lost is repeated.
void expect_growing(const std::vector<std::string>& values) {
    for (std::size_t i = 1; i < values.size(); ++i) {
        EXPECT_LE(std::stoi(values[i - 1]), std::stoi(values[i])) << "out of order";
    }
}

TEST_P(Conformance, WatchTellsTheStateThenChangesInOrder) {
    const auto map = engine();
    ASSERT_TRUE(put(*map, "k/old", "1"));
    ASSERT_TRUE(put(*map, "j/elsewhere", "1"));
    ASSERT_TRUE(put(*map, "kk", "1"));
    Watched watched(*map, "k/");
    ASSERT_TRUE(comes(watched, {{"k/old", "1"}}));
    for (int i = 1; i <= 50; ++i) {
        ASSERT_TRUE(put(*map, "k/n", std::to_string(i)));
        ASSERT_TRUE(put(*map, "l/elsewhere", std::to_string(i)));
    }
    ASSERT_TRUE(map->txn({{}, {{"k/old", std::nullopt}}}, soon()));
    EXPECT_TRUE(comes(watched, {{"k/n", "50"}}));
    expect_growing(watched.values("k/n"));
    EXPECT_EQ(watched.values("k/n").back(), "50");
    EXPECT_TRUE(watched.values("l/elsewhere").empty());
    EXPECT_TRUE(watched.values("kk").empty());
    EXPECT_EQ(watched.whole_batches(), 1u);
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

TEST_P(Conformance, WatchBeginsWithAnEmptyState) {
    const auto map = engine();
    Watched watched(*map, "k/");
    ASSERT_TRUE(eventually(20s, [&] { return watched.whole_batches() == 1; }));
    ASSERT_TRUE(put(*map, "k/a", "1"));
    EXPECT_TRUE(comes(watched, {{"k/a", "1"}}));
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

TEST_P(Conformance, WatchTellsNoTransactionInHalves) {
    const auto writer = engine(0);
    const auto map = engine(1);
    Watched watched(*map, "k/");
    watched.check_states(equal_halves);
    for (int i = 0; i < 150; ++i) {
        const std::string value = std::to_string(i);
        Txn txn{{}, {{"k/left", value}, {"k/right", value}}};
        if (i % 10 == 9) txn = {{}, {{"k/right", std::nullopt}, {"k/left", std::nullopt}}};
        ASSERT_TRUE(resolve(*writer, txn, soon()));
    }
    ASSERT_TRUE(resolve(*writer, {{}, {{"k/left", "end"}, {"k/right", "end"}}}, soon()));
    EXPECT_TRUE(comes(watched, {{"k/left", "end"}, {"k/right", "end"}}));
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

TEST_P(Conformance, WatchTellsOfRemovalsOfMany) {
    const auto map = engine();
    Txn fill;
    Txn clear;
    for (int i = 0; i < 60; ++i) {
        fill.ops.push_back({fmt::format("k/{}", i), "x"});
        clear.ops.push_back({fmt::format("k/{}", i), std::nullopt});
    }
    Watched watched(*map, "k/");
    ASSERT_TRUE(resolve(*map, fill, soon()));
    ASSERT_TRUE(eventually(20s, [&] { return watched.state().size() == 60; }));
    watched.check_states([](const Map& state) {
        return state.empty() || state.size() == 60 ? "" : "half of a transaction";
    });
    ASSERT_TRUE(resolve(*map, clear, soon()));
    EXPECT_TRUE(comes(watched, {}));
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

// The watcher is cut off while more happens than any engine remembers.
TEST_P(Conformance, WatchFillsAGapWithTheWholeState) {
    SKIP_WITHOUT_SERVERS();
    const auto writer = engine();
    lab::TcpGate gate(world().port(0));
    const auto map = engine(gate);
    ASSERT_TRUE(put(*writer, "k/stays", "1"));
    ASSERT_TRUE(put(*writer, "k/goes", "1"));
    Watched watched(*map, "k/");
    watched.check_states(equal_halves);
    ASSERT_TRUE(comes(watched, {{"k/stays", "1"}, {"k/goes", "1"}}));
    gate.cut();
    ASSERT_TRUE(resolve(*writer, {{}, {{"k/goes", std::nullopt}}}, soon()));
    for (int i = 1; i <= 100; ++i) {
        const std::string value = std::to_string(i);
        ASSERT_TRUE(resolve(*writer, {{}, {{"k/left", value}, {"k/right", value}}}, soon()));
    }
    world().compact();
    ASSERT_TRUE(put(*writer, "k/last", "1"));
    gate.open();
    EXPECT_TRUE(
        comes(watched, {{"k/stays", "1"}, {"k/last", "1"}, {"k/left", "100"}, {"k/right", "100"}}));
    expect_growing(watched.values("k/left"));
    EXPECT_EQ(watched.whole_batches(), 2u);
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

// A short cut is bridged without telling anything again.
TEST_P(Conformance, WatchGoesOnAfterAShortCut) {
    SKIP_WITHOUT_SERVERS();
    const auto writer = engine();
    lab::TcpGate gate(world().port(0));
    const auto map = engine(gate);
    Watched watched(*map, "k/");
    watched.check_states(equal_halves);
    for (int i = 0; i < 60; ++i) {
        const std::string value = std::to_string(i);
        if (i % 20 == 10) gate.cut();
        if (i % 20 == 15) gate.open();
        ASSERT_TRUE(resolve(*writer, {{}, {{"k/left", value}, {"k/right", value}}}, soon()));
    }
    EXPECT_TRUE(comes(watched, {{"k/left", "59"}, {"k/right", "59"}}));
    expect_growing(watched.values("k/left"));
    EXPECT_EQ(watched.whole_batches(), 1u);
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

// A path that swallows: nothing arrives and nothing ends.
TEST_P(Conformance, WatchNoticesThatItHearsNothing) {
    SKIP_WITHOUT_SERVERS();
    const auto writer = engine();
    lab::TcpGate gate(world().port(0));
    Access access{.root = root(), .ports = {gate.port(), world().port(1), world().port(2)}};
    const auto map = world().engine(access);
    Watched watched(*map, "k/");
    ASSERT_TRUE(put(*writer, "k/a", "1"));
    ASSERT_TRUE(comes(watched, {{"k/a", "1"}}));
    gate.hold();
    ASSERT_TRUE(put(*writer, "k/a", "2"));
    EXPECT_TRUE(comes(watched, {{"k/a", "2"}})) << "the other servers were there to ask";
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

TEST_P(Conformance, WatchSurvivesTheDeathOfEachServer) {
    SKIP_WITHOUT_SERVERS();
    const auto writer = engine();
    const auto map = engine();
    const auto pinned = engine(0);
    Watched watched(*map, "k/");
    Watched watched_over_one(*pinned, "k/");
    watched.check_states(equal_halves);
    watched_over_one.check_states(equal_halves);
    int i = 0;
    for (std::size_t server = 0; server < world().servers(); ++server) {
        world().kill(server);
        for (int k = 0; k < 10; ++k) {
            const std::string value = std::to_string(++i);
            ASSERT_TRUE(resolve(*writer, {{}, {{"k/left", value}, {"k/right", value}}}, soon()));
        }
        const std::string now = std::to_string(i);
        EXPECT_TRUE(comes(watched, {{"k/left", now}, {"k/right", now}})) << "server " << server;
        world().heal();
    }
    EXPECT_TRUE(comes(watched_over_one, watched.state()));
    expect_growing(watched.values("k/left"));
    expect_growing(watched_over_one.values("k/left"));
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
    EXPECT_THAT(watched_over_one.wrongs(), ::testing::IsEmpty());
}

TEST_P(Conformance, WatchSurvivesAFrozenServer) {
    SKIP_WITHOUT_SERVERS();
    const auto writer = engine();
    const auto map = engine();
    Watched watched(*map, "k/");
    ASSERT_TRUE(put(*writer, "k/a", "0"));
    ASSERT_TRUE(comes(watched, {{"k/a", "0"}}));
    for (std::size_t server = 0; server < world().servers(); ++server) {
        world().suspend(server);
        ASSERT_TRUE(put(*writer, "k/a", std::to_string(server + 1)));
        EXPECT_TRUE(comes(watched, {{"k/a", std::to_string(server + 1)}})) << "server " << server;
        world().heal();
    }
    expect_growing(watched.values("k/a"));
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

TEST_P(Conformance, WatchGoesOnAfterItsSessionExpired) {
    SKIP_WITHOUT_SERVERS();
    if (!world().has_sessions()) GTEST_SKIP() << world().name() << ": it has no sessions";
    const auto writer = engine();
    lab::TcpGate gate(world().port(0));
    const auto map =
        world().engine({.root = root(), .ports = {gate.port()}, .session_timeout = 600ms});
    Watched watched(*map, "k/");
    ASSERT_TRUE(put(*map, "k/a", "1"));
    ASSERT_TRUE(comes(watched, {{"k/a", "1"}}));
    gate.hold();
    io::StopToken pause;
    const Instant held = io::now();
    int i = 1;
    while (io::now() - held < 2s) {
        ASSERT_TRUE(put(*writer, "k/a", std::to_string(++i)));
        pause.wait_for(100ms);
    }
    gate.open();
    EXPECT_TRUE(comes(watched, {{"k/a", std::to_string(i)}}));
    EXPECT_TRUE(put(*map, "k/a", std::to_string(i + 1)));
    EXPECT_TRUE(comes(watched, {{"k/a", std::to_string(i + 1)}}));
    expect_growing(watched.values("k/a"));
    EXPECT_THAT(watched.wrongs(), ::testing::IsEmpty());
}

TEST_P(Conformance, WatchReturnsSoonAfterAStopIsRequested) {
    const auto map = engine();
    auto watched = std::make_unique<Watched>(*map, "");
    ASSERT_TRUE(eventually(20s, [&] { return watched->whole_batches() == 1; }));
    const Instant asked = io::now();
    watched.reset();
    // 200 ms by contract; more only because this machine may be busy.
    EXPECT_LT(io::now() - asked, 2s);
}

}  // namespace
}  // namespace evenkeel::coord
