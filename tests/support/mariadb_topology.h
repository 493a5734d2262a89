// A fixture with real MariaDB servers: db1 takes writes, db2 and db3 follow it by GTID, semi-sync.
// Everything is in a folder of its own that is kept when the test failed. Tests in one program and
// several programs at once do not meet: free ports, own folders, servers ended by their own pid.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "lab/mariadb_topology.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {

class MariadbTopologyTest : public ::testing::Test {
protected:
    // Override to change the number of replicas or to give options; `folder` is set by SetUp.
    virtual lab::TopologyConfig topology_config() const { return {}; }

    void SetUp() override;
    void TearDown() override;

    lab::MariadbTopology& topology() { return *topology_; }
    lab::Server& db(std::size_t number) { return topology_->server(number - 1); }
    // For logs and data of what else the test starts.
    const std::string& folder() const { return folder_.path(); }

    // Statements on a server by the admin account; a failure fails the test. Returns the rows of
    // the last one.
    sql::Table query(const lab::Server& server, const std::vector<std::string>& statements);
    // The first cell of the first row of a statement's answer; empty for none.
    std::string value(const lab::Server& server, const std::string& statement);

private:
    TestFolder folder_;
    std::unique_ptr<lab::MariadbTopology> topology_;
};

}  // namespace evenkeel::test
