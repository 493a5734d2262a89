#include "cdc/stream_decoder.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "cdc/event_maker.h"
#include "cdc/schema/schema_cache.h"

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kUuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

MysqlGtid mysql(std::uint64_t sequence) {
    return {{*parse_uuid(kUuid), ""}, sequence};
}

class NoDictionary : public Dictionary {
public:
    Result<SchemaTable> table(const TableName& name) override {
        ++asked;
        return Error{Errc::not_found, "look up " + name.str() + ": not there"};
    }
    Result<std::size_t> count_hashes(const TableName&) override { return 0; }
    int asked = 0;
};

class StreamDecoderTest : public testing::Test {
protected:
    Result<> feed(const std::string& bytes) {
        const auto done = decoder_.on_event(test::view_event(bytes));
        return done ? decoder_.before_reuse() : done;
    }

    // Feeds events that have to be taken.
    void ok(const std::string& bytes) {
        const auto done = feed(bytes);
        ASSERT_TRUE(done) << done.error().what;
    }

    // Rows of one transaction, as "value@xid" or "value@xid commit".
    std::vector<std::string> lines() {
        std::vector<std::string> found;
        for (const std::string& line : split(decoder_.lines().view(), '\n')) {
            if (!line.empty()) found.push_back(line);
        }
        decoder_.lines().clear();
        return found;
    }

    static std::string line(int value, const char* xid, const char* end) {
        return R"({"database":"shop","table":"t","type":"insert","ts":1700000000,)" +
               std::string(xid) + end + R"("data":{"id":)" + std::to_string(value) + "}}";
    }

    NoDictionary dictionary_;
    StreamConfig config_;
    TableRules rules_{StreamConfig{}};
    SchemaCache schema_{dictionary_, rules_};
    int drained_ = 0;
    StreamDecoder decoder_{config_, schema_, [this](ByteBuffer& lines) -> Result<> {
                               ++drained_;
                               lines.clear();
                               return {};
                           }};
    test::EventMaker maker_;
};

TEST_F(StreamDecoderTest, PrintsATransactionWhenItHasEnded) {
    ok(maker_.gtid({0, 1, 7}));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1, 2}));
    EXPECT_THAT(lines(), IsEmpty());
    EXPECT_EQ(decoder_.position().at.str(), "");
    ok(maker_.insert(5, {3}));
    ok(maker_.xid(99));
    EXPECT_THAT(lines(), ElementsAre(line(1, "\"xid\":99,", "\"xoffset\":0,"),
                                     line(2, "\"xid\":99,", "\"xoffset\":1,"),
                                     line(3, "\"xid\":99,", "\"commit\":true,")));
    EXPECT_EQ(decoder_.position().at.str(), "0-1-7");
    EXPECT_EQ(decoder_.position().rows, 3u);
}

TEST_F(StreamDecoderTest, NonTransactionalChangesHaveNoXid) {
    ok(maker_.gtid({0, 1, 7}, 0));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1}));
    ok(maker_.query("shop", "COMMIT"));
    EXPECT_THAT(lines(), ElementsAre(line(1, "", "\"commit\":true,")));
}

TEST_F(StreamDecoderTest, MovesOverDdlAndOtherDatabases) {
    ok(maker_.gtid({0, 1, 7}, 0x21));
    ok(maker_.query("shop", "CREATE TABLE t (id INT)"));
    EXPECT_EQ(decoder_.position().at.str(), "0-1-7");
    ok(maker_.gtid({0, 1, 8}));
    ok(maker_.table_map(5, "mysql", "t"));
    ok(maker_.insert(5, {1}));
    ok(maker_.xid(99));
    EXPECT_THAT(lines(), IsEmpty());
    EXPECT_EQ(decoder_.position().at.str(), "0-1-8");
    EXPECT_EQ(decoder_.position().transactions, 2u);
}

TEST_F(StreamDecoderTest, ForgetsTheInterruptedTransactionOfALostConnection) {
    ok(maker_.gtid({0, 1, 7}));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1}));
    decoder_.restart();
    ok(maker_.gtid({0, 1, 7}));
    ok(maker_.table_map(9, "shop", "t"));
    ok(maker_.insert(9, {1}));
    ok(maker_.xid(99));
    EXPECT_THAT(lines(), ElementsAre(line(1, "\"xid\":99,", "\"commit\":true,")));
}

TEST_F(StreamDecoderTest, LeavesOutWhatWasRolledBackToASavepoint) {
    ok(maker_.gtid({0, 1, 7}));
    ok(maker_.query("shop", "SAVEPOINT `a`"));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1}));
    ok(maker_.query("shop", "ROLLBACK TO `a`"));
    ok(maker_.insert(5, {2}));
    ok(maker_.xid(99));
    EXPECT_THAT(lines(), ElementsAre(line(2, "\"xid\":99,", "\"commit\":true,")));
}

TEST_F(StreamDecoderTest, HoldsPreparedXaTransactionsUntilTheyCommit) {
    ok(maker_.gtid({0, 1, 7}, 0x44, "one"));
    ok(maker_.query("shop", "XA START X'6f6e65',X'',1"));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1}));
    ok(maker_.query("shop", "XA END X'6f6e65',X'',1"));
    ok(maker_.xa_prepare("one"));
    EXPECT_EQ(decoder_.read_from()->str(), "");
    EXPECT_THAT(lines(), IsEmpty());

    ok(maker_.gtid({0, 1, 8}));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {2}));
    ok(maker_.xid(99));
    EXPECT_THAT(lines(), ElementsAre(line(2, "\"xid\":99,", "\"commit\":true,")));

    ok(maker_.gtid({0, 1, 9}, 0x84, "one"));
    ok(maker_.query("", "XA COMMIT X'6f6e65',X'',1"));
    EXPECT_THAT(lines(), ElementsAre(line(1, "", "\"commit\":true,")));
    EXPECT_FALSE(decoder_.read_from());
    EXPECT_EQ(decoder_.position().at.str(), "0-1-9");
}

TEST_F(StreamDecoderTest, CountsMysqlTransactionsOfEveryShape) {
    ok(maker_.mysql_gtid(mysql(1)));
    ok(maker_.query("shop", "CREATE TABLE t (id INT)"));  // All of it.
    EXPECT_EQ(decoder_.position().at.str(), kUuid + ":1");
    ok(maker_.mysql_gtid(mysql(2)));
    ok(maker_.query("shop", "BEGIN"));
    ok(maker_.query("shop", "CREATE TABLE t (id INT) START TRANSACTION"));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1}));
    EXPECT_EQ(decoder_.position().at.str(), kUuid + ":1");
    ok(maker_.xid(99));
    EXPECT_EQ(decoder_.position().at.str(), kUuid + ":1-2");
    ok(maker_.mysql_gtid(mysql(3)));
    ok(maker_.query("shop", "BEGIN"));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {2}));
    ok(maker_.query("shop", "COMMIT"));
    EXPECT_EQ(decoder_.position().at.str(), kUuid + ":1-3");
    EXPECT_THAT(lines(), ElementsAre(line(1, "\"xid\":99,", "\"commit\":true,"),
                                     line(2, "", "\"commit\":true,")));
}

TEST_F(StreamDecoderTest, ReadsPreparedTransactionsAgain) {
    decoder_.resume({.at = *parse_gtids(kUuid + ":1-9")}, *parse_gtids(kUuid + ":1-4:6-9"));
    ok(maker_.mysql_gtid(mysql(5)));
    ok(maker_.query("shop", "XA START X'6f6e65',X'',1"));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1}));
    ok(maker_.query("shop", "XA END X'6f6e65',X'',1"));
    EXPECT_EQ(decoder_.read_from()->str(), kUuid + ":1-4:6-9");
    ok(maker_.xa_prepare("one"));
    EXPECT_EQ(decoder_.position().transactions, 0u) << "it was counted before";
    EXPECT_EQ(decoder_.read_from()->str(), kUuid + ":1-4:6-9");
    EXPECT_EQ(decoder_.read().str(), kUuid + ":1-9");
    ok(maker_.mysql_gtid(mysql(10)));
    ok(maker_.query("", "XA COMMIT X'6f6e65',X'',1"));
    EXPECT_THAT(lines(), ElementsAre(line(1, "", "\"commit\":true,")));
    EXPECT_FALSE(decoder_.read_from());
    EXPECT_EQ(decoder_.position().at.str(), kUuid + ":1-10");
}

// Everything between is read too, and dropped: rows, definitions, decisions.
TEST_F(StreamDecoderTest, DropsWhatItWroteBeforeWhenItReadsAgain) {
    decoder_.resume({.at = *parse_gtids("0-1-10")}, *parse_gtids("0-1-6"));
    ok(maker_.gtid({0, 1, 7}, 0x44, "one"));
    ok(maker_.query("shop", "XA START X'6f6e65',X'',1"));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {1}));
    ok(maker_.xa_prepare("one"));
    ok(maker_.gtid({0, 1, 8}));
    ok(maker_.table_map(6, "shop", "u"));
    ok(maker_.insert(6, {2}));
    ok(maker_.xid(99));
    ok(maker_.gtid({0, 1, 9}, 0x44, "two"));
    ok(maker_.query("shop", "XA START X'74776f',X'',1"));
    ok(maker_.table_map(5, "shop", "t"));
    ok(maker_.insert(5, {3}));
    ok(maker_.xa_prepare("two"));
    ok(maker_.gtid({0, 1, 10}, 0x84, "two"));
    ok(maker_.query("", "XA COMMIT X'74776f',X'',1"));
    EXPECT_THAT(lines(), IsEmpty());
    EXPECT_EQ(decoder_.read_from()->str(), "0-1-6");
    ok(maker_.gtid({0, 1, 11}, 0x84, "one"));
    ok(maker_.query("", "XA COMMIT X'6f6e65',X'',1"));
    EXPECT_THAT(lines(), ElementsAre(line(1, "", "\"commit\":true,")));
    EXPECT_EQ(decoder_.position().at.str(), "0-1-11");
}

TEST_F(StreamDecoderTest, CountsByFileWhereTransactionsHaveNoNames) {
    decoder_.restart("uuid");
    decoder_.resume({.at = FilePosition{.file = "b.000001", .offset = 4, .server_uuid = "uuid"}});
    ok(maker_.rotate("b.000002", 4));
    ok(maker_.anonymous_gtid());
    ok(maker_.query("shop", "CREATE TABLE t (id INT)"));
    ASSERT_TRUE(decoder_.position().at.file() != nullptr);
    EXPECT_EQ(decoder_.position().at.file()->file, "b.000002");
    EXPECT_EQ(decoder_.position().at.file()->server_uuid, "uuid");
    EXPECT_EQ(decoder_.position().at.file()->offset, decoder_.position().offset);
}

TEST_F(StreamDecoderTest, StopsWhereGtidsWereTurnedOff) {
    decoder_.resume({.at = *parse_gtids(kUuid + ":1-9")});
    ok(maker_.anonymous_gtid());
    const auto done = feed(maker_.query("shop", "CREATE TABLE t (id INT)"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::conflict);
    EXPECT_THAT(done.error().what, HasSubstr("gtid_mode was changed"));
}

TEST_F(StreamDecoderTest, StopsAtAChangeThatIsOnlyAStatement) {
    ok(maker_.gtid({0, 1, 7}));
    const auto done = feed(maker_.query("shop", "UPDATE t SET id = id + 1"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::invalid);
    EXPECT_THAT(done.error().what, HasSubstr("UPDATE t SET"));
    EXPECT_THAT(done.error().what, HasSubstr("binlog_format=ROW"));
}

TEST_F(StreamDecoderTest, DoesNotMindStatementsOnTheServersOwnTables) {
    ok(maker_.gtid({0, 1, 7}));
    ok(maker_.query("shop", "INSERT INTO mysql.general_log VALUES (1)"));
    ok(maker_.query("shop", "COMMIT"));
    EXPECT_EQ(decoder_.position().at.str(), "0-1-7");
}

TEST_F(StreamDecoderTest, StopsAtAnEventThatItDoesNotKnow) {
    ok(maker_.gtid({0, 1, 7}));
    const auto done = feed(maker_.event(static_cast<wire::EventType>(200), "abc"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::corrupt);
}

TEST_F(StreamDecoderTest, StopsAtRowsWithoutATableMap) {
    ok(maker_.gtid({0, 1, 7}));
    EXPECT_FALSE(feed(maker_.insert(5, {1})));
}

TEST_F(StreamDecoderTest, DrainsInTheMiddleOfALongTransaction) {
    ok(maker_.gtid({0, 1, 7}));
    ok(maker_.table_map(5, "shop", "t"));
    for (int i = 0; i < 20'000; ++i) ok(maker_.insert(5, {i}));
    ok(maker_.xid(99));
    EXPECT_GE(drained_, 1);
    EXPECT_EQ(decoder_.position().rows, 20'000u);
}

// A transaction in one event, not compressed.
std::string payload_body(const std::string& events) {
    std::string body({2, 3, '\xFC', '\xFF', 0});
    for (const char field : {'\3', '\1'}) {
        body.append({field, 4, '\xFD'});
        test::put(body, static_cast<std::uint32_t>(events.size()), 3);
    }
    return body.append(1, '\0').append(events);
}

TEST_F(StreamDecoderTest, ReadsATransactionOutOfItsPayload) {
    config_.output.binlog_position = true;
    StreamDecoder decoder{config_, schema_, [](ByteBuffer&) -> Result<> { return {}; }};
    test::EventMaker inner;
    const std::string events = inner.table_map(5, "shop", "t") + inner.insert(5, {1}) +
                               inner.insert(5, {2}) + inner.xid(99);
    const std::string gtid = maker_.gtid({0, 1, 7});
    const std::string payload =
        maker_.event(wire::EventType::transaction_payload, payload_body(events));
    ASSERT_TRUE(decoder.on_event(test::view_event(gtid)));
    const auto done = decoder.on_event(test::view_event(payload));
    ASSERT_TRUE(done) << done.error().what;
    const std::string place = ":" + std::to_string(4 + gtid.size()) + "\"";
    const auto found = split(decoder.lines().view(), '\n');
    ASSERT_EQ(found.size(), 3u);
    for (int row : {0, 1}) EXPECT_THAT(found[row], HasSubstr(place)) << "the payload's own";
    EXPECT_THAT(found[1], HasSubstr(R"("commit":true)"));
    EXPECT_EQ(decoder.position().offset, 4 + gtid.size() + payload.size());
}

TEST_F(StreamDecoderTest, KeepsTheRowsOfATransactionThatGoesOnBehindAPayload) {
    test::EventMaker inner;
    ok(maker_.gtid({0, 1, 7}));
    for (int row = 1; row <= 2; ++row) {
        ok(maker_.event(wire::EventType::transaction_payload,
                        payload_body(inner.table_map(5, "shop", "t") + inner.insert(5, {row}))));
    }
    ok(maker_.xid(99));
    EXPECT_THAT(lines(), ElementsAre(line(1, "\"xid\":99,", "\"xoffset\":0,"),
                                     line(2, "\"xid\":99,", "\"commit\":true,")));
}

TEST_F(StreamDecoderTest, StopsAtADamagedPayload) {
    ok(maker_.gtid({0, 1, 7}));
    const auto done = feed(maker_.event(wire::EventType::transaction_payload, "\x01"));
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace evenkeel::cdc
