// What belongs to one engine, or to none: the state file, the managed member, and leases on it.
// What every engine must do is in conformance_test.cc.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <functional>

#include "base/mutex.h"
#include "coord/coordinator.h"
#include "coord/engines/etcd_engine.h"
#include "coord/engines/local_engine.h"
#include "coord/member/managed_etcd.h"
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

CoordinatorOptions seat(const std::string& node, const std::string& incarnation = "1") {
    return {.node = node, .incarnation = incarnation, .api_address = node + ":3000", .ttl = 800ms};
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
