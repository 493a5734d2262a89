// What a user can get wrong, and what a person has to look at: each ends the stream with one line
// that says what to do.
#include "tests/integration/cdc_fixture.h"

namespace evenkeel {
namespace {

using test::kLong;
using test::OneNode;
using testing::AllOf;
using testing::HasSubstr;

class CdcRefusal : public test::CdcTest {
protected:
    Result<> run(const cdc::StreamConfig& config, coord::Coordinator* coordinator = nullptr) {
        cdc::StreamService stream(config, coordinator);
        stream.start();
        const auto ended = stream.wait(io::within(kLong));
        EXPECT_EQ(stream.report().state, "stopped");
        return ended;
    }

    std::string refusal(const cdc::StreamConfig& config,
                        coord::Coordinator* coordinator = nullptr) {
        const auto ended = run(config, coordinator);
        return ended ? "ended well"
                     : std::string(to_string(ended.error().code)) + ": " + ended.error().what;
    }

    void make_rows() {
        query(db(1), {"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)",
                      "USE shop", "INSERT INTO t SELECT seq FROM seq_1_to_1000"});
    }
};

TEST_F(CdcRefusal, WrongPassword) {
    cdc::StreamConfig config = stream_config();
    config.credentials.password = "wrong";
    EXPECT_THAT(refusal(config), HasSubstr("refuses user 'evenkeel'"));
}

TEST_F(CdcRefusal, MissingPrivilege) {
    cdc::StreamConfig config = stream_config();
    config.credentials = db(1).accounts().app;
    EXPECT_THAT(refusal(config), HasSubstr("GRANT REPLICATION SLAVE"));
}

TEST_F(CdcRefusal, PurgedBinlog) {
    make_rows();
    query(db(1), {"FLUSH BINARY LOGS", "FLUSH BINARY LOGS"});
    // The server keeps files that its crash recovery may need, for a moment.
    ASSERT_TRUE(test::eventually(kLong, [&] {
        query(db(1), {"PURGE BINARY LOGS TO 'binlog.000003'"});
        return query(db(1), {"SHOW BINARY LOGS"}).text(0, "Log_name") == "binlog.000003";
    }));
    cdc::StreamConfig config = stream_config();
    config.init_gtid = "0-1-1";
    EXPECT_THAT(refusal(config), AllOf(HasSubstr("purged"), HasSubstr("0-1-1")));
}

TEST_F(CdcRefusal, UnknownPosition) {
    cdc::StreamConfig config = stream_config();
    config.init_position = "binlog.000777:4";
    EXPECT_THAT(refusal(config), HasSubstr("no place binlog.000777:4"));
}

TEST_F(CdcRefusal, PrimaryThatLacksWhatWasPublished) {
    make_rows();
    cdc::StreamConfig config = stream_config();
    config.init_gtid = "0-1-999";
    EXPECT_THAT(refusal(config), HasSubstr("..999)"));
}

TEST_F(CdcRefusal, ChangesWithoutRows) {
    make_rows();
    cdc::StreamConfig config = stream_config();
    config.init_gtid = value(db(1), "SELECT @@gtid_binlog_pos");
    query(db(1),
          {"SET SESSION binlog_format = STATEMENT", "UPDATE shop.t SET id = 0 WHERE id = 1"});
    EXPECT_THAT(refusal(config), AllOf(HasSubstr("UPDATE shop.t"), HasSubstr("binlog_format=ROW")));
}

TEST_F(CdcRefusal, FullDisk) {
    make_rows();
    cdc::StreamConfig config = stream_config();
    config.output_file = "/dev/full";
    config.init_position = "binlog.000001:4";
    EXPECT_THAT(refusal(config), HasSubstr("No space left"));
}

TEST_F(CdcRefusal, OutputFileThatWasCut) {
    make_rows();
    OneNode node(folder() + "/group.db");
    cdc::StreamConfig config = stream_config();
    config.init_position = "binlog.000001:4";
    {
        cdc::StreamService stream(config, &node.coordinator());
        stream.start();
        ASSERT_TRUE(has_lines(1000)) << stream.report().text;
    }
    ASSERT_TRUE(io::replace_file(config.output_file, "{}\n"));
    EXPECT_THAT(refusal(config, &node.coordinator()),
                AllOf(HasSubstr("3 bytes"), HasSubstr(config.output_file)));
}

TEST_F(CdcRefusal, OutputFileOfSomebodyElse) {
    cdc::StreamConfig config = stream_config();
    ASSERT_TRUE(io::replace_file(config.output_file, "precious\n"));
    EXPECT_THAT(refusal(config), HasSubstr("move the file away"));
}

class CdcSettings : public CdcRefusal {
protected:
    std::string with(const char* option) {
        topology().stop();
        auto server = lab::Server::create({.name = "odd", .folder = folder(), .options = {option}},
                                          io::within(kLong));
        EXPECT_TRUE(server) << server.error().what;
        EXPECT_TRUE(server->start());
        EXPECT_TRUE(server->wait_ready(io::within(kLong)));
        cdc::StreamConfig config = stream_config();
        config.server = server->id();
        return refusal(config);
    }
};

TEST_F(CdcSettings, BinlogOff) {
    EXPECT_THAT(with("--skip-log-bin"), AllOf(HasSubstr("invalid"), HasSubstr("log_bin is off")));
}

TEST_F(CdcSettings, StatementFormat) {
    EXPECT_THAT(with("--binlog-format=STATEMENT"), HasSubstr("SET GLOBAL binlog_format=ROW"));
}

}  // namespace
}  // namespace evenkeel
