// What a stream makes of each server's own way to write transactions, and that it goes on at the
// right place whatever names they have.
#include <signal.h>
#include <stdlib.h>

#include <algorithm>

#include "io/process.h"
#include "tests/integration/cdc_sources_fixture.h"

namespace evenkeel {
namespace {

using test::eventually;
using test::kLong;
using test::OneNode;
using testing::ElementsAreArray;
using testing::HasSubstr;

class CdcSources : public test::SourcesTest {
protected:
    using Changes = std::vector<std::string>;

    static std::string insert(int id) { return "t insert {\"id\":" + std::to_string(id) + "}"; }

    // A table `t` with ids, and the server ready for what this test's position is made of.
    lab::Server& prepare(bool gtids) {
        lab::Server& server = shared();
        if (mysql(server)) set_gtids(server, gtids);
        run(server, {"USE " + make_database(server), "CREATE TABLE t (id INT PRIMARY KEY)"});
        use_ = "USE " + database_;
        return server;
    }
    void write(const lab::Server& server, std::vector<std::string> statements) {
        statements.insert(statements.begin(), use_);
        run(server, statements);
    }

    void write_everything(const lab::Server& server, Changes& expected);
    void reads_everything(bool gtids);
    void keeps_prepared(bool gtids);
    io::Process start_child(const lab::Server& server);
    std::optional<cdc::Checkpoint> checkpoint() const;

    std::string use_;
};

void CdcSources::write_everything(const lab::Server& server, Changes& expected) {
    const auto expect = [&](const Changes& more) {
        expected.insert(expected.end(), more.begin(), more.end());
    };
    write(server,
          {"INSERT INTO t VALUES (1), (2)", "UPDATE t SET id = 3 WHERE id = 1",
           "ALTER TABLE t ADD v VARCHAR(9)", "DELETE FROM t WHERE id = 2", "ALTER TABLE t DROP v"});
    expect({insert(1), insert(2), "t update {\"id\":3},\"old\":{\"id\":1}",
            "t delete {\"id\":2,\"v\":null}"});
    write(server, {"BEGIN", "INSERT INTO t VALUES (4)", "SAVEPOINT a", "INSERT INTO t VALUES (5)",
                   "ROLLBACK TO a", "INSERT INTO t VALUES (6)", "COMMIT", "BEGIN",
                   "INSERT INTO t VALUES (7)", "ROLLBACK"});
    expect({insert(4), insert(6)});
    write(server, {"CREATE TABLE m (id INT) ENGINE=MyISAM", "INSERT INTO m VALUES (1), (2)",
                   "CREATE TEMPORARY TABLE mine (id INT)", "INSERT INTO mine VALUES (1)",
                   "INSERT INTO t SELECT id + 7 FROM mine", "DROP TEMPORARY TABLE mine"});
    expect({"m insert {\"id\":1}", "m insert {\"id\":2}", insert(8)});
    // MySQL 5.7 refuses it while GTIDs are consistent.
    if (!value(server, "SELECT @@version").starts_with("5.")) {
        write(server, {"CREATE TABLE made AS SELECT id FROM t WHERE id = 8"});
        expect({"made insert {\"id\":8}"});
    }
    write(server, {"FLUSH BINARY LOGS", "INSERT INTO t VALUES (9)",
                   "SET GLOBAL binlog_checksum = NONE", "INSERT INTO t VALUES (10)",
                   "SET GLOBAL binlog_checksum = CRC32", "INSERT INTO t VALUES (11)"});
    expect({insert(9), insert(10), insert(11)});
    write(server, {"XA START 'one'", "INSERT INTO t VALUES (12)", "XA END 'one'",
                   "XA PREPARE 'one'", "XA COMMIT 'one'"});
    write(server, {"XA START 'two', 'b', 7", "INSERT INTO t VALUES (13)", "XA END 'two', 'b', 7",
                   "XA PREPARE 'two', 'b', 7", "XA ROLLBACK 'two', 'b', 7"});
    write(server, {"XA START 'three'", "INSERT INTO t VALUES (14)", "XA END 'three'",
                   "XA COMMIT 'three' ONE PHASE"});
    expect({insert(12), insert(14)});
    const std::string file = folder() + "/rows.csv";
    ASSERT_TRUE(io::replace_file(file, "15\n16\n"));
    write(server, {"LOAD DATA INFILE '" + file + "' INTO TABLE t", "TRUNCATE TABLE m",
                   "DROP TABLE m", "INSERT INTO t VALUES (17)"});
    expect({insert(15), insert(16), insert(17)});
}

void CdcSources::reads_everything(bool gtids) {
    const lab::Server& server = prepare(gtids);
    OneNode node(folder() + "/group.db");
    Changes expected;
    {
        cdc::StreamService stream(config(server), &node.coordinator());
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        write_everything(server, expected);
        ASSERT_TRUE(has_lines(expected.size())) << stream.report().text;
    }
    EXPECT_THAT(changes(), ElementsAreArray(expected));
    // Taken up where it stopped, in the files of another checksum too.
    write(server, {"SET GLOBAL binlog_checksum = NONE", "INSERT INTO t VALUES (18)",
                   "SET GLOBAL binlog_checksum = CRC32"});
    cdc::StreamService stream(config(server), &node.coordinator());
    stream.start();
    write(server, {"INSERT INTO t VALUES (19)"});
    expected.insert(expected.end(), {insert(18), insert(19)});
    ASSERT_TRUE(has_lines(expected.size())) << stream.report().text;
    EXPECT_THAT(changes(), ElementsAreArray(expected));
}

TEST_P(CdcSources, WritesEveryKindOfTransactionOnce) {
    reads_everything(true);
}

TEST_P(CdcSources, WritesEveryKindOfTransactionOnceWithoutGtids) {
    if (mysql(shared())) reads_everything(false);
}

std::optional<cdc::Checkpoint> CdcSources::checkpoint() const {
    const auto engine = coord::open_local_engine(folder() + "/group.db");
    if (!engine) return {};
    const auto found = (*engine)->read(cdc::checkpoint_key("test"), io::within(kLong));
    if (!found || found->entries.empty()) return {};
    const auto checkpoint = cdc::checkpoint_from_json(found->entries[0].value);
    return checkpoint ? std::optional(*checkpoint) : std::nullopt;
}

// This program again, as a stream that can be killed; see SourcesChild.
io::Process CdcSources::start_child(const lab::Server& server) {
    EXPECT_TRUE(io::replace_file(folder() + "/child.log", ""));
    io::Process child = test::start_stream_child({.test = "SourcesChild.DISABLED_Runs",
                                                  .group = folder() + "/group.db",
                                                  .port = server.id().port,
                                                  .out = folder() + "/out.json",
                                                  .log = folder() + "/child.log",
                                                  .environment = {"CDC_DATABASE=" + database_}});
    EXPECT_TRUE(eventually(kLong, [&] {
        return io::read_file(folder() + "/child.log").value_or("").find(": streaming: ") !=
               std::string::npos;
    }));
    return child;
}

TEST(SourcesChild, DISABLED_Runs) {
    if (!test::is_stream_child()) GTEST_SKIP() << "CdcSources starts it";
    test::run_stream_child([](cdc::StreamConfig& config) {
        config.filter = cdc::Filter::of_databases({::getenv("CDC_DATABASE")});
        config.checkpoint_interval = Millis{20};
    });
}

void CdcSources::keeps_prepared(bool gtids) {
    lab::Server& server = prepare(gtids);
    const auto prepare_xa = [&](const std::string& xid, int id) {
        write(server,
              {"XA START '" + xid + "'", "INSERT INTO t VALUES (" + std::to_string(id) + ")",
               "XA END '" + xid + "'", "XA PREPARE '" + xid + "'"});
    };
    Changes expected = {insert(1), insert(2), insert(3)};
    io::Process child = start_child(server);
    prepare_xa("first", 100);
    write(server, {"INSERT INTO t VALUES (1)"});
    prepare_xa("second", 101);
    prepare_xa("undone", 102);
    write(server, {"FLUSH BINARY LOGS", "INSERT INTO t VALUES (2)", "XA ROLLBACK 'undone'",
                   "CREATE TABLE other (a INT)", "INSERT INTO t VALUES (3)"});
    ASSERT_TRUE(has_lines(3));
    // Until a kill finds that the checkpoint had passed everything, prepared or not.
    const auto kill_child = [&](bool open_ones) {
        for (int round = 0; round < 50; ++round) {
            child.signal(SIGKILL);
            EXPECT_TRUE(child.wait(io::within(kLong)));
            const auto seen = io::read_file(folder() + "/out.json");
            const auto stored = checkpoint();
            if (seen && stored && stored->sink.offset == seen->size() &&
                stored->read_from.has_value() == open_ones) {
                return;
            }
            child = start_child(server);
        }
        FAIL() << "the checkpoint does not move past prepared transactions";
    };
    kill_child(true);
    write(server, {"ALTER TABLE other ADD b INT"});
    child = start_child(server);
    write(server, {"XA COMMIT 'second'", "INSERT INTO t VALUES (4)"});
    expected.insert(expected.end(), {insert(101), insert(4)});
    ASSERT_TRUE(has_lines(expected.size()));
    kill_child(true);
    write(server, {"INSERT INTO t VALUES (5)", "XA COMMIT 'first'", "INSERT INTO t VALUES (6)"});
    child = start_child(server);
    expected.insert(expected.end(), {insert(5), insert(100), insert(6)});
    ASSERT_TRUE(has_lines(expected.size()));
    EXPECT_THAT(changes(), ElementsAreArray(expected));
    kill_child(false);
}

TEST_P(CdcSources, KeepsPreparedTransactionsOverAKill) {
    keeps_prepared(true);
}

TEST_P(CdcSources, KeepsPreparedTransactionsOverAKillWithoutGtids) {
    if (mysql(shared())) keeps_prepared(false);
}

TEST_P(CdcSources, StartsWhereItIsTold) {
    lab::Server& server = prepare(true);
    write(server, {"FLUSH BINARY LOGS", "INSERT INTO t VALUES (1)"});
    const bool renamed = value(server, "SELECT @@version").starts_with("9.");
    const sql::Table end = run(server, {renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS"});
    const std::string gtids =
        value(server, mysql(server) ? "SELECT @@global.gtid_executed" : "SELECT @@gtid_binlog_pos");
    write(server, {"INSERT INTO t VALUES (2)"});
    cdc::StreamConfig by_place = config(server);
    by_place.init_position = end.text(0, "File") + ":" + end.text(0, "Position");
    cdc::StreamConfig by_gtids = config(server);
    by_gtids.init_gtid = gtids;
    for (cdc::StreamConfig& start : std::vector{by_place, by_gtids}) {
        cdc::StreamService stream(start, nullptr);
        stream.start();
        ASSERT_TRUE(has_lines(1)) << stream.report().text;
        EXPECT_THAT(changes(), ElementsAreArray({insert(2)}));
        stream.stop();
        ASSERT_TRUE(io::replace_file(start.output_file, ""));
    }
    by_place.init_position = end.text(0, "File") + ":99999999";
    EXPECT_THAT(refusal(by_place), HasSubstr("no place"));
}

// The stream was at a file and an offset; afterwards it can change its server.
TEST_P(CdcSources, GoesOnByGtidsOnceTheyAreOn) {
    if (!mysql(shared())) return;
    lab::Server& server = prepare(false);
    OneNode node(folder() + "/group.db");
    {
        cdc::StreamService stream(config(server), &node.coordinator());
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        write(server, {"INSERT INTO t VALUES (1)"});
        ASSERT_TRUE(has_lines(1)) << stream.report().text;
        EXPECT_TRUE(is_at(stream, "binlog.")) << stream.report().gtid;
        set_gtids(server, true);
        write(server,
              {"INSERT INTO t VALUES (2)", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (3)"});
        ASSERT_TRUE(has_lines(3)) << stream.report().text;
        EXPECT_TRUE(is_at(stream, "binlog.")) << "until it connects anew";
    }
    cdc::StreamService stream(config(server), &node.coordinator());
    stream.start();
    write(server, {"INSERT INTO t VALUES (4)"});
    ASSERT_TRUE(has_lines(4)) << stream.report().text;
    EXPECT_THAT(changes(), ElementsAreArray({insert(1), insert(2), insert(3), insert(4)}));
    EXPECT_TRUE(is_at(stream, value(server, "SELECT @@server_uuid") + ":1-"))
        << stream.report().gtid;
}

TEST_P(CdcSources, CountsTaggedGtids) {
    lab::Server& server = prepare(true);
    if (!value(server, "SELECT @@version").starts_with("9.")) return;
    OneNode node(folder() + "/group.db");
    cdc::StreamConfig with_gtids = config(server);
    with_gtids.output.gtid_position = true;
    for (int round = 0; round < 2; ++round) {
        cdc::StreamService stream(with_gtids, &node.coordinator());
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        const std::string ids =
            std::to_string(2 * round + 1) + "), (" + std::to_string(2 * round + 2);
        write(server, {"SET gtid_next = 'AUTOMATIC:blue'", "INSERT INTO t VALUES (" + ids + ")",
                       "SET gtid_next = 'AUTOMATIC'", "FLUSH BINARY LOGS"});
        ASSERT_TRUE(has_lines(2u * static_cast<std::size_t>(round) + 2)) << stream.report().text;
        EXPECT_THAT(lines().back(),
                    HasSubstr(":blue:" + std::to_string(round + 1) + "\",\"data\""));
        EXPECT_TRUE(is_at(stream, ":blue:1")) << stream.report().gtid;
    }
    EXPECT_THAT(changes(), ElementsAreArray({insert(1), insert(2), insert(3), insert(4)}));
}

TEST_P(CdcSources, KnowsStatementAndThreadOfATransaction) {
    lab::Server& server = prepare(true);
    cdc::StreamConfig with = config(server);
    with.output.row_query = true;
    with.output.thread_id = true;
    cdc::StreamService stream(with, nullptr);
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    const std::string statement = "INSERT INTO t VALUES (1) /* mine */";
    const bool asks = mysql(server);
    const sql::Table session = run(server, {use_,
                                            asks ? "SET SESSION binlog_rows_query_log_events = 1"
                                                 : "SET SESSION binlog_annotate_row_events = 1",
                                            statement, "SELECT CONNECTION_ID() AS id"});
    ASSERT_TRUE(has_lines(1)) << stream.report().text;
    EXPECT_THAT(lines()[0], HasSubstr("\"query\":\"" + statement + "\""));
    // MariaDB has it since 11.5 only.
    const std::string version = value(server, "SELECT @@version");
    if (asks || version.starts_with("11.8")) {
        EXPECT_THAT(lines()[0], HasSubstr("\"thread_id\":" + session.text(0, "id") + ","));
    } else {
        EXPECT_THAT(lines()[0], testing::Not(HasSubstr("thread_id")));
    }
}

TEST_P(CdcSources, StopsAtStatementsWithoutRows) {
    lab::Server& server = prepare(true);
    const std::string file = folder() + "/rows.csv";
    ASSERT_TRUE(io::replace_file(file, "1\n"));
    for (const std::string& statement : {std::string("INSERT INTO t VALUES (2)"),
                                         "LOAD DATA INFILE '" + file + "' INTO TABLE t"}) {
        cdc::StreamService stream(config(server), nullptr);
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        write(server, {"SET SESSION binlog_format = STATEMENT", statement});
        const auto ended = stream.wait(io::within(kLong));
        ASSERT_FALSE(ended);
        EXPECT_EQ(ended.error().code, Errc::invalid) << ended.error().what;
        EXPECT_THAT(ended.error().what, testing::AllOf(HasSubstr(statement.substr(0, 11)),
                                                       HasSubstr("Set binlog_format=ROW")));
    }
}

INSTANTIATE_TEST_SUITE_P(Releases, CdcSources, ::testing::ValuesIn(test::server_releases()),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
