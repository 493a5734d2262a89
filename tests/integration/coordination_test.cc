// The engines' contract, and leases on top of it, on SQLite and on three real etcd members.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <functional>

#include "base/mutex.h"
#include "coord/coordinator.h"
#include "coord/engines/etcd_engine.h"
#include "coord/engines/local_engine.h"
#include "coord/managed_etcd.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/process.h"
#include "io/thread.h"
#include "tests/support/test_folder.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;

bool eventually(Millis limit, const std::function<bool()>& holds) {
    const Deadline deadline = io::within(limit);
    io::StopToken pause;
    while (!holds()) {
        if (deadline.passed(io::now())) return false;
        pause.wait_for(5ms);
    }
    return true;
}

// Three etcd members, started the way a node starts its own.
class EtcdGroup {
public:
    explicit EtcdGroup(const std::string& folder) {
        std::vector<std::string> nodes;
        for (int i = 0; i < 3; ++i) nodes.push_back("127.0.0.1:" + std::to_string(io::free_port()));
        for (int i = 0; i < 3; ++i) {
            Config config{.engine = EngineKind::raft,
                          .group = "test",
                          .node = "n" + std::to_string(i),
                          .data_dir = folder + "/n" + std::to_string(i),
                          .bind = nodes[static_cast<std::size_t>(i)],
                          .nodes = nodes,
                          .client_port = io::free_port()};
            configs.push_back(config);
            members.emplace_back();
            start(configs.size() - 1);
        }
    }

    void start(std::size_t i) {
        locks[i] = {};
        auto etcd = prepare(configs[i]);
        ASSERT_TRUE(etcd) << etcd.error().what;
        auto process = io::Process::start(etcd->command);
        ASSERT_TRUE(process) << process.error().what;
        locks[i] = std::move(etcd->lock);
        members[i] = std::move(*process);
    }
    void kill(std::size_t i) {
        members[i].signal(SIGKILL);
        members[i].wait(io::within(5s));
    }
    std::unique_ptr<Engine> engine(std::size_t i) const {
        return make_etcd_engine(
            {.endpoints = {"http://127.0.0.1:" + std::to_string(client_port(configs[i]))},
             .root = "/evenkeel/test/"});
    }

    std::vector<Config> configs;
    std::vector<io::Process> members;
    io::Fd locks[3];
};

// Keeps what a watch delivered.
class Watched {
public:
    Watched(Engine& engine, const std::string& prefix)
        : worker_("watch", [this, &engine, prefix](io::StopToken& stop) {
              engine.watch(
                  prefix, [this](const WatchBatch& batch) { take(batch); }, stop);
          }) {}
    ~Watched() { worker_.stop(); }

    std::map<std::string, std::string> state() {
        Lock lock(mutex_);
        return state_;
    }
    std::vector<std::string> values(const std::string& key) {
        Lock lock(mutex_);
        return history_[key];
    }

private:
    void take(const WatchBatch& batch) {
        Lock lock(mutex_);
        if (batch.whole) state_.clear();
        for (const Change& change : batch.changes) {
            if (change.value) {
                state_[change.key] = *change.value;
                history_[change.key].push_back(*change.value);
            } else {
                state_.erase(change.key);
            }
        }
    }

    Mutex mutex_;
    std::map<std::string, std::string> state_ EK_GUARDED_BY(mutex_);
    std::map<std::string, std::vector<std::string>> history_ EK_GUARDED_BY(mutex_);
    io::Worker worker_;
};

// What every engine must do.
void conforms(Engine& engine) {
    const auto limit = [] { return io::within(5s); };
    Watched watched(engine, "k/");

    // Made only when missing, changed only at the version that was read.
    const auto made = engine.txn({{{"k/a", 0}}, {{"k/a", "1"}}}, limit());
    ASSERT_TRUE(made) << made.error().what;
    ASSERT_TRUE(made->applied);
    const auto again = engine.txn({{{"k/a", 0}}, {{"k/a", "2"}}}, limit());
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->applied);
    ASSERT_EQ(again->found.size(), 1u);
    EXPECT_EQ(again->found[0], (Entry{"k/a", "1", made->version}));

    // All or nothing.
    const auto both = engine.txn({{{"k/a", made->version}, {"k/b", 7}}, {{"k/a", "x"}}}, limit());
    ASSERT_TRUE(both);
    EXPECT_FALSE(both->applied);
    const auto two = engine.txn({{{"k/a", made->version}, {"k/b", 0}},
                                 {{"k/a", "3"}, {"k/b", std::string("\0\xff bytes", 8)}}},
                                limit());
    ASSERT_TRUE(two);
    ASSERT_TRUE(two->applied);
    EXPECT_GT(two->version, made->version);

    const auto snapshot = engine.read("k/", limit());
    ASSERT_TRUE(snapshot);
    ASSERT_EQ(snapshot->entries.size(), 2u);
    EXPECT_EQ(snapshot->entries[0], (Entry{"k/a", "3", two->version}));
    EXPECT_EQ(snapshot->entries[1].value, std::string("\0\xff bytes", 8));

    ASSERT_TRUE(engine.txn({{}, {{"k/b", std::nullopt}}}, limit())->applied);
    ASSERT_TRUE(engine.txn({{}, {{"elsewhere", "not watched"}}}, limit())->applied);
    // Until the watch is up, changes may be folded into the state that it begins with.
    ASSERT_TRUE(eventually(5s, [&] { return !watched.state().empty(); }));
    for (int i = 10; i < 60; ++i) {
        ASSERT_TRUE(engine.txn({{}, {{"k/a", std::to_string(i)}}}, limit())->applied);
    }
    EXPECT_TRUE(eventually(5s, [&] {
        return watched.state() == std::map<std::string, std::string>{{"k/a", "59"}};
    }));
    // All of them, in order.
    const auto values = watched.values("k/a");
    ASSERT_GE(values.size(), 50u);
    for (int i = 10; i < 60; ++i) {
        EXPECT_EQ(values[values.size() - 60 + static_cast<std::size_t>(i)], std::to_string(i));
    }
}

TEST(LocalEngine, Conforms) {
    const auto engine = open_local_engine(":memory:");
    ASSERT_TRUE(engine);
    conforms(**engine);
}

TEST(LocalEngine, KeepsItsStateAndVersionsAcrossARestart) {
    const test::TestFolder folder;
    const std::string path = folder.path() + "/state.db";
    Version last = 0;
    {
        const auto engine = open_local_engine(path);
        ASSERT_TRUE(engine);
        ASSERT_TRUE((*engine)->txn({{}, {{"a", "1"}, {"b", "2"}}}, io::within(5s)));
        last = (*engine)->txn({{}, {{"b", std::nullopt}}}, io::within(5s))->version;
        const auto second = open_local_engine(path);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, Errc::conflict) << second.error().what;
    }
    const auto engine = open_local_engine(path);
    ASSERT_TRUE(engine);
    const auto snapshot = (*engine)->read("", io::within(5s));
    ASSERT_EQ(snapshot->entries.size(), 1u);
    EXPECT_EQ(snapshot->entries[0].value, "1");
    EXPECT_GE(snapshot->version, last);
}

TEST(LocalEngine, RefusesADamagedFile) {
    const test::TestFolder folder;
    const std::string path = folder.path() + "/state.db";
    ASSERT_TRUE(io::replace_file(path, std::string(8192, 'x')));
    const auto engine = open_local_engine(path);
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().code, Errc::corrupt);
    EXPECT_NE(engine.error().what.find(path), std::string::npos);
}

TEST(EtcdEngine, ConformsAndWatchesThroughTheDeathOfAMember) {
    const test::TestFolder folder;
    EtcdGroup group(folder.path());
    const auto engine = group.engine(0);
    ASSERT_TRUE(eventually(20s, [&] { return engine->read("", io::within(1s)).has_value(); }));
    conforms(*engine);

    const auto other = group.engine(1);
    Watched watched(*engine, "w/");
    ASSERT_TRUE(eventually(5s, [&] {
        return engine->txn({{}, {{"w/x", "first"}}}, io::within(1s)).has_value();
    }));
    // The watched member dies and comes back; what was written meanwhile arrives, in order.
    group.kill(0);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(eventually(10s, [&] {
            return other->txn({{}, {{"w/x", std::to_string(i)}}}, io::within(250ms)).has_value();
        }));
    }
    group.start(0);
    EXPECT_TRUE(eventually(20s, [&] {
        const auto state = watched.state();
        return state.contains("w/x") && state.at("w/x") == "19";
    }));
}

CoordinatorOptions seat(const std::string& node, const std::string& incarnation = "1") {
    return {.node = node, .incarnation = incarnation, .api_address = node + ":3000", .ttl = 800ms};
}

TEST(Coordinator, LosesAndRegainsTheGroup) {
    const test::TestFolder folder;
    EtcdGroup group(folder.path());
    const auto engine_a = group.engine(0);
    const auto engine_b = group.engine(1);
    Coordinator a(*engine_a, seat("a"));
    Coordinator b(*engine_b, seat("b"));
    ASSERT_TRUE(a.start(io::within(30s)));
    ASSERT_TRUE(b.start(io::within(30s)));
    a.want(kLeaderDuty);
    ASSERT_TRUE(eventually(5s, [&] { return a.holds(kLeaderDuty).has_value(); }));
    b.want(kLeaderDuty);
    const Grant old = *a.holds(kLeaderDuty);
    ASSERT_TRUE(a.put(old, "cluster/x", "by a", io::within(5s)));
    EXPECT_TRUE(eventually(5s, [&] { return b.get("cluster/x").has_value(); }));

    // a's member dies: a cannot renew, stops by itself, and b takes over only after that.
    group.kill(0);
    const Instant cut = io::now();
    Instant a_stopped{}, b_holds{};
    ASSERT_TRUE(eventually(10s, [&] {
        if (a_stopped == Instant{} && !a.holds(kLeaderDuty)) a_stopped = io::now();
        if (b_holds == Instant{} && b.holds(kLeaderDuty)) b_holds = io::now();
        return b_holds != Instant{};
    }));
    ASSERT_NE(a_stopped, Instant{});
    EXPECT_LE(a_stopped, b_holds);
    std::printf("cut holder stopped after %ld ms, take-over after %ld ms (ttl 800 ms)\n",
                std::chrono::duration_cast<Millis>(a_stopped - cut).count(),
                std::chrono::duration_cast<Millis>(b_holds - cut).count());
    EXPECT_EQ(b.holds(kLeaderDuty)->epoch.value, old.epoch.value + 1);

    // What the old holder writes is refused, also once it is back.
    group.start(0);
    ASSERT_TRUE(eventually(20s, [&] { return a.healthy(); }));
    const auto stale = a.put(old, "cluster/x", "stale", io::within(5s));
    ASSERT_FALSE(stale);
    EXPECT_EQ(stale.error().code, Errc::conflict) << stale.error().what;

    // Without a quorum nothing can be written and nobody holds anything.
    group.kill(0);
    group.kill(1);
    EXPECT_TRUE(eventually(5s, [&] { return !a.healthy() && !b.healthy(); }));
    EXPECT_FALSE(b.holds(kLeaderDuty));
    EXPECT_FALSE(b.put_own("verdict/x/b", "1", io::within(500ms)));
    group.start(0);
    group.start(1);
    EXPECT_TRUE(eventually(30s, [&] { return a.healthy() && b.healthy(); }));
    EXPECT_TRUE(eventually(30s, [&] { return a.holds(kLeaderDuty) || b.holds(kLeaderDuty); }));
}

// The engine of a process that dies: from then on nothing of it arrives.
class MortalEngine final : public Engine {
public:
    explicit MortalEngine(Engine& engine) : engine_(engine) {}
    void die() { dead_ = true; }

    Result<Snapshot> read(const std::string& prefix, Deadline deadline) override {
        if (dead_) return Error{Errc::unavailable, "dead"};
        return engine_.read(prefix, deadline);
    }
    Result<TxnOutcome> txn(const Txn& txn, Deadline deadline) override {
        if (dead_) return Error{Errc::unavailable, "dead"};
        return engine_.txn(txn, deadline);
    }
    void watch(const std::string& prefix, const std::function<void(const WatchBatch&)>& on_batch,
               io::StopToken& stop) override {
        engine_.watch(
            prefix,
            [&](const WatchBatch& batch) {
                if (!dead_) on_batch(batch);
            },
            stop);
    }
    std::string describe() const override { return engine_.describe(); }

private:
    Engine& engine_;
    std::atomic<bool> dead_{false};
};

TEST(Coordinator, CertifiedDeathIsFasterThanTheLease) {
    const auto engine = open_local_engine(":memory:");
    MortalEngine engine_a(**engine);
    Coordinator a(engine_a, seat("a"));
    Coordinator b(**engine, seat("b"));
    ASSERT_TRUE(a.start(io::within(5s)));
    ASSERT_TRUE(b.start(io::within(5s)));
    a.want(kLeaderDuty);
    ASSERT_TRUE(eventually(5s, [&] { return a.holds(kLeaderDuty).has_value(); }));
    b.want(kLeaderDuty);

    engine_a.die();
    const Instant died = io::now();
    const auto certified = certify_death(**engine, "a", "1", io::within(5s));
    ASSERT_TRUE(certified);
    EXPECT_TRUE(*certified);
    ASSERT_TRUE(eventually(5s, [&] { return b.holds(kLeaderDuty).has_value(); }));
    std::printf("take-over after a certified death: %ld ms\n",
                std::chrono::duration_cast<Millis>(io::now() - died).count());
    // The wrong incarnation is nobody's to bury.
    EXPECT_FALSE(*certify_death(**engine, "b", "other", io::within(5s)));
    EXPECT_TRUE(b.holds(kLeaderDuty));
}

TEST(Coordinator, RefusesASecondNodeWithTheSameId) {
    const auto engine = open_local_engine(":memory:");
    Coordinator first(**engine, seat("a", "1"));
    ASSERT_TRUE(first.start(io::within(5s)));
    Coordinator second(**engine, seat("a", "2"));
    const auto joined = second.start(io::within(10s));
    ASSERT_FALSE(joined);
    EXPECT_EQ(joined.error().code, Errc::conflict);
    EXPECT_NE(joined.error().what.find("a:3000"), std::string::npos) << joined.error().what;
    EXPECT_TRUE(first.healthy());
}

TEST(ManagedEtcd, RefusesWhatCannotWork) {
    const test::TestFolder folder;
    const auto address = [] { return "127.0.0.1:" + std::to_string(io::free_port()); };
    Config good{.engine = EngineKind::raft,
                .group = "g",
                .node = "n1",
                .data_dir = folder.path() + "/n1",
                .bind = address(),
                .nodes = {},
                .client_port = io::free_port()};
    good.nodes = {good.bind, address(), address()};
    const auto refused = [&](Config config, const char* with) {
        const auto etcd = prepare(config);
        ASSERT_FALSE(etcd) << with;
        EXPECT_NE(etcd.error().what.find(with), std::string::npos) << etcd.error().what;
    };
    Config bad = good;
    bad.nodes.pop_back();
    refused(bad, "even number");
    bad = good;
    bad.bind = address();
    refused(bad, "not in `nodes`");
    {
        const auto first = prepare(good);
        ASSERT_TRUE(first) << first.error().what;
        refused(good, "held by process");
    }
    bad = good;
    bad.group = "another";
    refused(bad, "belongs to a node with group");
    ASSERT_TRUE(io::replace_file(good.data_dir + "/identity.json", "{"));
    refused(good, "damaged");
}

}  // namespace
}  // namespace evenkeel::coord
