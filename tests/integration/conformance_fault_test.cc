// What every engine must say when its servers fail or answers are lost: "unavailable" only of what
// was not done and will not be.
#include <fmt/core.h>

#include "io/clock.h"
#include "tests/integration/conformance_world.h"
#include "tests/support/eventually.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;
using test::eventually;

// Transactions with a key each, sent while servers fail, and what became of them.
class Attempts {
public:
    void send(Engine& engine, Millis limit) {
        const std::string key = fmt::format("try/{}", ++count_);
        const auto outcome = engine.txn({{{key, 0}}, {{key, "x"}}}, io::within(limit));
        if (outcome) {
            EXPECT_TRUE(outcome->applied);
            applied_.push_back(key);
        } else if (outcome.error().code == Errc::unavailable) {
            unavailable_.push_back(key);
        } else {
            EXPECT_EQ(outcome.error().code, Errc::timed_out) << outcome.error().what;
        }
    }

    void expect_kept(Engine& engine) const {
        Result<Snapshot> snapshot = Error{};
        ASSERT_TRUE(eventually(20s, [&] {
            snapshot = engine.read("try/", io::within(500ms));
            return snapshot.has_value();
        })) << snapshot.error().what;
        std::map<std::string, std::string> found;
        for (const Entry& entry : snapshot->entries) found[entry.key] = entry.value;
        for (const std::string& key : applied_) {
            EXPECT_TRUE(found.contains(key)) << key << " was answered as applied";
        }
        for (const std::string& key : unavailable_) {
            EXPECT_FALSE(found.contains(key)) << key << " was answered as not applied";
        }
    }

    std::size_t applied() const { return applied_.size(); }

private:
    int count_ = 0;
    std::vector<std::string> applied_;
    std::vector<std::string> unavailable_;
};

TEST_P(Conformance, WithoutAQuorumNothingIsDone) {
    SKIP_WITHOUT_SERVERS();
    const auto map = engine();
    const auto pinned = engine(2);
    const auto observer = engine(2);
    ASSERT_TRUE(put(*map, "a", "1"));
    ASSERT_TRUE(put(*pinned, "a", "2"));
    world().kill(0);
    world().kill(1);
    Attempts attempts;
    for (int i = 0; i < 6; ++i) {
        attempts.send(*map, 250ms);
        attempts.send(*pinned, 250ms);
    }
    EXPECT_EQ(attempts.applied(), 0u);
    const auto read = observer->read("", io::within(500ms));
    ASSERT_FALSE(read) << "what a server alone says may be outdated";
    EXPECT_TRUE(read.error().code == Errc::unavailable || read.error().code == Errc::timed_out);
    EXPECT_FALSE(read.error().what.empty());
    world().heal();
    attempts.expect_kept(*map);
    ASSERT_TRUE(put(*pinned, "a", "3"));
    attempts.expect_kept(*map);
}

TEST_P(Conformance, UnavailableStaysUndoneWhileServersComeAndGo) {
    SKIP_WITHOUT_SERVERS();
    const auto map = engine();
    ASSERT_TRUE(put(*map, "a", "1"));
    Attempts attempts;
    for (std::size_t server = 0; server < world().servers(); ++server) {
        attempts.send(*map, 250ms);
        world().suspend(server);
        for (int i = 0; i < 4; ++i) attempts.send(*map, 100ms);
        world().resume(server);
        world().kill(server);
        for (int i = 0; i < 4; ++i) attempts.send(*map, 100ms);
        world().heal();
    }
    ASSERT_TRUE(put(*map, "a", "2"));
    attempts.expect_kept(*map);
}

TEST_P(Conformance, ServersThatAreNotThereAreUnavailable) {
    SKIP_WITHOUT_SERVERS();
    lab::TcpGate gate(world().port(0));
    gate.cut();
    const auto map = engine(gate);
    const auto begun = io::now();
    const auto read = map->read("", io::within(300ms));
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().what.find(std::to_string(gate.port())), std::string::npos)
        << "the text names the server: " << read.error().what;
    const auto txn = map->txn({{{"a", 0}}, {{"a", "1"}}}, io::within(300ms));
    ASSERT_FALSE(txn);
    // Every call ends by its deadline.
    EXPECT_LT(io::now() - begun, 3s);
    gate.open();
    ASSERT_TRUE(put(*map, "b", "1"));
    if (txn.error().code == Errc::unavailable) {
        EXPECT_EQ(map->read("a", soon())->entries.size(), 0u);
    }
}

// The servers do it, and nobody hears of it.
TEST_P(Conformance, ALostAnswerIsResolvedExactlyOnce) {
    SKIP_WITHOUT_SERVERS();
    lab::TcpGate gate(world().port(0));
    const auto map = engine(gate);
    const auto observer = engine(1);
    ASSERT_TRUE(put(*map, "warm", "1"));
    for (int round = 0; round < 3; ++round) {
        const std::string key = fmt::format("k/{}", round);
        const std::string value = fmt::format("a value that is found in the request {}", round);
        const Txn txn{{{key, 0}}, {{key, value}}};
        gate.swallow_answers_after(world().on_wire(value));
        const auto lost = map->txn(txn, io::within(700ms));
        ASSERT_FALSE(lost) << "its answer was swallowed";
        EXPECT_EQ(lost.error().code, Errc::timed_out) << lost.error().what;
        EXPECT_TRUE(gate.swallows());
        Result<Snapshot> seen = Error{};
        ASSERT_TRUE(eventually(20s, [&] {
            seen = observer->read(key, io::within(1s));
            return seen && seen->entries.size() == 1;
        })) << "it was done, only the answer was lost";
        EXPECT_EQ(seen->entries[0].value, value);

        gate.open();
        Result<TxnOutcome> repeated = Error{};
        ASSERT_TRUE(eventually(20s, [&] {
            repeated = map->txn(txn, io::within(500ms));
            return repeated.has_value();
        })) << repeated.error().what;
        EXPECT_FALSE(repeated->applied);
        ASSERT_EQ(repeated->found.size(), 1u);
        EXPECT_EQ(repeated->found[0], seen->entries[0]);
    }
}

// Requests that are under way for longer than their senders wait.
TEST_P(Conformance, ALateRequestIsDoneOnceOrNever) {
    SKIP_WITHOUT_SERVERS();
    lab::TcpGate gate(world().port(0));
    const auto map = engine(gate);
    const auto other = engine(1);
    ASSERT_TRUE(put(*map, "warm", "1"));
    int unknown = 0;
    for (int round = 0; round < 5; ++round) {
        const std::string key = fmt::format("k/{}", round);
        gate.hold();
        const auto held = map->txn({{{key, 0}}, {{key, "mine"}}}, io::within(150ms));
        ASSERT_FALSE(held);
        const bool may_come = held.error().code == Errc::timed_out;
        if (may_come) ++unknown;
        // Meanwhile somebody else is faster, or the repeat is.
        const bool taken = round % 2 == 0;
        ASSERT_TRUE(!taken || put(*other, key, "theirs"));
        gate.open();
        if (!may_come && !taken) {
            ASSERT_TRUE(put(*map, "fence", std::to_string(round)));
            EXPECT_TRUE(other->read(key, soon())->entries.empty());
        }
        const auto outcome = resolve(*map, {{{key, 0}}, {{key, "mine"}}}, soon());
        ASSERT_TRUE(outcome) << outcome.error().what;
        const auto snapshot = other->read(key, soon());
        ASSERT_TRUE(snapshot) << snapshot.error().what;
        ASSERT_EQ(snapshot->entries.size(), 1u);
        EXPECT_EQ(snapshot->entries[0].value, taken ? "theirs" : "mine");
    }
    fmt::print("{}: {} of 5 held requests had an unknown fate\n", world().name(), unknown);
}

TEST_P(Conformance, AServerThatFailsIsReplacedByAnother) {
    SKIP_WITHOUT_SERVERS();
    for (const bool frozen : {false, true}) {
        for (const bool leads : {false, true}) {
            // Each of them uses some server, so that one of them uses the victim.
            std::vector<std::unique_ptr<Engine>> maps;
            for (std::size_t i = 0; i < 2 * world().servers(); ++i) {
                maps.push_back(engine());
                ASSERT_TRUE(put(*maps.back(), "a", "1"));
            }
            const std::size_t leader = world().leader().value_or(0);
            const std::size_t victim = leads ? leader : (leader + 1) % world().servers();
            frozen ? world().suspend(victim) : world().kill(victim);
            Millis worst{0};
            for (const auto& map : maps) {
                const Instant begun = io::now();
                ASSERT_TRUE(eventually(20s, [&] {
                    return map->txn({{}, {{"a", "2"}}}, io::within(200ms)).has_value();
                }));
                worst = std::max(worst, std::chrono::duration_cast<Millis>(io::now() - begun));
            }
            fmt::print("{}: {} {}: of {} clients the slowest writes again after {} ms\n",
                       world().name(), leads ? "leader" : "follower", frozen ? "frozen" : "killed",
                       maps.size(), worst.count());
            world().heal();
        }
    }
}

}  // namespace
}  // namespace evenkeel::coord
