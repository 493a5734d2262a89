// How servers write changes of rows: row images, changes to JSON, compression, generated and hidden
// columns, very long values.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "tests/integration/types_fixture.h"

namespace evenkeel::test {
namespace {

using wire::EventType;

std::string object_of(const std::string& line, const std::string& name) {
    const std::size_t at = line.find("\"" + name + "\":{");
    if (at == std::string::npos) return "none";
    const std::size_t start = at + name.size() + 3;
    return line.substr(start, line.find('}', start) + 1 - start);
}

class TypeChanges : public Types {
protected:
    // "data old" of each line of `table`.
    std::vector<std::string> rows_of(const Lines& lines, const std::string& table) {
        std::vector<std::string> rows;
        const auto found = lines.find(table);
        if (found == lines.end()) return rows;
        for (const std::string& line : found->second) {
            rows.push_back(object_of(line, "data") + " " + object_of(line, "old"));
        }
        return rows;
    }
    using Rows = std::vector<std::string>;
};

TEST_P(TypeChanges, RowImages) {
    run("CREATE TABLE t (id INT PRIMARY KEY, a INT, b TEXT, c VARCHAR(9))");
    const std::vector<std::string> statements = {
        "INSERT INTO t VALUES (1, 1, 'x', 'y')", "UPDATE t SET a = 2", "UPDATE t SET b = 'z'",
        "UPDATE t SET a = NULL, c = NULL", "DELETE FROM t"};
    run("SET SESSION binlog_row_image = FULL");
    EXPECT_EQ(
        rows_of(lines_of(statements), "t"),
        (Rows{R"({"id":1,"a":1,"b":"x","c":"y"} none)", R"({"id":1,"a":2,"b":"x","c":"y"} {"a":1})",
              R"({"id":1,"a":2,"b":"z","c":"y"} {"b":"x"})",
              R"({"id":1,"a":null,"b":"z","c":null} {"a":2,"c":"y"})",
              R"({"id":1,"a":null,"b":"z","c":null} none)"}));
    run("SET SESSION binlog_row_image = NOBLOB");
    EXPECT_EQ(rows_of(lines_of(statements), "t"),
              (Rows{R"({"id":1,"a":1,"b":"x","c":"y"} none)", R"({"id":1,"a":2,"c":"y"} {"a":1})",
                    R"({"id":1,"a":2,"b":"z","c":"y"} none)",
                    R"({"id":1,"a":null,"c":null} {"a":2,"c":"y"})",
                    R"({"id":1,"a":null,"c":null} none)"}));
    run("SET SESSION binlog_row_image = MINIMAL");
    EXPECT_EQ(rows_of(lines_of(statements), "t"),
              (Rows{R"({"id":1,"a":1,"b":"x","c":"y"} none)", R"({"id":1,"a":2} none)",
                    R"({"id":1,"b":"z"} none)", R"({"id":1,"a":null,"c":null} none)",
                    R"({"id":1} none)"}));
}

// The changes; each is made to all rows.
std::vector<std::string> json_changes() {
    return {
        "j = JSON_SET(j, '$.a', 2)",
        "j = JSON_SET(j, '$.list[1]', 'a longer text', '$.list[9]', NULL)",
        "j = JSON_REPLACE(j, '$.o.deep.er', CAST('2024-02-29' AS DATE)), k = JSON_SET(k, '$[0]', "
        "1)",
        "k = JSON_REMOVE(k, '$[1]')",
        "j = JSON_REMOVE(j, '$.list[0]', '$.o.x')",
        "j = JSON_SET(j, '$.\"key \\\\\"of\\\\\" é😀 [0].x\"', 1.50)",
        "j = JSON_SET(j, '$.\"key \\\\\"of\\\\\" é😀 [0].x\"', CAST('[1, {\"b\": []}]' AS JSON))",
        "j = JSON_SET(JSON_REMOVE(j, '$.a'), '$.b', 1, '$.aa', TRUE)",
        "j = JSON_SET(j, '$.o.deep', JSON_OBJECT('z', JSON_ARRAY(1, 2, 3))), n = n + 1",
        "j = JSON_SET(j, '$.o.deep.z[3]', 4, '$.o.deep.z[4]', 5, '$.o.deep.z[0]', 0)",
        "j = JSON_REPLACE(j, '$.big', REPEAT('y', 300))",
        "n = n + 1",
        "j = JSON_SET(j, '$', 1)",
        "j = JSON_OBJECT('a', JSON_ARRAY(), 'b', JSON_OBJECT())",
        "j = JSON_SET(j, '$.a[0]', 1, '$.b.c', 1)",
        "j = JSON_SET(j, '$.a[0]', 1)",
        "k = NULL",
        "k = JSON_ARRAY(1, 2, 3)",
    };
}

TEST_P(TypeChanges, PartialJson) {
    if (!is_mysql(800)) GTEST_SKIP() << "MySQL 8.0 and later";
    const char* document =
        R"('{"a": 1, "list": [1, "x", null], "o": {"x": 1, "deep": {"er": 1.5}}, "big": 0}')";
    for (const char* image : {"FULL", "NOBLOB"}) {
        run("DROP TABLE IF EXISTS t");
        run("CREATE TABLE t (id INT PRIMARY KEY, j JSON, n INT, k JSON)");
        run(fmt::format("INSERT INTO t VALUES (1, {0}, 1, '[1, 2, 3]'), (2, {0}, NULL, '[4, [5]]')",
                        document));
        run(fmt::format("UPDATE t SET j = JSON_SET(j, '$.big', REPEAT('x', 70000)) WHERE id = 2"));
        run(
            fmt::format("SET SESSION binlog_row_image = {}, binlog_row_value_options = "
                        "PARTIAL_JSON",
                        image));
        const std::string binlog = new_binlog();
        std::vector<sql::Table> said;
        const auto look = [&] {
            said.push_back(
                run("SELECT id, CAST(j AS CHAR) AS j, CAST(k AS CHAR) AS k, n FROM t "
                    "ORDER BY id"));
        };
        look();
        for (const std::string& change : json_changes()) {
            run("UPDATE t SET " + change);
            look();
        }
        (void)new_binlog();
        const auto lines = render(binlog)["t"];
        EXPECT_EQ(render_error_, "");
        EXPECT_GT(event_counts_[EventType::partial_update_rows], 8);
        // A row that a statement leaves as it is is not in the binlog.
        std::size_t at = 0;
        for (std::size_t i = 1; i < said.size(); ++i) {
            for (std::size_t row = 0; row < 2; ++row) {
                if (said[i].rows[row] == said[i - 1].rows[row]) continue;
                ASSERT_LT(at, lines.size());
                const std::string& line = lines[at++];
                SCOPED_TRACE(json_changes()[i - 1] + "\n" + line.substr(0, 500));
                EXPECT_EQ(value_of(line, "id"), said[i].text(row, "id"));
                for (const char* column : {"j", "k"}) {
                    const auto now = said[i].get(row, column);
                    const auto before = said[i - 1].get(row, column);
                    const std::string rendered = value_of(line, column);
                    const bool absent = rendered == std::string("no ") + column;
                    if (!absent || now != before) {
                        EXPECT_TRUE(same_json(rendered, now.value_or("null")));
                    }
                    const std::string old = value_of(line, column, "old");
                    if (now == before) {
                        EXPECT_EQ(old, std::string("no ") + column);
                    } else if (image == std::string("FULL")) {
                        EXPECT_TRUE(same_json(old, before.value_or("null")));
                    }
                }
            }
        }
        EXPECT_EQ(at, lines.size());
    }
}

TEST_P(TypeChanges, ChangesWithoutTheValueBeforeAreRefused) {
    if (!is_mysql(800)) GTEST_SKIP() << "MySQL 8.0 and later";
    run("CREATE TABLE t (id INT PRIMARY KEY, j JSON, n INT)");
    run("INSERT INTO t VALUES (1, '{\"a\": 1, \"b\": \"some longer text\"}', 1)");
    run("SET SESSION binlog_row_image = MINIMAL, binlog_row_value_options = PARTIAL_JSON");
    EXPECT_EQ(rows_of(lines_of({"UPDATE t SET n = 2"}), "t"), (Rows{R"({"id":1,"n":2} none)"}));
    EXPECT_EQ(render_error_, "");
    const auto lines = lines_of({"UPDATE t SET j = JSON_SET(j, '$.a', 2)"});
    EXPECT_TRUE(rows_of(lines, "t").empty());
    EXPECT_NE(render_error_.find("set binlog_row_image=FULL"), std::string::npos) << render_error_;
}

TEST_P(TypeChanges, CompressedTransactions) {
    if (!is_mysql(800) || !try_run("SET SESSION binlog_transaction_compression = ON")) {
        GTEST_SKIP() << "MySQL 8.0.20 and later";
    }
    run("CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)");
    run("CREATE TABLE u (id INT PRIMARY KEY, v VARCHAR(20))");
    std::vector<std::string> statements = {"BEGIN"};
    for (int id = 1; id <= 60; ++id) {
        statements.push_back(
            fmt::format("INSERT INTO t VALUES ({0}, REPEAT('row {0} ', 100000))", id));
    }
    statements.emplace_back("INSERT INTO u VALUES (1, 'x')");
    statements.emplace_back("UPDATE u SET v = 'é'");
    statements.emplace_back("COMMIT");
    statements.emplace_back("SET SESSION binlog_transaction_compression_level_zstd = 22");
    statements.emplace_back("UPDATE u SET v = REPEAT('y', 20)");
    const auto lines = lines_of(statements);
    EXPECT_EQ(event_counts_[EventType::transaction_payload], 2);
    ASSERT_EQ(lines.at("t").size(), 60u);
    for (int id = 1; id <= 60; ++id) {
        const std::string& line = lines.at("t")[static_cast<std::size_t>(id - 1)];
        EXPECT_NE(line.find(fmt::format("\"v\":\"row {0} row {0} ", id)), std::string::npos);
        EXPECT_GT(line.size(), 600'000u);
    }
    EXPECT_EQ(rows_of(lines, "u"),
              (Rows{R"({"id":1,"v":"x"} none)", R"({"id":1,"v":"é"} {"v":"x"})",
                    R"({"id":1,"v":"yyyyyyyyyyyyyyyyyyyy"} {"v":"é"})"}));
}

TEST_P(TypeChanges, CompressedEvents) {
    if (mysql()) GTEST_SKIP() << "MariaDB";
    run("CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)");
    run("SET GLOBAL log_bin_compress = ON");
    const auto lines =
        lines_of({"INSERT INTO t VALUES (1, REPEAT('abc', 1000)), (2, 'x')",
                  "UPDATE t SET v = REPEAT('def', 1000)", "DELETE FROM t WHERE id = 2"});
    run("SET GLOBAL log_bin_compress = OFF");
    EXPECT_GT(event_counts_[EventType::write_rows_compressed_v1], 0);
    EXPECT_GT(event_counts_[EventType::update_rows_compressed_v1], 0);
    ASSERT_EQ(lines.at("t").size(), 5u);
    EXPECT_EQ(value_of(lines.at("t")[2], "v").substr(0, 7), "\"defdef");
    EXPECT_EQ(value_of(lines.at("t")[3], "v", "old"), "\"x\"");
}

// The servers differ in what they log of generated columns; what is logged is right, and columns
// behind them are not shifted.
TEST_P(TypeChanges, GeneratedColumns) {
    run("CREATE TABLE t (a INT PRIMARY KEY, v INT AS (a + 1) VIRTUAL, s INT AS (a + 2) STORED, "
        "z INT, w VARCHAR(9) AS (CONCAT('w', z)) VIRTUAL)");
    const auto lines = lines_of({"INSERT INTO t (a, z) VALUES (1, 9)", "UPDATE t SET z = 8",
                                 "UPDATE t SET a = 5", "DELETE FROM t"});
    const auto& rows = lines.at("t");
    ASSERT_EQ(rows.size(), 4u);
    const char* const expected[][5] = {{"1", "2", "3", "9", "\"w9\""},
                                       {"1", "2", "3", "8", "\"w8\""},
                                       {"5", "6", "7", "8", "\"w8\""},
                                       {"5", "6", "7", "8", "\"w8\""}};
    const char* const names[] = {"a", "v", "s", "z", "w"};
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (std::size_t column = 0; column < 5; ++column) {
            const std::string value = value_of(rows[row], names[column]);
            const bool generated = column != 0 && column != 3;
            if (!mysql() && generated && value == std::string("no ") + names[column]) continue;
            EXPECT_EQ(value, expected[row][column]) << rows[row];
        }
    }
}

TEST_P(TypeChanges, InvisibleColumns) {
    if (!try_run("CREATE TABLE t (a INT PRIMARY KEY, i INT INVISIBLE, z INT)")) {
        GTEST_SKIP() << "MySQL 8.0.23 and later, MariaDB";
    }
    EXPECT_EQ(rows_of(lines_of({"INSERT INTO t (a, i, z) VALUES (1, 2, 3)"}), "t"),
              (Rows{R"({"a":1,"i":2,"z":3} none)"}));
}

TEST_P(TypeChanges, PrimaryKeysOfTheServersOwn) {
    if (!try_run("SET SESSION sql_generate_invisible_primary_key = ON")) {
        GTEST_SKIP() << "MySQL 8.0.30 and later";
    }
    cdc::OutputConfig options;
    options.primary_keys = true;
    const auto lines = lines_of({"CREATE TABLE t (n INT)", "INSERT INTO t VALUES (5)"}, options);
    EXPECT_EQ(rows_of(lines, "t"), (Rows{R"({"my_row_id":1,"n":5} none)"}));
    EXPECT_NE(lines.at("t")[0].find("\"primary_key\":[1]"), std::string::npos);
}

TEST_P(TypeChanges, IndexesOnExpressions) {
    if (!is_mysql(800)) GTEST_SKIP() << "MySQL 8.0 and later";
    run("CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20), j JSON, INDEX ((LOWER(name))), "
        "INDEX ((CAST(j->'$.a' AS UNSIGNED ARRAY))), z INT)");
    EXPECT_EQ(rows_of(lines_of({R"(INSERT INTO t VALUES (1, 'ABC', '[1]', 3))"}), "t"),
              (Rows{R"({"id":1,"name":"ABC","j":[1],"z":3} none)"}));
}

TEST_P(TypeChanges, KeysOfPrefixesAndOrder) {
    run("CREATE TABLE t (a INT, b VARCHAR(20), c TEXT, PRIMARY KEY (c(3), a))");
    cdc::OutputConfig options;
    options.primary_keys = true;
    const auto lines = lines_of({"INSERT INTO t VALUES (1, 'b', 'long')"}, options);
    EXPECT_NE(lines.at("t")[0].find(full() ? R"("primary_key":["long",1])" : "\"primary_key\":["),
              std::string::npos)
        << lines.at("t")[0];
}

// Longer than a packet can be: it comes in several.
TEST_P(TypeChanges, ValuesOfManyPackets) {
    if (GetParam().metadata == "MINIMAL" || GetParam().metadata == "NO_LOG") {
        GTEST_SKIP() << "once is enough: 60 MiB";
    }
    run("CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB, z INT)");
    (void)new_binlog();
    run("INSERT INTO t VALUES (1, REPEAT('0123456789abcdef', 1310720), 7)");
    run("INSERT INTO t VALUES (2, REPEAT('0123456789abcdef', 2621440), 8)");
    run("INSERT INTO t VALUES (3, 'x', 9)");
    const auto lines = dump();
    ASSERT_EQ(lines.at("t").size(), 3u);
    for (const std::size_t row : {0u, 1u}) {
        const std::string value = value_of(lines.at("t")[row], "v");
        const auto bytes = base64_decode(value.substr(1, value.size() - 2));
        ASSERT_TRUE(bytes);
        std::string expected;
        while (expected.size() < (row + 1) * (20u << 20)) expected += "0123456789abcdef";
        EXPECT_TRUE(*bytes == expected);
    }
    EXPECT_EQ(value_of(lines.at("t")[1], "z"), "8");
    EXPECT_EQ(value_of(lines.at("t")[2], "z"), "9");
}

INSTANTIATE_TEST_SUITE_P(Servers, TypeChanges, testing::ValuesIn(types_setups()), setup_name);

}  // namespace
}  // namespace evenkeel::test
