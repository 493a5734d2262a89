// The servers that every other integration test stands on.
#include <gmock/gmock.h>
#include <signal.h>

#include "io/clock.h"
#include "io/file.h"
#include "tests/support/eventually.h"
#include "tests/support/mariadb_topology.h"
#include "tests/support/other_servers.h"

namespace evenkeel {
namespace {

using test::eventually;

class Lab : public test::MariadbTopologyTest {
protected:
    // A commit by the application: it is answered only when a replica has it.
    Result<> write(const lab::Server& server, const std::string& statement, Millis limit) {
        EK_TRY(auto connection, server.connect(server.accounts().app, io::within(limit)));
        return connection.execute(statement, io::within(limit));
    }
    bool applied(const lab::Server& replica, const std::string& position) {
        return eventually(Millis(10'000),
                          [&] { return value(replica, "SELECT @@gtid_slave_pos") == position; });
    }
};

TEST_F(Lab, ReplicatesAndWaitsForAReplica) {
    query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    const auto written = write(db(1), "INSERT INTO shop.t VALUES (7)", Millis(10'000));
    ASSERT_TRUE(written) << written.error().what;
    const std::string position = value(db(1), "SELECT @@gtid_binlog_pos");
    EXPECT_TRUE(applied(db(2), position));
    EXPECT_TRUE(applied(db(3), position));
    EXPECT_EQ(value(db(3), "SELECT id FROM shop.t"), "7");
    const auto status = query(db(1), {"SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'"});
    EXPECT_EQ(status.text(0, "Value"), "2");
}

TEST_F(Lab, OnlyThePrimaryTakesWritesOfTheApplication) {
    query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    ASSERT_TRUE(applied(db(2), value(db(1), "SELECT @@gtid_binlog_pos")));
    const auto refused = write(db(2), "INSERT INTO shop.t VALUES (1)", Millis(10'000));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().what, testing::HasSubstr("read-only"));
}

TEST_F(Lab, KilledServerComesBackReadOnly) {
    const pid_t first = db(1).pid();
    db(1).kill();
    EXPECT_FALSE(db(1).running());
    EXPECT_NE(::kill(first, 0), 0) << "no such process any more";

    ASSERT_TRUE(db(1).start());
    const auto ready = db(1).wait_ready(io::within(Millis(30'000)));
    ASSERT_TRUE(ready) << ready.error().what;
    EXPECT_EQ(value(db(1), "SELECT @@read_only"), "1");
    EXPECT_EQ(value(db(1), "SELECT @@rpl_semi_sync_master_enabled"), "0");
}

// What no replica acknowledged was never answered to a client, so a crashed primary has to forget
// it.
TEST_F(Lab, CrashedPrimaryDropsWhatNoReplicaAcknowledged) {
    query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    const std::string acknowledged = value(db(1), "SELECT @@gtid_binlog_pos");
    ASSERT_TRUE(applied(db(2), acknowledged));
    query(db(2), {"STOP SLAVE IO_THREAD"});
    query(db(3), {"STOP SLAVE IO_THREAD"});
    const auto hangs = write(db(1), "INSERT INTO shop.t VALUES (1)", Millis(1000));
    ASSERT_FALSE(hangs);
    EXPECT_EQ(hangs.error().code, Errc::timed_out) << hangs.error().what;
    ASSERT_NE(value(db(1), "SELECT @@gtid_binlog_pos"), acknowledged);

    db(1).kill();
    ASSERT_TRUE(db(1).start());
    const auto ready = db(1).wait_ready(io::within(Millis(30'000)));
    ASSERT_TRUE(ready) << ready.error().what;
    EXPECT_EQ(value(db(1), "SELECT @@gtid_binlog_pos"), acknowledged);
    EXPECT_EQ(value(db(1), "SELECT COUNT(*) FROM shop.t"), "0");
}

TEST_F(Lab, SuspendedServerAnswersNothingUntilResumed) {
    db(2).suspend();
    const auto silent = db(2).connect(db(2).accounts().admin, io::within(Millis(300)));
    EXPECT_FALSE(silent);
    db(2).resume();
    EXPECT_TRUE(eventually(Millis(10'000), [&] {
        return db(2).connect(db(2).accounts().admin, io::within(Millis(1000))).has_value();
    }));
}

// The account has what evenkeel's work needs; read_only does not stop it.
TEST_F(Lab, EvenkeelAccountMayDoItsWork) {
    auto connection = db(2).connect(db(2).accounts().evenkeel, io::within(Millis(5000)));
    ASSERT_TRUE(connection) << connection.error().what;
    for (const char* statement :
         {"SHOW SLAVE STATUS", "SHOW MASTER STATUS", "SHOW SLAVE HOSTS", "SHOW PROCESSLIST",
          "STOP SLAVE", "SET GLOBAL gtid_slave_pos = @@gtid_slave_pos",
          "SET GLOBAL rpl_semi_sync_master_enabled = 0", "SET GLOBAL read_only = 1",
          "START SLAVE"}) {
        const auto done = connection->execute(statement, io::within(Millis(5000)));
        EXPECT_TRUE(done) << statement << ": " << done.error().what;
    }
}

TEST(LabCleanup, EndsItsServersAndRemovesItsFolder) {
    std::string path;
    pid_t pid = 0;
    {
        test::TestFolder folder;
        path = folder.path();
        auto server = lab::Server::create({.folder = path}, io::within(Millis(30'000)));
        ASSERT_TRUE(server) << server.error().what;
        ASSERT_TRUE(server->start());
        ASSERT_TRUE(server->wait_ready(io::within(Millis(30'000))));
        pid = server->pid();
    }
    EXPECT_NE(::kill(pid, 0), 0);
    EXPECT_FALSE(io::exists(path));
}

class LabServer : public ::testing::TestWithParam<std::string> {
protected:
    test::TestFolder folder_;
};

TEST_P(LabServer, StartsAndTakesWrites) {
    const auto home = test::server_home(GetParam());
    if (!home) GTEST_SKIP() << home.error().what;
    const Deadline deadline = io::within(Millis(90'000));
    auto server = lab::Server::create({.folder = folder_.path(), .home = *home}, deadline);
    ASSERT_TRUE(server) << server.error().what;
    ASSERT_TRUE(server->start());
    const auto ready = server->wait_ready(deadline);
    ASSERT_TRUE(ready) << ready.error().what;
    const auto rows = server->query(
        {"SET GLOBAL read_only = 0", "CREATE DATABASE shop", "CREATE TABLE shop.t (id INT)",
         "INSERT INTO shop.t VALUES (7)", "SELECT id, @@log_bin AS log FROM shop.t"},
        deadline);
    ASSERT_TRUE(rows) << rows.error().what;
    EXPECT_EQ(rows->text(0, "id"), "7");
    EXPECT_EQ(rows->text(0, "log"), "1");
    for (const sql::Credentials& who : {server->accounts().evenkeel, server->accounts().app}) {
        EXPECT_TRUE(server->connect(who, deadline)) << who.user;
    }
}

INSTANTIATE_TEST_SUITE_P(Releases, LabServer, ::testing::ValuesIn(test::server_releases()),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
