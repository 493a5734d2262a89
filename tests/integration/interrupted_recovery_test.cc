// A node that leads dies at every recorded step of a recovery, as a lost host; the group ends with
// exactly one writable primary, everybody follows it, and no acknowledged commit is missing.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/mariadb_topology.h"

namespace evenkeel::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr Millis kSettleLimit{60'000};

// Inserts without pause into whichever server takes writes, and keeps what was acknowledged.
class Writer {
public:
    explicit Writer(lab::MariadbTopology& servers)
        : servers_(servers), worker_("writer", [this](io::StopToken& stop) { run(stop); }) {}

    std::set<std::uint64_t> stop() {
        worker_.stop();
        return acknowledged_;
    }

private:
    void run(io::StopToken& stop) {
        std::size_t server = 0;
        sql::Connection connection;
        for (std::uint64_t id = 1; !stop.requested(); ++id) {
            if (!connection.connected()) {
                server = (server + 1) % servers_.size();
                auto opened =
                    servers_.server(server).connect(servers_.accounts().app, io::within(300ms));
                if (!opened) {
                    stop.wait_for(10ms);
                    continue;
                }
                connection = std::move(*opened);
            }
            // An id is tried once: what became of a failed one is not known.
            const auto done = connection.execute(
                "INSERT INTO test.acknowledged VALUES (" + std::to_string(id) + ")",
                io::within(3s));
            if (done) {
                acknowledged_.insert(id);
            } else {
                connection = {};
            }
            stop.wait_for(2ms);
        }
    }

    lab::MariadbTopology& servers_;
    std::set<std::uint64_t> acknowledged_;
    io::Worker worker_;
};

class InterruptedRecovery : public MariadbTopologyTest {
protected:
    void SetUp() override {
        MariadbTopologyTest::SetUp();
        if (HasFatalFailure()) return;
        query(db(1), {"CREATE DATABASE IF NOT EXISTS test",
                      "CREATE TABLE test.acknowledged (id BIGINT PRIMARY KEY)"});
        group_ = std::make_unique<EvenkeelGroup>(folder() + "/nodes", 3);
        const lab::Accounts& accounts = topology().accounts();
        for (std::size_t i = 0; i < group_->size(); ++i) {
            group_->write_config(
                i, group_->config_text(i) +
                       fmt::format("[[cluster]]\nname = \"main\"\nseeds = [\"{}\"]\n"
                                   "user = \"{}\"\npassword = \"{}\"\n"
                                   "replication_user = \"{}\"\nreplication_password = \"{}\"\n"
                                   "poll_interval_ms = 500\nfailover_pause_ms = 0\n",
                                   db(1).id().str(), accounts.evenkeel.user,
                                   accounts.evenkeel.password, accounts.replication.user,
                                   accounts.replication.password));
        }
        group_->add_environment("EVENKEEL_FAULT_FILE=" + fault_file());
        group_->start_all();
        ASSERT_TRUE(eventually(kSettleLimit, [&] { return settled(); })) << state().dump(1);
    }

    std::string fault_file() const { return folder() + "/fault"; }

    // What a node that lives says of the cluster.
    Json state() {
        for (std::size_t i = 0; i < group_->size(); ++i) {
            const auto answer = group_->ask(i, "/api/v1/clusters/main");
            if (answer.status == 200) return Json::parse(answer.body, nullptr, false);
        }
        return {};
    }

    lab::Server* primary() {
        const Json json = state();
        if (!json.is_object() || json.value("primary", Json()).is_null()) return nullptr;
        return topology().find(*parse_server_id(json["primary"].get<std::string>()));
    }

    std::vector<lab::Server*> writable() {
        std::vector<lab::Server*> found;
        for (std::size_t i = 1; i <= topology().size(); ++i) {
            if (db(i).running() && value(db(i), "SELECT @@read_only") == "0") {
                found.push_back(&db(i));
            }
        }
        return found;
    }

    bool only_writable(const lab::Server* server) {
        const auto found = writable();
        return found.size() == 1 && found[0] == server;
    }

    // All nodes are up, one server takes writes, all others follow it, and the fact says so.
    bool settled() {
        for (std::size_t i = 0; i < group_->size(); ++i) {
            if (group_->ask(i, "/api/raft-health").status != 200) return false;
        }
        const Json json = state();
        if (!json.is_object() || !json.value("fenced", Json::array({0})).empty()) return false;
        if (json["replicas"].size() != topology().size() - 1) return false;
        const auto* named = primary();
        return named != nullptr && only_writable(named);
    }

    // The node whose worker comes to `moment` dies with its whole host, once.
    void arm(const std::string& moment) {
        const auto written = io::replace_file(fault_file(), moment);
        ASSERT_TRUE(written) << written.error().what;
    }

    void wait_for_death(std::size_t& node) {
        ASSERT_TRUE(eventually(kSettleLimit, [&] { return !io::exists(fault_file()); }))
            << "nobody came to this moment\n"
            << state().dump(1);
        ASSERT_TRUE(eventually(kSettleLimit, [&] {
            const auto ended = group_->ended();
            if (ended) node = *ended;
            return ended.has_value();
        }));
    }

    void expect_settled() {
        ASSERT_TRUE(eventually(kSettleLimit, [&] { return settled(); })) << state().dump(1);
    }

    void interrupt_failover_at(const std::string& moment) {
        SCOPED_TRACE(moment);
        lab::Server* old = primary();
        ASSERT_NE(old, nullptr);
        arm(moment);
        old->kill();
        std::size_t lost = 0;
        ASSERT_NO_FATAL_FAILURE(wait_for_death(lost));
        const Instant died = io::now();
        ASSERT_TRUE(eventually(kSettleLimit, [&] {
            const auto* heir = primary();
            return heir != nullptr && heir != old && only_writable(heir);
        })) << state().dump(1);
        std::printf("failover, %-15s finished by another node after %ld ms\n", moment.c_str(),
                    std::chrono::duration_cast<Millis>(io::now() - died).count());
        group_->start(lost);
        ASSERT_TRUE(old->start());
        expect_settled();
    }

    void interrupt_rejoin_at(const std::string& moment) {
        SCOPED_TRACE(moment);
        lab::Server* old = primary();
        ASSERT_NE(old, nullptr);
        old->kill();
        ASSERT_TRUE(eventually(kSettleLimit, [&] {
            const auto* heir = primary();
            return heir != nullptr && heir != old;
        }));
        arm(moment);
        ASSERT_TRUE(old->start());
        std::size_t lost = 0;
        ASSERT_NO_FATAL_FAILURE(wait_for_death(lost));
        group_->start(lost);
        expect_settled();
    }

    std::unique_ptr<EvenkeelGroup> group_;
};

TEST_F(InterruptedRecovery, EndsWithOnePrimaryWhateverStepTheLeaderDiesAt) {
    Writer writer(topology());
    for (const char* step :
         {"fence", "stop_io", "choose", "drain", "promote", "publish", "repoint", "detach"}) {
        for (const char* edge : {"before:", "after:"}) {
            ASSERT_NO_FATAL_FAILURE(interrupt_failover_at(std::string(edge) + step));
        }
    }
    for (const char* moment : {"before:check", "after:check", "before:attach", "after:attach"}) {
        ASSERT_NO_FATAL_FAILURE(interrupt_rejoin_at(moment));
    }
    const auto acknowledged = writer.stop();
    lab::Server* last = primary();
    ASSERT_NE(last, nullptr);
    const auto rows = query(*last, {"SELECT id FROM test.acknowledged"});
    std::set<std::uint64_t> present;
    for (const auto& row : rows.rows) present.insert(std::stoull(*row[0]));
    std::size_t lost = 0;
    for (const std::uint64_t id : acknowledged) lost += present.contains(id) ? 0 : 1;
    EXPECT_EQ(lost, 0u) << "of " << acknowledged.size() << " acknowledged commits";
    std::printf("%zu acknowledged commits, %zu lost\n", acknowledged.size(), lost);
}

}  // namespace
}  // namespace evenkeel::test
