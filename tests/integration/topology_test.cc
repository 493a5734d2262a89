// One node watches and recovers a real primary with two replicas.
#include "topology/service.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>

#include "coord/engines/local_engine.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "tests/support/eventually.h"
#include "tests/support/mariadb_topology.h"
#include "topology/recovery_record.h"

namespace evenkeel {
namespace {

using io::within;
using test::eventually;
using ::testing::HasSubstr;
using topology::ClusterReport;

Millis between(Instant from, Instant to) {
    return std::chrono::duration_cast<Millis>(to - from);
}

// Inserts a row after the other into whatever the fact names as primary, and remembers which were
// acknowledged and the longest time without one.
class Writer {
public:
    Writer(coord::Coordinator& coordinator, sql::Credentials who)
        : coordinator_(coordinator),
          who_(std::move(who)),
          worker_("writer", [this](auto& stop) { run(stop); }) {}

    void stop() { worker_.stop(); }
    int acknowledged() const { return acknowledged_; }
    Instant first_after(Instant moment) const {
        Lock lock(mutex_);
        const auto it = times_.lower_bound(moment);
        return it == times_.end() ? Instant{} : it->first;
    }
    Instant last_before(Instant moment) const {
        Lock lock(mutex_);
        auto it = times_.lower_bound(moment);
        return it == times_.begin() ? Instant{} : std::prev(it)->first;
    }

private:
    void run(io::StopToken& stop) {
        std::optional<ServerId> at;
        sql::Connection connection;
        int next = 1;
        while (!stop.requested()) {
            const auto entry = coordinator_.get("cluster/main");
            const auto fact = entry ? cluster_fact_from_json(entry->value) : Error{};
            if (fact && fact->primary && (fact->primary != at || !connection.connected())) {
                auto opened = sql::Connection::open(*fact->primary, who_, within(Millis(50)));
                if (opened) {
                    connection = std::move(*opened);
                    at = fact->primary;
                }
            }
            if (!connection.connected()) {
                stop.wait_for(Millis(1));
                continue;
            }
            const auto written = connection.execute(
                "INSERT INTO shop.t VALUES (" + std::to_string(next) + ")", within(Millis(300)));
            // 1062: it arrived although the answer did not.
            if (written || connection.error_number() == 1062) {
                if (written) {
                    Lock lock(mutex_);
                    times_[io::now()] = next;
                }
                acknowledged_ = next++;
            } else {
                stop.wait_for(Millis(1));
            }
        }
    }

    coord::Coordinator& coordinator_;
    const sql::Credentials who_;
    std::atomic<int> acknowledged_{0};
    mutable Mutex mutex_;
    std::map<Instant, int> times_;
    io::Worker worker_;
};

class Topology : public test::MariadbTopologyTest {
protected:
    void SetUp() override {
        test::MariadbTopologyTest::SetUp();
        if (HasFatalFailure()) return;
        query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
        auto engine = coord::open_local_engine(":memory:");
        ASSERT_TRUE(engine) << engine.error().what;
        engine_ = std::move(*engine);
        coordinator_ = std::make_unique<coord::Coordinator>(
            *engine_, coord::CoordinatorOptions{.node = "n1", .incarnation = "i1"});
        coordinator_->want(coord::kLeaderDuty);
        const auto started = coordinator_->start(within(Millis(10'000)));
        ASSERT_TRUE(started) << started.error().what;
    }

    void TearDown() override {
        writer_.reset();
        service_.reset();
        coordinator_.reset();
        test::MariadbTopologyTest::TearDown();
    }

    virtual topology::ClusterConfig config() {
        return {.name = "main",
                .seeds = {db(1).id()},
                .credentials = db(1).accounts().evenkeel,
                .replication = db(1).accounts().replication,
                .failover_pause = Millis(100)};
    }

    // Watches, and waits until the whole tree is known and healthy.
    void watch(topology::ServiceOptions options = {}) {
        service_ = std::make_unique<topology::Service>(config(), *coordinator_, std::move(options));
        service_->start();
        ASSERT_TRUE(eventually(Millis(10'000), [&] {
            const auto fact = report().fact;
            return fact.primary == db(1).id() && fact.replicas.size() == topology().size() - 1;
        })) << describe();
    }
    void write() {
        writer_ = std::make_unique<Writer>(*coordinator_, db(1).accounts().app);
        ASSERT_TRUE(eventually(Millis(10'000), [&] { return writer_->acknowledged() > 50; }));
    }

    ClusterReport report() { return service_->report(); }
    std::string describe() {
        const ClusterReport now = report();
        std::string text = topology::draw_tree(now, false) + now.last_decision + "\n";
        for (const auto& record : now.recoveries) {
            text += record.kind + " " + record.state + ": " + record.text + "\n";
            for (const auto& step : record.steps) {
                text += "  " + step.name + " " + step.state + " " +
                        std::to_string(step.finished_ms - step.started_ms) + " ms: " + step.text +
                        "\n";
            }
        }
        return text;
    }

    bool failed_over(Millis limit) {
        return eventually(limit, [&] {
            const ClusterReport now = report();
            return now.fact.primary && now.fact.primary != db(1).id() &&
                   now.recoveries.size() >= 1 && now.recoveries.back().state == "done";
        });
    }
    bool rejoined(Millis limit) {
        return eventually(limit, [&] {
            const ClusterReport now = report();
            return now.fact.fenced.empty() && now.fact.replicas.size() == 2;
        });
    }
    lab::Server& primary() { return *topology().find(*report().fact.primary); }

    void expect_all_rows_on_primary() {
        writer_->stop();
        const int acknowledged = writer_->acknowledged();
        EXPECT_EQ(value(primary(),
                        "SELECT COUNT(*) FROM shop.t WHERE id <= " + std::to_string(acknowledged)),
                  std::to_string(acknowledged))
            << "every acknowledged row is there";
    }
    void print_gap(const char* what, Instant moment) {
        const Instant after = writer_->first_after(moment + Millis(5));
        std::printf("[ measured ] %s: to the first new write %lld ms, write gap %lld ms\n", what,
                    static_cast<long long>(between(moment, after).count()),
                    static_cast<long long>(between(writer_->last_before(after), after).count()));
    }

    std::unique_ptr<coord::Engine> engine_;
    std::unique_ptr<coord::Coordinator> coordinator_;
    std::unique_ptr<topology::Service> service_;
    std::unique_ptr<Writer> writer_;
};

TEST_F(Topology, KilledPrimaryIsSucceededAndRejoins) {
    watch();
    write();
    const Instant killed = io::now();
    db(1).kill();
    ASSERT_TRUE(failed_over(Millis(10'000))) << describe();
    const int before = writer_->acknowledged();
    ASSERT_TRUE(eventually(Millis(10'000), [&] { return writer_->acknowledged() > before + 20; }))
        << describe();
    print_gap("kill -9", killed);
    std::printf("%s", describe().c_str());
    EXPECT_EQ(value(primary(), "SELECT @@read_only"), "0");
    EXPECT_TRUE(eventually(Millis(5000), [&] { return report().fact.replicas.size() == 1; }));

    ASSERT_TRUE(db(1).start());
    ASSERT_TRUE(rejoined(Millis(15'000))) << describe();
    EXPECT_EQ(value(db(1), "SELECT @@read_only"), "1");
    expect_all_rows_on_primary();
    EXPECT_TRUE(eventually(Millis(5000), [&] {
        return value(db(1), "SELECT COUNT(*) FROM shop.t") ==
               value(primary(), "SELECT COUNT(*) FROM shop.t");
    }));
    std::printf("%s", describe().c_str());
}

TEST_F(Topology, FormerPrimaryWithErrantTransactionsStaysOut) {
    watch();
    write();
    const lab::Server& old = db(1);
    db(1).kill();
    ASSERT_TRUE(failed_over(Millis(10'000))) << describe();
    service_.reset();
    ASSERT_TRUE(db(1).start());
    ASSERT_TRUE(db(1).wait_ready(within(Millis(30'000))));
    // More than it may have dropped as unacknowledged: dropped numbers are given out again.
    query(old, {"SET GLOBAL read_only = 0", "INSERT INTO shop.t VALUES (1000001)",
                "INSERT INTO shop.t VALUES (1000002)", "INSERT INTO shop.t VALUES (1000003)"});

    service_ = std::make_unique<topology::Service>(config(), *coordinator_);
    service_->start();
    EXPECT_TRUE(eventually(Millis(10'000), [&] { return value(old, "SELECT @@read_only") == "1"; }))
        << "it is fenced at once: " << describe();
    EXPECT_TRUE(eventually(Millis(10'000), [&] {
        for (const auto& finding : report().findings) {
            if (finding.code == "errant_transactions" && finding.server == old.id()) return true;
        }
        return false;
    })) << describe();
    EXPECT_EQ(report().fact.fenced, std::vector<ServerId>{old.id()});
    EXPECT_TRUE(eventually(Millis(5'000), [&] {
        return report().last_decision.find("stays out") != std::string::npos;
    })) << describe();
    EXPECT_EQ(query(old, {"SHOW SLAVE STATUS"}).rows.size(), 0u);
    std::printf("%s", describe().c_str());
}

// What hangs keeps its connections: only missing answers tell, and its replicas are asked.
TEST_F(Topology, HungPrimaryIsSucceededAndFencedWhenItWakes) {
    watch();
    write();
    const Instant stopped = io::now();
    db(1).suspend();
    ASSERT_TRUE(failed_over(Millis(20'000))) << describe();
    const int before = writer_->acknowledged();
    ASSERT_TRUE(eventually(Millis(10'000), [&] { return writer_->acknowledged() > before + 20; }))
        << describe();
    print_gap("SIGSTOP", stopped);
    std::printf("%s", describe().c_str());

    db(1).resume();
    EXPECT_TRUE(eventually(Millis(10'000), [&] {
        return value(db(1), "SELECT @@read_only") == "1";
    })) << describe();
    // Its client was waiting for an acknowledgement, and that commit is in nobody else's log.
    EXPECT_TRUE(eventually(Millis(15'000), [&] {
        const ClusterReport now = report();
        const bool back = now.fact.fenced.empty() && now.fact.replicas.size() == 2;
        return back || now.last_decision.find("stays out") != std::string::npos;
    })) << describe();
    expect_all_rows_on_primary();
    std::printf("%s", describe().c_str());
}

TEST_F(Topology, WitnessesOfASlowPrimaryKeepIt) {
    watch();
    write();
    db(1).suspend();
    io::StopToken pause;
    pause.wait_for(Millis(400));  // Silent for us; the replicas are being asked.
    db(1).resume();
    const int before = writer_->acknowledged();
    EXPECT_TRUE(eventually(Millis(10'000), [&] { return writer_->acknowledged() > before + 50; }))
        << describe();
    EXPECT_EQ(report().fact.primary, db(1).id()) << describe();
    EXPECT_TRUE(eventually(Millis(5'000), [&] { return report().fact.replicas.size() == 2; }));
    EXPECT_TRUE(report().recoveries.empty()) << describe();
    expect_all_rows_on_primary();
}

TEST_F(Topology, StoppedPrimaryIsSucceeded) {
    watch();
    write();
    const Instant stopped = io::now();
    db(1).terminate();
    ASSERT_TRUE(failed_over(Millis(20'000))) << describe();
    const int before = writer_->acknowledged();
    ASSERT_TRUE(eventually(Millis(10'000), [&] { return writer_->acknowledged() > before + 20; }));
    print_gap("SIGTERM", stopped);
    expect_all_rows_on_primary();
}

// The chosen one dies too, before it takes writes: the last one is taken, and it must not wait for
// acknowledgements that nobody can give.
TEST_F(Topology, CandidateThatDiesIsReplaced) {
    std::string chosen;
    watch({.on_step = [&](const std::string& moment) {
        if (moment != "before:promote" || !chosen.empty()) return;
        for (const coord::Entry& entry : coordinator_->list("recovery/main/")) {
            const auto record = topology::recovery_record_from_json(entry.value);
            if (record) chosen = record->successor;
        }
        ::kill(topology().find(*parse_server_id(chosen))->pid(), SIGKILL);
    }});
    // Nothing is under way: a commit that the chosen one alone had received would be waited for.
    query(db(1), {"INSERT INTO shop.t VALUES (1000000)"});
    ASSERT_TRUE(eventually(Millis(10'000), [&] {
        return value(db(2), "SELECT COUNT(*) FROM shop.t") == "1" &&
               value(db(3), "SELECT COUNT(*) FROM shop.t") == "1";
    }));
    db(1).kill();
    ASSERT_TRUE(failed_over(Millis(20'000))) << describe();
    EXPECT_NE(report().fact.primary->str(), chosen);
    EXPECT_EQ(report().fact.fenced.size(), 2u) << describe();
    write();
    expect_all_rows_on_primary();
}

// A rack with the primary and a replica is lost. What was acknowledged last may be in that replica
// alone, so nobody is promoted before it is back.
TEST_F(Topology, ReplicaThatMayHaveAcknowledgedIsWaitedFor) {
    watch();
    write();
    ::kill(db(2).pid(), SIGKILL);
    ::kill(db(1).pid(), SIGKILL);
    db(2).kill();
    db(1).kill();
    ASSERT_TRUE(eventually(Millis(10'000), [&] {
        return report().last_decision.find("allow_loss") != std::string::npos;
    })) << describe();
    EXPECT_EQ(value(db(3), "SELECT @@read_only"), "1");
    EXPECT_EQ(report().fact.primary, db(1).id());
    ASSERT_TRUE(db(2).start());
    ASSERT_TRUE(failed_over(Millis(30'000))) << describe();
    expect_all_rows_on_primary();
}

// Both old ones come back, one after the other.
TEST_F(Topology, EverybodyComesBack) {
    watch();
    write();
    db(1).kill();
    ASSERT_TRUE(failed_over(Millis(10'000))) << describe();
    lab::Server& second = primary();
    ASSERT_TRUE(eventually(Millis(5000), [&] { return report().fact.replicas.size() == 1; }));
    second.kill();
    ASSERT_TRUE(eventually(Millis(10'000), [&] {
        const auto fact = report().fact;
        return fact.failovers == 2 && fact.primary && *fact.primary != second.id();
    })) << describe();
    EXPECT_EQ(report().fact.fenced.size(), 2u);
    ASSERT_TRUE(db(1).start());
    ASSERT_TRUE(second.start());
    EXPECT_TRUE(rejoined(Millis(20'000))) << describe();
    const int before = writer_->acknowledged();
    EXPECT_TRUE(eventually(Millis(10'000), [&] { return writer_->acknowledged() > before + 20; }))
        << describe();
    expect_all_rows_on_primary();
}

// Three nodes with an opinion each; what the leader alone believes is not enough.
TEST_F(Topology, MajorityOfNodesDecides) {
    watch({.group_size = 3});
    write();
    db(1).kill();
    io::StopToken pause;
    pause.wait_for(Millis(500));
    EXPECT_EQ(report().fact.primary, db(1).id()) << "one of three has no say: " << describe();
    EXPECT_THAT(report().last_decision, HasSubstr("1 of 3 nodes"));

    const Instant joined = io::now();
    coord::Coordinator other(*engine_, {.node = "n2", .incarnation = "i2"});
    ASSERT_TRUE(other.start(within(Millis(10'000))));
    topology::Service second(config(), other, {.group_size = 3});
    second.start();
    EXPECT_TRUE(failed_over(Millis(10'000))) << describe();
    print_gap("second opinion", joined);
    EXPECT_EQ(report().recoveries.size(), 1u);
    second.stop();
    other.stop();
}

TEST_F(Topology, AccidentalWriterIsMadeReadOnly) {
    watch();
    query(db(2), {"SET GLOBAL read_only = 0"});
    EXPECT_TRUE(eventually(Millis(5'000), [&] {
        return value(db(2), "SELECT @@read_only") == "1";
    })) << describe();
}

TEST_F(Topology, ReplicaThatMissedTheFailoverIsRepointed) {
    watch();
    write();
    db(3).kill();
    ASSERT_TRUE(eventually(Millis(5000), [&] { return report().fact.replicas.size() == 1; }));
    db(1).kill();
    ASSERT_TRUE(failed_over(Millis(10'000))) << describe();
    ASSERT_TRUE(db(3).start());
    EXPECT_TRUE(eventually(Millis(15'000), [&] {
        const auto fact = report().fact;
        return fact.replicas == std::vector<ServerId>{db(3).id()};
    })) << describe();
    const int before = writer_->acknowledged();
    EXPECT_TRUE(eventually(Millis(10'000), [&] { return writer_->acknowledged() > before + 20; }))
        << describe();
    std::printf("%s", describe().c_str());
}

// An account with exactly the privileges of docs/reference/privileges.md.
class TopologySmallAccount : public Topology {
protected:
    lab::TopologyConfig topology_config() const override {
        const std::string file = folder() + "/account.sql";
        const auto written = io::replace_file(
            file,
            "SET sql_log_bin = 0;\n"
            "CREATE USER IF NOT EXISTS small@'%' IDENTIFIED BY 'small';\n"
            "GRANT SLAVE MONITOR, REPLICATION MASTER ADMIN, REPLICATION SLAVE ADMIN, "
            "READ_ONLY ADMIN, RELOAD, PROCESS, CONNECTION ADMIN ON *.* TO small@'%';\n");
        EXPECT_TRUE(written) << written.error().what;
        return {.options = {"--init-file=" + file}};
    }
    topology::ClusterConfig config() override {
        topology::ClusterConfig small = Topology::config();
        small.credentials = {"small", "small"};
        return small;
    }
};

TEST_F(TopologySmallAccount, DocumentedPrivilegesSuffice) {
    EXPECT_THAT(topology::check_cluster(config()), ::testing::IsEmpty());
    watch();
    write();
    db(1).kill();
    ASSERT_TRUE(failed_over(Millis(10'000))) << describe();
    ASSERT_TRUE(db(1).start());
    EXPECT_TRUE(rejoined(Millis(15'000))) << describe();
    // The hung one: witnesses are asked, waiting commits are ended.
    lab::Server& second = primary();
    second.suspend();
    EXPECT_TRUE(eventually(Millis(15'000), [&] { return report().fact.failovers == 2; }))
        << describe();
    second.resume();
    EXPECT_TRUE(eventually(Millis(10'000), [&] {
        return value(second, "SELECT @@read_only") == "1";
    })) << describe();
}

class TopologyCheck : public Topology {
protected:
    std::vector<std::string> problems(const ServerId& seed, const sql::Credentials& who) {
        topology::ClusterConfig chosen = config();
        chosen.seeds = {seed};
        chosen.credentials = who;
        return topology::check_cluster(chosen);
    }
};

TEST_F(TopologyCheck, SaysWhatToRepair) {
    EXPECT_THAT(problems(db(1).id(), db(1).accounts().evenkeel), ::testing::IsEmpty());
    EXPECT_THAT(problems(db(2).id(), db(1).accounts().evenkeel), ::testing::IsEmpty());
    EXPECT_THAT(problems(db(1).id(), {"evenkeel", "wrong"}),
                ::testing::ElementsAre(HasSubstr("refuses user 'evenkeel'")));
    EXPECT_THAT(problems({"127.0.0.1", 1}, db(1).accounts().evenkeel),
                ::testing::ElementsAre(HasSubstr("connection refused")));
    EXPECT_THAT(problems(db(1).id(), db(1).accounts().app),
                ::testing::ElementsAre(
                    ::testing::AllOf(HasSubstr("lacks SLAVE MONITOR"), HasSubstr("GRANT "))));
    query(db(2), {"SET GLOBAL binlog_format = MIXED"});
    EXPECT_THAT(problems(db(2).id(), db(1).accounts().evenkeel),
                ::testing::ElementsAre(HasSubstr("binlog_format is MIXED")));
}

// The node that leads stops in the middle of a failover; another finishes what it finds, and the
// first, when it goes on, has no say any more.
class TopologyTakeOver : public Topology, public ::testing::WithParamInterface<const char*> {};

TEST_P(TopologyTakeOver, LeavesOneWritablePrimary) {
    std::atomic<bool> reached{false};
    io::StopToken go_on;
    watch({.group_size = 1, .on_step = [&](const std::string& moment) {
               if (moment != GetParam() || reached.exchange(true)) return;
               go_on.wait_for(Millis(30'000));
           }});
    write();
    coord::Coordinator second(*engine_, {.node = "n2", .incarnation = "i2"});
    second.want(coord::kLeaderDuty);
    ASSERT_TRUE(second.start(within(Millis(10'000))));
    topology::Service successor(config(), second, {.group_size = 1});
    successor.start();

    db(1).kill();
    ASSERT_TRUE(eventually(Millis(10'000), [&] { return reached.load(); })) << describe();
    coordinator_->stop();
    ASSERT_TRUE(eventually(Millis(15'000),
                           [&] {
                               const ClusterReport now = successor.report();
                               return now.fact.primary && now.fact.primary != db(1).id() &&
                                      now.recoveries.size() == 1 &&
                                      now.recoveries.front().state == "done";
                           }))
        << topology::draw_tree(successor.report(), false) << successor.report().last_decision;
    go_on.request();
    service_.reset();
    writer_.reset();
    const ServerId primary = *successor.report().fact.primary;
    EXPECT_TRUE(eventually(Millis(5'000), [&] {
        return successor.report().fact.replicas.size() == 1;
    })) << topology::draw_tree(successor.report(), false);
    for (const int number : {2, 3}) {
        EXPECT_EQ(value(db(static_cast<std::size_t>(number)), "SELECT @@read_only"),
                  db(static_cast<std::size_t>(number)).id() == primary ? "0" : "1");
    }
    successor.stop();
    second.stop();
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, TopologyTakeOver,
                         ::testing::Values("before:fence", "before:stop_io", "after:stop_io",
                                           "before:choose", "after:choose", "before:drain",
                                           "before:promote", "before:publish", "after:publish",
                                           "after:repoint", "before:detach"),
                         [](const auto& each) {
                             std::string name = each.param;
                             name[name.find(':')] = '_';
                             return name;
                         });

}  // namespace
}  // namespace evenkeel
