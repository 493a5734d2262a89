#include "tests/support/mariadb_topology.h"

#include "io/clock.h"

namespace evenkeel::test {
namespace {

// Longest wait for anything a server has to do; generous, for a loaded machine.
constexpr Millis kLimit{30'000};

}  // namespace

void MariadbTopologyTest::SetUp() {
    lab::TopologyConfig config = topology_config();
    config.folder = folder();
    auto started = lab::MariadbTopology::start(config, io::within(kLimit));
    ASSERT_TRUE(started) << started.error().what;
    topology_ = std::make_unique<lab::MariadbTopology>(std::move(*started));
}

void MariadbTopologyTest::TearDown() {
    topology_.reset();  // Kills the servers: nothing of their data is needed any more.
}

sql::Table MariadbTopologyTest::query(const lab::Server& server,
                                      const std::vector<std::string>& statements) {
    auto table = server.query(statements, io::within(kLimit));
    if (table) return std::move(*table);
    ADD_FAILURE() << server.config().name << ": " << table.error().what;
    return {};
}

std::string MariadbTopologyTest::value(const lab::Server& server, const std::string& statement) {
    const sql::Table table = query(server, {statement});
    if (table.rows.empty() || table.rows[0].empty()) return {};
    return table.rows[0][0].value_or("");
}

}  // namespace evenkeel::test
