#include "topology/probe.h"

#include <gtest/gtest.h>

namespace evenkeel::topology {
namespace {

sql::Table status(std::vector<std::string> hosts) {
    sql::Table table{.columns = {"Master_Host", "Master_Port", "Slave_IO_Running"}};
    for (std::string& host : hosts) table.rows.push_back({std::move(host), "3307", "Yes"});
    return table;
}

TEST(ReplicationStatus, NamesTheSource) {
    const auto replication = replication_from(status({"db1"}));
    ASSERT_TRUE(replication);
    EXPECT_EQ(replication->source.str(), "db1:3307");
    EXPECT_EQ(replication->io, ThreadState::running);
}

TEST(ReplicationStatus, RowWithoutASourceIsNoReplication) {
    EXPECT_FALSE(replication_from(status({})));
    EXPECT_FALSE(replication_from(status({""})));
    EXPECT_EQ(replication_from(status({"", "db2"}))->source.host, "db2");
}

}  // namespace
}  // namespace evenkeel::topology
