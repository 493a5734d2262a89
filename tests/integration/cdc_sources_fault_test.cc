// Servers that misbehave: a stream goes on without loss or repetition, or stops and says what is
// missing and what to do.
#include <atomic>
#include <cstdlib>

#include "io/thread.h"
#include "lab/tcp_gate.h"
#include "tests/integration/cdc_sources_fixture.h"

namespace evenkeel {
namespace {

using test::eventually;
using test::kLong;
using test::OneNode;
using testing::AllOf;
using testing::HasSubstr;

class CdcSourcesFault : public test::SourcesTest {
protected:
    // A server of its own, with a table and a stream's state beside it.
    void begin(const std::vector<std::string>& options = {}) {
        own_ = make_server(folder(), options);
        ASSERT_NE(own_, nullptr);
        run(*own_, {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    }
    lab::Server& server() { return *own_; }

    void write(int first, int last) {
        std::vector<std::string> statements;
        for (int id = first; id <= last; ++id) {
            statements.push_back("INSERT INTO shop.t VALUES (" + std::to_string(id) + ")");
        }
        run(*own_, statements);
    }

    void restart() {
        own_->kill();
        start(*own_);
    }

    // 1 to `last`, each once and in order.
    void expect_complete(int last) {
        ASSERT_TRUE(has_lines(static_cast<std::size_t>(last)));
        const auto seen = changes();
        ASSERT_EQ(seen.size(), static_cast<std::size_t>(last));
        for (int id = 1; id <= last; ++id) {
            EXPECT_EQ(seen[static_cast<std::size_t>(id) - 1],
                      "t insert {\"id\":" + std::to_string(id) + "}");
        }
    }

    std::string last_binlog() {
        const sql::Table files = run(*own_, {"SHOW BINARY LOGS"});
        return files.text(files.rows.size() - 1, "Log_name");
    }

    // A stream reads one row and stops, with a checkpoint.
    void read_one(OneNode& node) {
        cdc::StreamService stream(config(server()), &node.coordinator());
        stream.start();
        ASSERT_TRUE(streams(stream)) << stream.report().text;
        write(1, 1);
        ASSERT_TRUE(has_lines(1)) << stream.report().text;
    }

    void reset_binlogs() {
        const bool renamed = value(*own_, "SELECT @@version").starts_with("9.");
        run(*own_, {renamed ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER"});
    }

private:
    std::unique_ptr<lab::Server> own_;
};

TEST_P(CdcSourcesFault, GoesOnOverRestartsAndChangedSettings) {
    // As a replica under semi-sync MariaDB would drop its last transactions after the crash.
    begin({"--loose-init-rpl-role=MASTER"});
    OneNode node(folder() + "/group.db");
    cdc::StreamService stream(config(server()), &node.coordinator());
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    write(1, 50);
    restart();
    write(51, 60);
    run(server(), {"SET GLOBAL server_id = 4711", "FLUSH BINARY LOGS"});
    write(61, 70);
    server().stop();
    start(server());
    write(71, 80);
    expect_complete(80);
    EXPECT_EQ(stream.report().state, "streaming") << stream.report().text;
}

TEST_P(CdcSourcesFault, NoticesASilentServer) {
    begin();
    OneNode node(folder() + "/group.db");
    cdc::StreamService stream(config(server()), &node.coordinator());
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    write(1, 2);
    ASSERT_TRUE(has_lines(2));
    // Heartbeats keep an idle connection: nothing is written for longer than silence may last.
    const std::int64_t idle_since = io::wall_ms();
    ASSERT_TRUE(eventually(kLong, [&] { return io::wall_ms() > idle_since + 3500; }));
    EXPECT_EQ(stream.report().reconnects, 0u);
    server().suspend();
    EXPECT_TRUE(eventually(kLong, [&] { return stream.report().state == "waiting"; }));
    server().resume();
    EXPECT_TRUE(streams(stream)) << stream.report().text;
    write(3, 4);
    expect_complete(4);
}

TEST_P(CdcSourcesFault, SaysWhichTransactionsWerePurged) {
    begin();
    OneNode node(folder() + "/group.db");
    read_one(node);
    run(server(), {"FLUSH BINARY LOGS"});
    write(2, 5);
    run(server(), {"FLUSH BINARY LOGS", "FLUSH BINARY LOGS"});
    const std::string keep = last_binlog();
    // MariaDB keeps files that its crash recovery may need, for a moment.
    ASSERT_TRUE(eventually(kLong, [&] {
        run(server(), {"PURGE BINARY LOGS TO '" + keep + "'"});
        return run(server(), {"SHOW BINARY LOGS"}).text(0, "Log_name") == keep;
    }));
    const std::string text = refusal(config(server()), &node.coordinator());
    EXPECT_THAT(text, AllOf(HasSubstr("conflict: "), HasSubstr("purged"),
                            HasSubstr("remove the stream's checkpoint")));
    if (!mysql(server())) return;
    // The schema, its table and the row were read.
    const std::string uuid = value(server(), "SELECT @@server_uuid");
    EXPECT_THAT(text, HasSubstr(uuid + ":4-7 were purged"));
}

TEST_P(CdcSourcesFault, NeverBeginsAnewOnARebuiltServer) {
    begin();
    OneNode node(folder() + "/group.db");
    read_one(node);
    reset_binlogs();
    EXPECT_THAT(refusal(config(server()), &node.coordinator()),
                AllOf(HasSubstr("its history is another one"), HasSubstr("it has nothing"),
                      HasSubstr("remove the stream's checkpoint")));
}

// Files have the same names again, and offsets that may even fit.
TEST_P(CdcSourcesFault, NeverTakesAnotherFileOfThatNameForItsOwn) {
    if (!mysql(shared())) return;
    begin({"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"});
    reset_binlogs();
    run(server(), {"DROP TABLE shop.t", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    OneNode node(folder() + "/group.db");
    read_one(node);
    const auto stored = node.coordinator().get(cdc::checkpoint_key("test"));
    ASSERT_TRUE(stored);
    // The time of a file's making has whole seconds.
    const std::int64_t second = io::wall_ms() / 1000;
    ASSERT_TRUE(eventually(kLong, [&] { return io::wall_ms() / 1000 > second; }));
    reset_binlogs();
    run(server(), {"DROP TABLE shop.t", "CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    write(1, 3);
    EXPECT_THAT(refusal(config(server()), &node.coordinator()),
                AllOf(HasSubstr("another file than the one of that name"),
                      HasSubstr("remove the stream's checkpoint")));
}

TEST_P(CdcSourcesFault, ReadsAgainWhatWasDamagedOnTheWay) {
    begin();
    run(server(), {"CREATE TABLE shop.text (v VARCHAR(50))"});
    lab::TcpGate gate(server().id().port);
    cdc::StreamConfig through = config(server());
    through.server.port = static_cast<std::uint16_t>(gate.port());
    OneNode node(folder() + "/group.db");
    cdc::StreamService stream(through, &node.coordinator());
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    gate.damage_answer("needle");
    run(server(), {"INSERT INTO shop.text VALUES ('needle')"});
    ASSERT_TRUE(has_lines(1)) << stream.report().text;
    EXPECT_EQ(gate.damaged(), 1);
    EXPECT_EQ(changes()[0], "text insert {\"v\":\"needle\"}");

    // And cuts: each time it goes on where it was.
    for (int round = 0; round < 5; ++round) {
        gate.cut();
        run(server(), {"INSERT INTO shop.text VALUES ('more')"});
        gate.open();
        ASSERT_TRUE(has_lines(static_cast<std::size_t>(round) + 2)) << stream.report().text;
    }
    EXPECT_EQ(lines().size(), 6u);
}

TEST_P(CdcSourcesFault, StopsAtWhatStaysDamaged) {
    begin();
    run(server(), {"CREATE TABLE shop.text (v VARCHAR(50))"});
    lab::TcpGate gate(server().id().port);
    cdc::StreamConfig through = config(server());
    through.server.port = static_cast<std::uint16_t>(gate.port());
    cdc::StreamService stream(through, nullptr);
    stream.start();
    ASSERT_TRUE(streams(stream)) << stream.report().text;
    std::atomic<bool> over{false};
    io::Worker damages("damages", [&](io::StopToken& stop) {
        while (!stop.requested() && !over) {
            gate.damage_answer("needle");
            stop.wait_for(Millis{1});
        }
    });
    run(server(), {"INSERT INTO shop.text VALUES ('needle')"});
    const auto ended = stream.wait(io::within(kLong));
    over = true;
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, Errc::corrupt) << ended.error().what;
    EXPECT_THAT(ended.error().what, HasSubstr("checksum is wrong"));
    EXPECT_TRUE(lines().empty());
}

// One of each kind, unless told otherwise: each test starts servers of its own.
std::vector<std::string> fault_releases() {
    if (std::getenv("EVENKEEL_TEST_SERVERS") != nullptr) return test::server_releases();
    return {test::kInstalled, "mysql-8.0"};
}

INSTANTIATE_TEST_SUITE_P(Releases, CdcSourcesFault, ::testing::ValuesIn(fault_releases()),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
