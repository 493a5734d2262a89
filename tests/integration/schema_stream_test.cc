// Rows keep the column names of their moment, without names in the binlog: streams that are behind,
// stopped, started in the past, or that lost sight of a table.
#include <gmock/gmock.h>

#include <regex>

#include "cdc/schema/schema_store.h"
#include "tests/integration/cdc_fixture.h"

namespace evenkeel {
namespace {

using test::eventually;
using test::kLong;
using test::OneNode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SchemaStream : public test::CdcTest {
protected:
    lab::TopologyConfig topology_config() const override {
        return {.replicas = 0, .semi_sync = false, .options = {"--binlog-row-metadata=NO_LOG"}};
    }

    void SetUp() override {
        CdcTest::SetUp();
        query(db(1), {"CREATE DATABASE shop"});
        node_.emplace(folder() + "/group.db");
    }

    // What a stream prints while `work` is done, as "table data" or "type sql".
    std::vector<std::string> stream_during(const cdc::StreamConfig& config,
                                           const std::vector<std::string>& work, std::size_t rows) {
        const std::size_t before = lines().size();
        cdc::StreamService stream(config, &node_->coordinator());
        stream.start();
        EXPECT_TRUE(streams(stream)) << stream.report().text;
        if (!work.empty()) query(db(1), work);
        EXPECT_TRUE(has_lines(before + rows)) << stream.report().text;
        stream.stop();
        std::vector<std::string> found;
        const auto all = lines();
        for (std::size_t i = before; i < all.size(); ++i) found.push_back(brief(all[i]));
        return found;
    }

    static std::string brief(const std::string& line) {
        static const std::regex kRow(
            "\\{\"database\":\"[^\"]*\",\"table\":\"([^\"]*)\".*\"data\":(\\{[^}]*\\}).*\\}");
        static const std::regex kTs("\"ts\":[0-9]{13}");
        std::smatch match;
        if (std::regex_match(line, match, kRow)) return match[1].str() + " " + match[2].str();
        return std::regex_replace(line, kTs, "\"ts\":1");
    }

    // Why a stream of these options does not go on.
    std::string failure_of(const cdc::StreamConfig& config) {
        cdc::StreamService stream(config, &node_->coordinator());
        stream.start();
        const auto ended = stream.wait(io::within(kLong));
        EXPECT_FALSE(ended);
        return ended ? "" : ended.error().what;
    }

    std::optional<OneNode> node_;
};

TEST_F(SchemaStream, RowsKeepTheNamesOfTheirMoment) {
    query(db(1), {"CREATE TABLE shop.t (a INT, b INT)", "CREATE TABLE shop.u (a INT, c INT)"});
    EXPECT_THAT(stream_during(stream_config(), {"INSERT INTO shop.t VALUES (1, 2)"}, 1),
                ElementsAre("t {\"a\":1,\"b\":2}"));
    // Behind its back: names swap within a table and between tables, all of one type.
    query(db(1), {"INSERT INTO shop.t VALUES (3, 4)",
                  "ALTER TABLE shop.t RENAME COLUMN a TO b, RENAME COLUMN b TO a",
                  "INSERT INTO shop.t VALUES (5, 6)",
                  "RENAME TABLE shop.t TO shop.x, shop.u TO shop.t, shop.x TO shop.u",
                  "INSERT INTO shop.t VALUES (7, 8)", "INSERT INTO shop.u VALUES (9, 10)",
                  "ALTER TABLE shop.t CHANGE c d INT FIRST", "INSERT INTO shop.t VALUES (11, 12)",
                  "INSERT INTO shop.u VALUES (13, 14)", "DROP TABLE shop.t"});
    EXPECT_THAT(
        stream_during(stream_config(), {}, 6),
        ElementsAre("t {\"a\":3,\"b\":4}", "t {\"b\":5,\"a\":6}", "t {\"a\":7,\"c\":8}",
                    "u {\"b\":9,\"a\":10}", "t {\"d\":11,\"a\":12}", "u {\"b\":13,\"a\":14}"));
    // And once more from what is stored.
    EXPECT_THAT(stream_during(stream_config(), {"INSERT INTO shop.u VALUES (15, 16)"}, 1),
                ElementsAre("u {\"b\":15,\"a\":16}"));
}

TEST_F(SchemaStream, ResumesWithoutAskingTheServer) {
    query(db(1), {"CREATE TABLE shop.t (a INT)", "CREATE TABLE shop.gone (a INT)"});
    stream_during(stream_config(), {"DROP TABLE shop.gone", "INSERT INTO shop.t VALUES (1)"}, 1);
    std::vector<std::string> keys;
    for (const auto& entry : node_->coordinator().list(cdc::schema_prefix("test"))) {
        keys.push_back(entry.key.substr(0, entry.key.rfind('/')));
    }
    EXPECT_THAT(keys, testing::Contains("schema/test/t/shop/t"));
    EXPECT_THAT(keys, Not(testing::Contains("schema/test/t/shop/gone")));
    query(db(1), {"SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = 1"});
    EXPECT_THAT(stream_during(stream_config(), {"INSERT INTO shop.t VALUES (2)"}, 1),
                ElementsAre("t {\"a\":2}"));
    EXPECT_EQ(value(db(1),
                    "SELECT COUNT(*) FROM mysql.general_log WHERE user_host LIKE "
                    "'%evenkeel%' AND argument LIKE '%information_schema%'"),
              "0");
}

TEST_F(SchemaStream, FollowsAnOnlineSchemaChange) {
    query(db(1), {"CREATE TABLE shop.t (id INT PRIMARY KEY, a INT)"});
    EXPECT_THAT(
        stream_during(
            stream_config(),
            {"USE shop", "CREATE TABLE _t_gho LIKE t",
             "ALTER TABLE _t_gho CHANGE a b INT, ADD doc JSON", "INSERT INTO t VALUES (1, 2)",
             "INSERT INTO _t_gho VALUES (1, 2, NULL)", "RENAME TABLE t TO _t_del, _t_gho TO t",
             "INSERT INTO t VALUES (2, 3, '[1]')", "DROP TABLE _t_del"},
            3),
        ElementsAre("t {\"id\":1,\"a\":2}", "_t_gho {\"id\":1,\"b\":2,\"doc\":null}",
                    "t {\"id\":2,\"b\":3,\"doc\":[1]}"));
}

TEST_F(SchemaStream, FollowsSystemVersionedTables) {
    const auto rows = stream_during(
        stream_config(),
        {"USE shop", "SET SESSION system_versioning_alter_history = KEEP",
         "CREATE TABLE v (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
         "INSERT INTO v VALUES (1, 2)", "UPDATE v SET a = 3", "ALTER TABLE v ADD b INT AFTER id",
         "INSERT INTO v VALUES (2, 3, 4)", "ALTER TABLE v DROP SYSTEM VERSIONING",
         "INSERT INTO v VALUES (3, 4, 5)", "ALTER TABLE v ADD SYSTEM VERSIONING",
         "INSERT INTO v VALUES (4, 5, 6)",
         "CREATE TABLE w (id INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6) "
         "GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
         "INSERT INTO w (id) VALUES (5)"},
        7);
    const auto versioned = [](const std::string& columns) {
        return AllOf(StartsWith(columns + ",\"row_start\":\"20"), HasSubstr("\"row_end\":\"20"));
    };
    EXPECT_THAT(
        rows,
        ElementsAre(versioned("v {\"id\":1,\"a\":2"), versioned("v {\"id\":1,\"a\":3"),
                    versioned("v {\"id\":1,\"a\":2"), versioned("v {\"id\":2,\"b\":3,\"a\":4"),
                    "v {\"id\":3,\"b\":4,\"a\":5}", versioned("v {\"id\":4,\"b\":5,\"a\":6"),
                    StartsWith("w {\"id\":5,\"s\":\"20")));
}

// MariaDB's hash of a UNIQUE key on a TEXT is in the binlog and for nobody to see.
TEST_F(SchemaStream, LeavesOutHashesOfLongKeys) {
    const auto rows_with = [&](const std::string& metadata) {
        return stream_during(stream_config(),
                             {"SET GLOBAL binlog_row_metadata = " + metadata, "USE shop",
                              "CREATE TABLE h (id INT PRIMARY KEY, t TEXT, b BLOB, v INT, UNIQUE "
                              "(t), UNIQUE (b, v))",
                              "INSERT INTO h VALUES (1, 'a', 'b', 2)", "UPDATE h SET t = 'c'",
                              "ALTER TABLE h ADD DB_ROW_HASH_1 BIGINT UNSIGNED",
                              "INSERT INTO h VALUES (2, 'd', 'd', 3, 4)",
                              "ALTER TABLE h ADD SYSTEM VERSIONING", "DELETE FROM h WHERE id = 1"},
                             4);
    };
    for (const char* metadata : {"NO_LOG", "FULL"}) {
        EXPECT_THAT(rows_with(metadata),
                    ElementsAre("h {\"id\":1,\"t\":\"a\",\"b\":\"Yg==\",\"v\":2}",
                                "h {\"id\":1,\"t\":\"c\",\"b\":\"Yg==\",\"v\":2}",
                                "h {\"id\":2,\"t\":\"d\",\"b\":\"ZA==\",\"v\":3,"
                                "\"DB_ROW_HASH_1\":4}",
                                AllOf(StartsWith("h {\"id\":1,\"t\":\"c\""),
                                      HasSubstr("\"DB_ROW_HASH_1\":null,\"row_start\""),
                                      Not(HasSubstr("HASH_2")))))
            << metadata;
        EXPECT_THAT(lines().at(1), Not(HasSubstr("HASH"))) << metadata;  // Nor under "old".
        query(db(1), {"DROP TABLE shop.h"});
    }
}

TEST_F(SchemaStream, StartsInThePastWhereItCanKnow) {
    query(db(1), {"CREATE TABLE shop.same (a INT)", "CREATE TABLE shop.altered (a INT)"});
    const std::string place = value(db(1), "SELECT @@gtid_binlog_pos");
    query(db(1), {"INSERT INTO shop.same VALUES (1)", "CREATE TABLE shop.fresh (x INT)",
                  "INSERT INTO shop.fresh VALUES (2)", "ALTER TABLE shop.fresh CHANGE x y INT",
                  "INSERT INTO shop.fresh VALUES (3)", "INSERT INTO shop.altered VALUES (4)",
                  "ALTER TABLE shop.altered CHANGE a b INT"});
    cdc::StreamConfig config = stream_config();
    config.init_gtid = place;
    const std::string why = failure_of(config);
    EXPECT_THAT(why, HasSubstr("shop.altered"));
    EXPECT_THAT(why, HasSubstr("CHANGE a b"));
    EXPECT_THAT(why, HasSubstr("binlog_row_metadata=FULL"));
    ASSERT_EQ(lines().size(), 3u);
    EXPECT_EQ(brief(lines()[0]), "same {\"a\":1}");
    EXPECT_EQ(brief(lines()[1]), "fresh {\"x\":2}");
    EXPECT_EQ(brief(lines()[2]), "fresh {\"y\":3}");

    config.ignore_missing_schema = true;
    EXPECT_THAT(stream_during(config, {"INSERT INTO shop.same VALUES (5)"}, 1),
                ElementsAre("same {\"a\":5}"));
}

TEST_F(SchemaStream, RecapturesWhenAPersonSaysSo) {
    query(db(1), {"CREATE TABLE shop.t (a INT)"});
    const std::string place = value(db(1), "SELECT @@gtid_binlog_pos");
    query(db(1), {"INSERT INTO shop.t VALUES (1)", "ALTER TABLE shop.t COMMENT 'x', ADD b INT",
                  "ALTER TABLE shop.t DROP b"});
    cdc::StreamConfig config = stream_config();
    config.init_gtid = place;
    EXPECT_THAT(failure_of(config), HasSubstr("recapture_schema"));
    config.recapture_schema = true;
    EXPECT_THAT(stream_during(config, {}, 1), ElementsAre("t {\"a\":1}"));
}

// Labels in hexadecimal are not followed.
TEST_F(SchemaStream, ATableThatWasLostSightOfIsAskedFor) {
    query(db(1), {"CREATE TABLE shop.t (a INT)"});
    const std::vector<std::string> odd = {"CREATE TABLE shop.odd (e ENUM(x'61', 'b'))",
                                          "INSERT INTO shop.odd VALUES ('a')"};
    EXPECT_THAT(stream_during(stream_config(), odd, 1), ElementsAre("odd {\"e\":\"a\"}"));
    query(db(1), {"CREATE TABLE shop.odder (e ENUM(x'61', 'b'))",
                  "INSERT INTO shop.odder VALUES ('a')", "ALTER TABLE shop.odder CHANGE e f INT"});
    const std::string why = failure_of(stream_config());
    EXPECT_THAT(why, HasSubstr("shop.odder"));
    EXPECT_THAT(why, HasSubstr("ENUM(x'61'"));
}

TEST_F(SchemaStream, PrintsDdlAtItsPlace) {
    cdc::StreamConfig config = stream_config();
    config.output.ddl = true;
    config.filter = cdc::Filter::of_databases({"shop"});
    const auto found = stream_during(
        config,
        {"USE shop", "CREATE TABLE t (id INT UNSIGNED PRIMARY KEY, e ENUM('a','b'))",
         "INSERT INTO t VALUES (1, 'a')", "CREATE DATABASE hidden", "CREATE TABLE hidden.t (a INT)",
         "ALTER TABLE t COMMENT 'nothing'", "ALTER TABLE t ADD d DATETIME(3) FIRST",
         "INSERT INTO t VALUES (NULL, 2, 'b')", "DROP TABLE t"},
        5);
    const std::string charset = value(db(1), "SELECT @@character_set_server");
    const std::string front =
        R"({"database":"shop","charset":")" + charset + R"(","table":"t","columns":[)";
    const std::string columns = R"({"type":"int","name":"id","signed":false},)"
                                R"({"type":"enum","name":"e","enum-values":["a","b"]})";
    const std::string back = R"(],"primary-key":["id"]})";
    const std::string added = R"({"type":"datetime","name":"d","column-length":3},)";
    const auto record = [](const std::string& type, const std::string& rest,
                           const std::string& sql) {
        return R"({"type":")" + type + R"(","database":"shop","table":"t")" + rest +
               R"(,"ts":1,"sql":")" + sql + "\"}";
    };
    EXPECT_THAT(found,
                ElementsAre(record("table-create", ",\"def\":" + front + columns + back,
                                   "CREATE TABLE t (id INT UNSIGNED PRIMARY KEY, e ENUM('a','b'))"),
                            "t {\"id\":1,\"e\":\"a\"}",
                            record("table-alter",
                                   ",\"old\":" + front + columns + back + ",\"def\":" + front +
                                       added + columns + back,
                                   "ALTER TABLE t ADD d DATETIME(3) FIRST"),
                            "t {\"d\":null,\"id\":2,\"e\":\"b\"}",
                            record("table-drop", "", "DROP TABLE `t` /* generated by server */")));
}

// More tables than fit into one transaction: the first capture is stored in pieces.
TEST_F(SchemaStream, BeginsOnAServerWithManyTables) {
    auto connection = db(1).connect(db(1).accounts().admin, io::within(kLong));
    ASSERT_TRUE(connection);
    constexpr int kTables = 150;
    for (int i = 0; i < kTables; ++i) {
        const std::string statement = "CREATE TABLE shop.t" + std::to_string(i) + " (a INT)";
        ASSERT_TRUE(connection->execute("SET sql_log_bin=0", io::within(kLong)));
        ASSERT_TRUE(connection->execute(statement, io::within(kLong)));
    }
    EXPECT_THAT(stream_during(stream_config(), {"INSERT INTO shop.t149 VALUES (1)"}, 1),
                ElementsAre("t149 {\"a\":1}"));
    EXPECT_GE(node_->coordinator().list(cdc::schema_prefix("test")).size(), 150u);
    query(db(1), {"DROP DATABASE shop", "CREATE DATABASE shop", "CREATE TABLE shop.n (b INT)"});
    EXPECT_THAT(stream_during(stream_config(), {"INSERT INTO shop.n VALUES (2)"}, 1),
                ElementsAre("n {\"b\":2}"));
    EXPECT_THAT(stream_during(stream_config(), {"INSERT INTO shop.n VALUES (3)"}, 1),
                ElementsAre("n {\"b\":3}"));
    EXPECT_LT(node_->coordinator().list(cdc::schema_prefix("test")).size(), 20u + 2 * 150u);
}

class SchemaStreamNames : public SchemaStream {
protected:
    lab::TopologyConfig topology_config() const override {
        return {.replicas = 0,
                .semi_sync = false,
                .options = {"--binlog-row-metadata=NO_LOG", "--lower-case-table-names=1"}};
    }
};

TEST_F(SchemaStreamNames, OfTablesHaveNoCase) {
    query(db(1), {"CREATE TABLE shop.MyTable (Id INT, B INT)"});
    EXPECT_THAT(stream_during(stream_config(),
                              {"INSERT INTO SHOP.mytable VALUES (1, 2)",
                               "ALTER TABLE Shop.MYTABLE CHANGE b c INT",
                               "INSERT INTO shop.MyTable VALUES (3, 4)"},
                              2),
                ElementsAre("mytable {\"Id\":1,\"B\":2}", "mytable {\"Id\":3,\"c\":4}"));
    query(db(1), {"RENAME TABLE Shop.MyTable TO shop.OTHER"});
    EXPECT_THAT(stream_during(stream_config(), {"INSERT INTO shop.Other VALUES (5, 6)"}, 1),
                ElementsAre("other {\"Id\":5,\"c\":6}"));
}

}  // namespace
}  // namespace evenkeel
