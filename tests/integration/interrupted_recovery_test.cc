// A node that leads dies at every recorded step of a recovery, as a lost host; the group ends with
// exactly one writable primary, everybody follows it, and no acknowledged commit is missing.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "io/clock.h"
#include "io/thread.h"
#include "tests/support/evenkeel_nodes.h"
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
        nodes_ = std::make_unique<EvenkeelNodes>(folder(), topology());
        ASSERT_TRUE(eventually(kSettleLimit, [&] { return settled(); })) << state_text();
    }

    Json state() {
        const auto body = nodes_->get_any("/api/v1/clusters/main");
        return body ? Json::parse(*body, nullptr, false) : Json();
    }
    std::string state_text() { return state().dump(1); }

    lab::MariadbServer* primary() {
        const Json json = state();
        if (!json.is_object() || !json.contains("primary") || json["primary"].is_null())
            return nullptr;
        return topology().find(*parse_server_id(json["primary"].get<std::string>()));
    }

    std::vector<lab::MariadbServer*> writable() {
        std::vector<lab::MariadbServer*> found;
        for (std::size_t i = 1; i <= topology().size(); ++i) {
            if (db(i).running() && value(db(i), "SELECT @@read_only") == "0")
                found.push_back(&db(i));
        }
        return found;
    }

    // All nodes are up, one server takes writes, all others follow it, and the fact says so.
    bool settled() {
        for (std::size_t i = 0; i < nodes_->size(); ++i) {
            if (!nodes_->get(i, "/api/raft-health")) return false;
        }
        const Json json = state();
        if (!json.is_object() || !json.contains("fenced") || !json["fenced"].empty()) return false;
        if (json["replicas"].size() != topology().size() - 1) return false;
        const auto* named = primary();
        const auto writers = writable();
        return named != nullptr && writers.size() == 1 && writers[0] == named;
    }

    // Kills the primary; the node that comes to `moment` of the recovery dies with its whole host.
    void interrupt_at(const std::string& moment) {
        SCOPED_TRACE(moment);
        lab::MariadbServer* old = primary();
        ASSERT_NE(old, nullptr);
        nodes_->arm(moment);
        old->kill();
        ASSERT_TRUE(eventually(kSettleLimit, [&] { return !nodes_->armed(); }))
            << "nobody came to this moment\n"
            << state_text();
        std::size_t lost = nodes_->size();
        ASSERT_TRUE(eventually(kSettleLimit, [&] {
            for (std::size_t i = 0; i < nodes_->size(); ++i) {
                if (nodes_->running(i) && nodes_->ended(i)) lost = i;
            }
            return lost != nodes_->size();
        }));
        const Instant died = io::now();
        ASSERT_TRUE(eventually(kSettleLimit, [&] {
            const auto* heir = primary();
            return heir != nullptr && heir != old && writable().size() == 1;
        })) << state_text();
        std::printf("%-16s finished by another node after %ld ms\n", moment.c_str(),
                    std::chrono::duration_cast<Millis>(io::now() - died).count());
        nodes_->start(lost);
        ASSERT_TRUE(old->start());
        ASSERT_TRUE(eventually(kSettleLimit, [&] { return settled(); })) << state_text();
    }

    std::unique_ptr<EvenkeelNodes> nodes_;
};

TEST_F(InterruptedRecovery, EndsWithOnePrimaryWhateverStepTheLeaderDiesAt) {
    Writer writer(topology());
    for (const char* step :
         {"fence", "stop_io", "choose", "drain", "promote", "publish", "repoint", "detach"}) {
        for (const char* edge : {"before:", "after:"}) {
            interrupt_at(std::string(edge) + step);
            if (HasFatalFailure()) return;
        }
    }
    const auto acknowledged = writer.stop();
    lab::MariadbServer* last = primary();
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
