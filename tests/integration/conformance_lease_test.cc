// Leases on top of every engine: one holder at a time, whatever is cut, frozen or late.
#include <fmt/core.h>

#include "coord/coordinator.h"
#include "io/clock.h"
#include "tests/integration/conformance_world.h"
#include "tests/support/eventually.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;
using test::eventually;

constexpr Millis kTtl{1000};

CoordinatorOptions seat(const std::string& node) {
    return {.node = node, .incarnation = "1", .api_address = node + ":3000", .ttl = kTtl};
}

// Asks two nodes all the time who holds the leader's duty.
struct Succession {
    Instant first_stopped{};
    Instant next_holds{};
    bool both_at_once = false;

    static Succession follow(Coordinator& first, Coordinator& next, Millis limit) {
        Succession seen;
        const Deadline deadline = io::within(limit);
        io::StopToken pause;
        while (seen.next_holds == Instant{} && !deadline.passed(io::now())) {
            // In this order: between the two questions the first may only stop.
            const bool next_has = next.holds(kLeaderDuty).has_value();
            const bool first_has = first.holds(kLeaderDuty).has_value();
            if (next_has && first_has) seen.both_at_once = true;
            if (!first_has && seen.first_stopped == Instant{}) seen.first_stopped = io::now();
            if (next_has) seen.next_holds = io::now();
            pause.wait_for(1ms);
        }
        return seen;
    }
};

struct Group {
    Group(std::unique_ptr<Engine> for_a, std::unique_ptr<Engine> for_b)
        : engine_a(std::move(for_a)),
          engine_b(std::move(for_b)),
          a(*engine_a, seat("a")),
          b(*engine_b, seat("b")) {}

    // a leads, b waits for its turn.
    Grant begin() {
        const auto joined_a = a.start(io::within(30s));
        EXPECT_TRUE(joined_a) << joined_a.error().what;
        const auto joined_b = b.start(io::within(30s));
        EXPECT_TRUE(joined_b) << joined_b.error().what;
        a.want(kLeaderDuty);
        EXPECT_TRUE(eventually(20s, [&] { return a.holds(kLeaderDuty).has_value(); }));
        b.want(kLeaderDuty);
        return a.holds(kLeaderDuty).value_or(Grant{});
    }

    std::unique_ptr<Engine> engine_a;
    std::unique_ptr<Engine> engine_b;
    Coordinator a;
    Coordinator b;
};

void tell(World& world, const char* what, Instant cut, const Succession& seen) {
    const auto after = [&](Instant at) {
        return std::chrono::duration_cast<Millis>(at - cut).count();
    };
    fmt::print("{}: {}: the holder stopped after {} ms, the next held after {} ms (ttl {} ms)\n",
               world.name(), what, after(seen.first_stopped), after(seen.next_holds), kTtl.count());
}

TEST_P(Conformance, FactsTravelAndDutiesAreHandedOver) {
    Group group(engine(0), engine(1));
    const Grant grant = group.begin();
    const auto written = group.a.put(grant, "cluster/x", "by a", soon());
    ASSERT_TRUE(written) << written.error().what;
    EXPECT_TRUE(eventually(20s, [&] { return group.b.get("cluster/x").has_value(); }));
    group.a.stop();
    ASSERT_TRUE(eventually(20s, [&] { return group.b.holds(kLeaderDuty).has_value(); }));
    EXPECT_EQ(group.b.holds(kLeaderDuty)->epoch.value, grant.epoch.value + 1);
    EXPECT_EQ(group.b.get("cluster/x")->value, "by a");
}

TEST_P(Conformance, ACutHolderStopsBeforeTheNextHolds) {
    SKIP_WITHOUT_SERVERS();
    lab::TcpGate gate(world().port(0));
    Group group(engine(gate), engine(1));
    const Grant old = group.begin();
    gate.cut();
    const Instant cut = io::now();
    const auto seen = Succession::follow(group.a, group.b, 20s);
    ASSERT_NE(seen.next_holds, Instant{}) << "nobody took over";
    EXPECT_FALSE(seen.both_at_once);
    EXPECT_LE(seen.first_stopped, seen.next_holds);
    tell(world(), "cut", cut, seen);
    EXPECT_EQ(group.b.holds(kLeaderDuty)->epoch.value, old.epoch.value + 1);
    gate.open();
    EXPECT_TRUE(eventually(30s, [&] { return group.a.healthy(); }));
    EXPECT_FALSE(group.a.holds(kLeaderDuty));
    const auto stale = group.a.put(old, "cluster/x", "stale", soon());
    ASSERT_FALSE(stale);
    EXPECT_EQ(stale.error().code, Errc::conflict) << stale.error().what;
}

// Its calls are under way for longer than its lease, then all of them arrive.
TEST_P(Conformance, AFrozenHolderThatWakesChangesNothing) {
    SKIP_WITHOUT_SERVERS();
    lab::TcpGate gate(world().port(0));
    Group group(engine(gate), engine(1));
    const Grant old = group.begin();
    ASSERT_TRUE(group.a.put(old, "cluster/x", "by a", soon()));
    gate.hold();
    const Instant held = io::now();
    std::atomic<bool> returned{false};
    Result<Version> late = Error{};
    io::Worker writer("late", [&](io::StopToken&) {
        late = group.a.put(old, "cluster/x", "late", io::within(15s));
        returned = true;
    });
    const auto seen = Succession::follow(group.a, group.b, 20s);
    ASSERT_NE(seen.next_holds, Instant{}) << "nobody took over";
    EXPECT_FALSE(seen.both_at_once);
    EXPECT_LE(seen.first_stopped, seen.next_holds);
    tell(world(), "held", held, seen);
    const auto grant = group.b.holds(kLeaderDuty);
    ASSERT_TRUE(grant);
    EXPECT_GT(grant->epoch, old.epoch);
    const auto theirs = group.b.put(*grant, "cluster/x", "by b", soon());
    EXPECT_FALSE(returned);
    gate.open();
    ASSERT_TRUE(eventually(20s, [&] { return returned.load(); }));
    writer.stop();
    if (theirs) {
        EXPECT_FALSE(late) << "the write of a former holder was accepted";
        EXPECT_EQ(group.b.get("cluster/x")->value, "by b");
    } else {
        // What arrived late may have met the same key; what counts is who won in the end.
        ADD_FAILURE() << theirs.error().what;
    }
    EXPECT_TRUE(eventually(30s, [&] { return group.a.healthy(); }));
    EXPECT_FALSE(group.a.holds(kLeaderDuty));
    const auto stored = engine(2)->read("cluster/x", soon());
    ASSERT_TRUE(stored) << stored.error().what;
    EXPECT_EQ(stored->entries.at(0).value, "by b");
}

TEST_P(Conformance, AHolderWithADeadServerLosesTheGroupAndRegainsIt) {
    SKIP_WITHOUT_SERVERS();
    Group group(engine(0), engine(1));
    const Grant old = group.begin();
    world().kill(0);
    const Instant cut = io::now();
    const auto seen = Succession::follow(group.a, group.b, 30s);
    ASSERT_NE(seen.next_holds, Instant{}) << "nobody took over";
    EXPECT_FALSE(seen.both_at_once);
    tell(world(), "server killed", cut, seen);
    EXPECT_GT(group.b.holds(kLeaderDuty)->epoch, old.epoch);

    // Without a quorum nothing can be written and nobody holds anything.
    world().kill(1);
    EXPECT_TRUE(eventually(10s, [&] { return !group.a.healthy() && !group.b.healthy(); }));
    EXPECT_FALSE(group.b.holds(kLeaderDuty));
    EXPECT_FALSE(group.b.put_own("verdict/x/b", "1", io::within(500ms)));
    world().heal();
    EXPECT_TRUE(eventually(30s, [&] { return group.a.healthy() && group.b.healthy(); }));
    EXPECT_TRUE(eventually(30s, [&] {
        return group.a.holds(kLeaderDuty).has_value() != group.b.holds(kLeaderDuty).has_value();
    }));
}

// A node that knows all servers keeps what it holds when one of them dies.
TEST_P(Conformance, AHolderThatKnowsAllServersKeepsItsDuty) {
    SKIP_WITHOUT_SERVERS();
    Group group(engine(), engine());
    const Grant old = group.begin();
    const std::size_t leader = world().leader().value_or(0);
    world().kill((leader + 1) % world().servers());
    const Deadline deadline = io::within(2 * kTtl);
    io::StopToken pause;
    bool lost = false;
    while (!deadline.passed(io::now())) {
        lost = lost || !group.a.holds(kLeaderDuty);
        pause.wait_for(5ms);
    }
    EXPECT_FALSE(lost);
    EXPECT_EQ(group.a.holds(kLeaderDuty).value_or(Grant{}).epoch, old.epoch);
}

}  // namespace
}  // namespace evenkeel::coord
