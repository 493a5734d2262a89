// Change streams on real servers: what they print, and that nothing is lost or repeated when the
// stream or its server dies.
#include <signal.h>
#include <stdlib.h>

#include <atomic>
#include <regex>

#include "io/process.h"
#include "io/thread.h"
#include "model/gtid.h"
#include "tests/integration/cdc_fixture.h"

namespace evenkeel {
namespace {

using test::eventually;
using test::kLong;
using test::OneNode;
using testing::ElementsAre;
using testing::ElementsAreArray;

// Without what differs from run to run.
std::vector<std::string> plain(std::vector<std::string> lines) {
    static const std::regex kTs("\"ts\":[0-9]+,");
    static const std::regex kXid("\"xid\":[0-9]+,");
    for (std::string& line : lines) {
        line = std::regex_replace(line, kTs, "\"ts\":1,");
        line = std::regex_replace(line, kXid, "\"xid\":2,");
    }
    return lines;
}

constexpr const char* kCommit = "\"commit\":true";

// The front of a line, up to its data.
std::string line(const std::string& database, const std::string& table, const std::string& type,
                 const std::string& place) {
    return R"({"database":")" + database + R"(","table":")" + table + R"(","type":")" + type +
           R"(","ts":1,"xid":2,)" + place + R"(,"data":)";
}

class CdcLines : public test::CdcTest, public testing::WithParamInterface<const char*> {
protected:
    lab::TopologyConfig topology_config() const override {
        return {.replicas = 0, .semi_sync = false, .options = {GetParam()}};
    }
};

INSTANTIATE_TEST_SUITE_P(Metadata, CdcLines,
                         testing::Values("--binlog-row-metadata=FULL",
                                         "--binlog-row-metadata=NO_LOG", "--log-bin-compress=ON"));

TEST_P(CdcLines, AreMaxwells) {
    query(db(1), {"CREATE DATABASE shop", "USE shop",
                  "CREATE TABLE item (id INT UNSIGNED PRIMARY KEY, name VARCHAR(20), doc JSON)"});
    cdc::StreamService stream(stream_config(), nullptr);
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    query(db(1), {"USE shop", "BEGIN",
                  "INSERT INTO item VALUES (1, 'a \"b\"', '{\"x\": 1}'), (4000000000, NULL, NULL)",
                  "UPDATE item SET name = 'c' WHERE id = 1", "COMMIT"});
    ASSERT_TRUE(has_lines(3));
    query(db(1), {"USE shop", "ALTER TABLE item ADD qty INT NOT NULL DEFAULT 7 AFTER id",
                  "DELETE FROM item WHERE id = 1", "CREATE DATABASE other",
                  "CREATE TABLE other.t (a INT)", "INSERT INTO other.t VALUES (1)"});
    ASSERT_TRUE(has_lines(5));
    const std::string x = R"("doc":{"x": 1}})";
    EXPECT_THAT(plain(lines()),
                ElementsAre(line("shop", "item", "insert", "\"xoffset\":0") +
                                R"({"id":1,"name":"a \"b\"",)" + x + "}",
                            line("shop", "item", "insert", "\"xoffset\":1") +
                                R"({"id":4000000000,"name":null,"doc":null}})",
                            line("shop", "item", "update", kCommit) + R"({"id":1,"name":"c",)" + x +
                                R"(,"old":{"name":"a \"b\""}})",
                            line("shop", "item", "delete", kCommit) +
                                R"({"id":1,"qty":7,"name":"c",)" + x + "}",
                            line("other", "t", "insert", kCommit) + R"({"a":1}})"));
    stream.stop();
    EXPECT_EQ(stream.report().state, "stopped");
}

// A counter that goes up by one in each transaction: a lost or repeated row shows as a gap or step.
class Counter {
public:
    explicit Counter(lab::Server& server) : server_(server) {
        worker_ = io::Worker("counter", [this](io::StopToken& stop) { run(stop); });
    }
    void stop() { worker_.stop(); }
    std::uint64_t acknowledged() const { return acknowledged_; }

private:
    void run(io::StopToken& stop) {
        auto connection = server_.connect(server_.accounts().app, io::within(kLong));
        ASSERT_TRUE(connection) << connection.error().what;
        while (!stop.requested()) {
            const auto done =
                connection->execute("UPDATE shop.counter SET n = n + 1", io::within(kLong));
            if (!done) return;  // The server was killed.
            ++acknowledged_;
        }
    }

    lab::Server& server_;
    std::atomic<std::uint64_t> acknowledged_{0};
    io::Worker worker_;
};

const std::vector<std::string> kCounterTable = {
    "CREATE DATABASE shop", "CREATE TABLE shop.counter (n BIGINT NOT NULL, pad VARCHAR(300))",
    "INSERT INTO shop.counter VALUES (0, REPEAT('x', 300))"};

class CdcResume : public test::CdcTest {
protected:
    // The values of the counter in the file, in order.
    std::vector<std::uint64_t> values() const {
        static const std::regex kValue("\"data\":\\{\"n\":([0-9]+),");
        std::vector<std::uint64_t> found;
        for (const std::string& line : lines()) {
            std::smatch match;
            if (std::regex_search(line, match, kValue)) found.push_back(std::stoull(match[1]));
        }
        return found;
    }

    // 1, 2, 3, … `last`, each once and in order.
    void expect_complete(std::uint64_t last) {
        EXPECT_TRUE(eventually(kLong, [&] {
            const auto seen = values();
            return !seen.empty() && seen.back() >= last;
        }));
        const auto seen = values();
        ASSERT_GE(seen.size(), last);
        for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i + 1);
    }

    // This program again, as a stream that can be killed; see StreamChild.
    io::Process start_child() {
        return test::start_stream_child({.test = "StreamChild.DISABLED_Runs",
                                         .group = folder() + "/group.db",
                                         .port = db(1).id().port,
                                         .out = folder() + "/out.json",
                                         .log = folder() + "/child.log"});
    }
};

// Not a test: the body of the process that CdcResume kills.
TEST(StreamChild, DISABLED_Runs) {
    if (!test::is_stream_child()) GTEST_SKIP() << "CdcResume starts it";
    test::run_stream_child(
        [](cdc::StreamConfig& config) { config.checkpoint_interval = Millis{50}; });
}

TEST_F(CdcResume, NothingIsLostOrRepeatedWhenTheStreamIsKilled) {
    query(db(1), kCounterTable);
    io::Process child = start_child();
    ASSERT_TRUE(eventually(kLong, [&] { return io::exists(folder() + "/out.json"); }));
    // Its first checkpoint says where the stream begins.
    ASSERT_TRUE(eventually(kLong, [&] {
        return io::read_file(folder() + "/child.log").value_or("").find("streaming") !=
               std::string::npos;
    }));
    Counter counter(db(1));
    for (int round = 0; round < 4; ++round) {
        const std::size_t before = values().size();
        ASSERT_TRUE(eventually(kLong, [&] { return values().size() > before + 200; })) << round;
        child.signal(SIGKILL);
        ASSERT_TRUE(child.wait(io::within(kLong)));
        child = start_child();
    }
    counter.stop();
    expect_complete(counter.acknowledged());
}

TEST_F(CdcResume, GoesOnWhenItsServerWasRestarted) {
    query(db(1), kCounterTable);
    OneNode node(folder() + "/group.db");
    cdc::StreamService stream(stream_config(), &node.coordinator());
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    Counter counter(db(1));
    ASSERT_TRUE(eventually(kLong, [&] { return values().size() > 100; }));
    db(1).kill();
    counter.stop();
    ASSERT_TRUE(db(1).start());
    ASSERT_TRUE(db(1).wait_ready(io::within(kLong)));
    query(db(1), {"SET GLOBAL read_only = 0"});
    Counter more(db(1));
    ASSERT_TRUE(eventually(kLong, [&] { return more.acknowledged() > 100; }));
    more.stop();
    const auto last = std::stoull(value(db(1), "SELECT n FROM shop.counter"));
    expect_complete(last);
    EXPECT_GE(stream.report().reconnects, 1u);
}

TEST_F(CdcResume, ASecondStreamServiceTakesUpWhereTheFirstStopped) {
    query(db(1), kCounterTable);
    OneNode node(folder() + "/group.db");
    Counter counter(db(1));
    for (int round = 0; round < 3; ++round) {
        cdc::StreamService stream(stream_config(), &node.coordinator());
        stream.start();
        const std::size_t before = values().size();
        ASSERT_TRUE(eventually(kLong, [&] { return values().size() > before + 50; }))
            << stream.report().text;
    }
    counter.stop();
    cdc::StreamService stream(stream_config(), &node.coordinator());
    stream.start();
    const auto last = std::stoull(value(db(1), "SELECT n FROM shop.counter"));
    ASSERT_TRUE(eventually(kLong, [&] { return !values().empty() && values().back() == last; }));
    // The first began at the server's end of that time.
    const auto seen = values();
    for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_EQ(seen[i], seen[i - 1] + 1);
}

TEST_F(CdcResume, AnotherNodeTakesOverWhenTheLeaseEnds) {
    query(db(1), kCounterTable);
    auto engine = coord::open_local_engine(folder() + "/group.db");
    ASSERT_TRUE(engine) << engine.error().what;
    coord::Coordinator a(**engine, {.node = "a", .incarnation = "1", .ttl = Millis{500}});
    coord::Coordinator b(**engine, {.node = "b", .incarnation = "2", .ttl = Millis{500}});
    ASSERT_TRUE(a.start(io::within(kLong)));
    ASSERT_TRUE(b.start(io::within(kLong)));
    cdc::StreamService on_a(stream_config(), &a);
    on_a.start();
    ASSERT_TRUE(streams(on_a)) << on_a.report().text;
    Counter counter(db(1));
    cdc::StreamService on_b(stream_config(), &b);
    on_b.start();
    ASSERT_TRUE(eventually(kLong, [&] { return values().size() > 200; }));
    EXPECT_EQ(on_b.report().state, "standby");
    EXPECT_EQ(on_b.report().text, "a runs it");

    a.drop("stream/test");  // As if the lease had ended, in the middle of the work.
    ASSERT_TRUE(streams(on_b)) << on_b.report().text;
    EXPECT_TRUE(eventually(kLong, [&] { return on_a.report().state == "standby"; }));
    const std::size_t before = values().size();
    ASSERT_TRUE(eventually(kLong, [&] { return values().size() > before + 200; }));
    counter.stop();
    expect_complete(counter.acknowledged());
}

TEST_F(CdcResume, ALargeTransactionGoesThroughAFile) {
    query(db(1), kCounterTable);
    cdc::StreamConfig config = stream_config();
    config.transaction_bytes_max = 100'000;
    OneNode node(folder() + "/group.db");
    cdc::StreamService stream(config, &node.coordinator());
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    query(db(1),
          {"USE shop", "INSERT INTO counter SELECT seq, REPEAT('y', 300) FROM seq_1_to_20000"});
    expect_complete(20'000);
    ASSERT_FALSE(lines().empty());
    EXPECT_EQ(lines().back().find("\"xoffset\""), std::string::npos) << "the last row commits";
}

// Rows that do not fit into one packet of the protocol.
TEST_F(CdcResume, ARowLargerThanAPacket) {
    query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.big (id INT, doc LONGTEXT)",
                  "SET GLOBAL max_allowed_packet = 128 << 20"});
    cdc::StreamService stream(stream_config(), nullptr);
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    query(db(1), {"BEGIN", "INSERT INTO shop.big VALUES (1, REPEAT('ab', 10 << 20))",
                  "INSERT INTO shop.big VALUES (2, REPEAT('c', (16 << 20) - 100))",
                  "INSERT INTO shop.big VALUES (3, 'end')", "COMMIT"});
    ASSERT_TRUE(has_lines(3)) << stream.report().text;
    const auto seen = lines();
    EXPECT_GT(seen[0].size(), 20u << 20);
    EXPECT_GT(seen[1].size(), (16u << 20) - 100);
    EXPECT_NE(seen[2].find(R"("data":{"id":3,"doc":"end"}})"), std::string::npos);
}

TEST_F(CdcResume, XaTransactionsComeWhenTheyCommit) {
    query(db(1), kCounterTable);
    OneNode node(folder() + "/group.db");
    {
        cdc::StreamService stream(stream_config(), &node.coordinator());
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        query(db(1), {"XA START 'one'", "INSERT INTO shop.counter VALUES (1, 'xa')", "XA END 'one'",
                      "XA PREPARE 'one'"});
        query(db(1), {"INSERT INTO shop.counter VALUES (2, 'between')"});
        ASSERT_TRUE(has_lines(1));
        EXPECT_EQ(values(), std::vector<std::uint64_t>{2});
    }
    cdc::StreamService stream(stream_config(), &node.coordinator());
    stream.start();
    query(db(1), {"XA COMMIT 'one'"});
    ASSERT_TRUE(has_lines(2)) << stream.report().text;
    EXPECT_EQ(values(), (std::vector<std::uint64_t>{2, 1}));
}

class CdcFollow : public CdcResume, public testing::WithParamInterface<cdc::SourcePreference> {
protected:
    lab::TopologyConfig topology_config() const override { return {.replicas = 2}; }

    void wait_applied(const lab::Server& replica, const std::string& position) {
        ASSERT_TRUE(eventually(
            kLong, [&] { return value(replica, "SELECT @@gtid_slave_pos") == position; }));
    }
};

INSTANTIATE_TEST_SUITE_P(Preference, CdcFollow,
                         testing::Values(cdc::SourcePreference::automatic,
                                         cdc::SourcePreference::primary));

TEST_P(CdcFollow, APromotionByGtid) {
    query(db(1), kCounterTable);
    wait_applied(db(2), value(db(1), "SELECT @@gtid_binlog_pos"));
    OneNode node(folder() + "/group.db");
    node.publish({.cluster = "main",
                  .primary = db(1).id(),
                  .replicas = {db(2).id(), db(3).id()},
                  .epoch = {1}});
    cdc::StreamConfig config = stream_config();
    config.cluster = "main";
    config.source = GetParam();
    cdc::StreamService stream(config, &node.coordinator());
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    const bool from_primary = GetParam() == cdc::SourcePreference::primary;
    EXPECT_EQ(stream.report().source, db(from_primary ? 1 : 2).id().str());
    Counter counter(db(1));
    ASSERT_TRUE(eventually(kLong, [&] { return values().size() > 200; }));

    db(1).kill();
    counter.stop();
    // As a failover does it: the one that received the most is promoted, the other follows it.
    for (const int i : {2, 3}) query(db(static_cast<std::size_t>(i)), {"STOP SLAVE IO_THREAD"});
    const auto received = [&](std::size_t i) {
        const auto status = query(db(i), {"SHOW ALL SLAVES STATUS"});
        return *parse_gtid_position(status.text(0, "Gtid_IO_Pos"));
    };
    const std::size_t best = received(3).weight() > received(2).weight() ? 3 : 2;
    wait_applied(db(best), received(best).str());
    query(db(best), {"STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0"});
    const auto follows = lab::follow(db(best == 2 ? 3 : 2), db(best), io::within(kLong));
    ASSERT_TRUE(follows) << follows.error().what;
    node.publish({.cluster = "main",
                  .primary = db(best).id(),
                  .replicas = {db(best == 2 ? 3 : 2).id()},
                  .fenced = {db(1).id()},
                  .epoch = {2},
                  .failovers = 1});
    Counter more(db(best));
    ASSERT_TRUE(eventually(kLong, [&] { return more.acknowledged() > 200; }));
    more.stop();
    const auto last = std::stoull(value(db(best), "SELECT n FROM shop.counter"));
    EXPECT_GE(last, counter.acknowledged() + more.acknowledged());
    expect_complete(last);
    EXPECT_EQ(stream.report().state, "streaming") << stream.report().text;
}

}  // namespace
}  // namespace evenkeel
