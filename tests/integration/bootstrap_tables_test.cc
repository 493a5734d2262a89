// Bootstraps of tables of all shapes, and the ways in which one is asked for.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "cdc/bootstrap/request_table.h"
#include "tests/integration/bootstrap_fixture.h"

namespace evenkeel {
namespace {

using cdc::JobState;
using test::eventually;
using test::kLong;
using test::OneNode;
using test::Writer;
using Json = nlohmann::ordered_json;

int below(std::mt19937& random, int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
}

class BootstrapTables : public test::BootstrapTest {
protected:
    // Rows without identity: how often each is there, since the last bootstrap-start.
    std::map<std::string, int> bag(const std::string& table) const {
        std::map<std::string, int> rows;
        for (const std::string& line : lines()) {
            const Json json = Json::parse(line);
            if (json.at("table") != table) continue;
            const std::string type = json.at("type");
            const Json& data = json.at("data");
            if (type == "bootstrap-start") rows.clear();
            if (type == "insert" || type == "bootstrap-insert" || type == "update") {
                ++rows[data.dump()];
            }
            Json old = data;
            if (type == "update") {
                for (const auto& [name, before] : json.at("old").items()) old[name] = before;
            }
            if (type == "update" || type == "delete") --rows[old.dump()];
        }
        std::erase_if(rows, [](const auto& row) { return row.second == 0; });
        return rows;
    }

    std::map<std::string, int> server_bag(const std::string& table, const std::string& json) {
        std::map<std::string, int> rows;
        const sql::Table all = run({fmt::format("SELECT {} AS j FROM shop.{}", json, table)});
        for (std::size_t i = 0; i < all.rows.size(); ++i) ++rows[all.text(i, "j")];
        return rows;
    }

    // `n` rows (i, …) made by `row`, in one statement.
    void fill(const std::string& table, int n, const std::function<std::string(int)>& row) {
        std::vector<std::string> rows;
        for (int i = 0; i < n; ++i) rows.push_back("(" + row(i) + ")");
        run({"SET NAMES utf8mb4", "SET SESSION time_zone = '+00:00'",
             fmt::format("INSERT INTO shop.{} VALUES {}", table, join(rows, ","))});
    }
};

// Every kind of key, walked in small steps: each row once, whatever stands at a chunk's end.
TEST_P(BootstrapTables, AreWalkedByAnyKey) {
    struct Keyed {
        std::string columns;
        std::function<std::string(int)> row;
    };
    std::vector<Keyed> all = {
        {"a BIGINT UNSIGNED PRIMARY KEY",
         [](int i) { return std::to_string(18'446'744'073'709'551'615u - unsigned(i)); }},
        {"a DECIMAL(20,5) PRIMARY KEY", [](int i) { return fmt::format("{}.5", (i - 20) * 7); }},
        {"a DOUBLE PRIMARY KEY", [](int i) { return fmt::format("{}e-1", i * 3 + 1); }},
        {"a FLOAT PRIMARY KEY", [](int i) { return fmt::format("{}.1", i); }},
        {"a DATE PRIMARY KEY", [](int i) { return fmt::format("'2024-02-{:02}'", i % 28 + 1); }},
        {"a DATETIME(3) PRIMARY KEY",
         [](int i) { return fmt::format("'2024-02-03 01:02:03.{:03}'", i * 7); }},
        {"a TIMESTAMP(2) NULL, b INT NOT NULL UNIQUE",
         [](int i) { return fmt::format("'2024-02-03 01:02:03.{:02}', {}", i, i); }},
        {"a TIMESTAMP(2) NOT NULL PRIMARY KEY",
         [](int i) { return fmt::format("'2024-02-03 01:02:03.{:02}'", i); }},
        {"a TIME(1) PRIMARY KEY",
         [](int i) { return fmt::format("'{}{}:00:00.5'", i % 2 == 0 ? "-" : "", i * 9); }},
        {"a ENUM('z','y','x','w','v','u') PRIMARY KEY",
         [](int i) { return fmt::format("{}", i % 6 + 1); }},
        {"a BIT(10) PRIMARY KEY", [](int i) { return std::to_string(i * 17); }},
        {"a YEAR PRIMARY KEY", [](int i) { return std::to_string(1950 + i); }},
        {"a BINARY(4) PRIMARY KEY", [](int i) { return fmt::format("x'{:02x}00'", i + 1); }},
        {"a VARBINARY(9) PRIMARY KEY", [](int i) { return fmt::format("x'ff{:02x}00'", i); }},
        {"a VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY",
         [](int i) { return fmt::format("'ä\\'{}'", i); }},
        {"a VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY",
         [](int i) { return fmt::format("'{}x{}'", i % 2 == 0 ? 'K' : 'k', i); }},
        {"a CHAR(9) CHARACTER SET utf16 PRIMARY KEY",
         [](int i) { return fmt::format("'€{}'", i); }},
        {"a INT, b VARCHAR(9), c DATE, n INT, PRIMARY KEY (b, a, c)",
         [](int i) {
             return fmt::format("{}, '{}', '2024-01-{:02}', {}", i % 3, i % 4, i % 28 + 1, i);
         }},
        {"n INT, a INT NOT NULL, b INT NOT NULL, UNIQUE (n), UNIQUE (b, a)",
         [](int i) { return fmt::format("NULL, {}, {}", i, i % 5); }},
        // Without an index ORDER BY looks at the first 1024 bytes only.
        {"a VARCHAR(760) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY",
         [](int i) { return fmt::format("CONCAT(REPEAT('x', 750), {})", i); }},
        {"a TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, PRIMARY KEY (a(700))",
         [](int i) { return fmt::format("CONCAT(REPEAT('x', 690), {})", i); }},
    };
    if (!db().installation().mysql()) {  // A hash.
        all.push_back({"a TEXT NOT NULL UNIQUE",
                       [](int i) { return fmt::format("CONCAT(REPEAT('x', 1100), {})", i); }});
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        run({fmt::format("CREATE TABLE shop.k{} ({})", i, all[i].columns)});
        const int rows = all[i].columns.starts_with("a ENUM") ? 6 : 28;
        fill(fmt::format("k{}", i), rows, all[i].row);
    }
    OneNode node(group());
    cdc::StreamConfig steps = config();
    steps.bootstrap_chunk_rows = 5;
    steps.credentials = db().accounts().admin;  // MySQL wants LOCK TABLES for those without a key.
    auto stream = start_stream(&node, steps);
    const std::string id = ask(node, {.database = "shop", .table = "k%"});
    ASSERT_TRUE(ends(node, id, JobState::complete));
    std::map<std::string, std::map<std::string, int>> seen;
    for (const std::string& line : lines()) {
        const Json json = Json::parse(line);
        if (json.at("type") == "bootstrap-insert") ++seen[json.at("table")][json.at("data").dump()];
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& rows = seen[fmt::format("k{}", i)];
        EXPECT_EQ(std::to_string(rows.size()),
                  value(fmt::format("SELECT COUNT(*) FROM shop.k{}", i)))
            << all[i].columns;
        for (const auto& [row, times] : rows) EXPECT_EQ(times, 1) << row;
    }
    EXPECT_EQ(job(node, id).inserted_rows, count("bootstrap-insert"));
}

// What is in MariaDB's binlog and not in its information_schema.
TEST_P(BootstrapTables, HaveTheHiddenColumnsOfTheStream) {
    if (db().installation().mysql()) return;
    OneNode node(group());
    auto stream = start_stream(&node, config());
    run({"USE shop",
         "CREATE TABLE v1 (id INT PRIMARY KEY, t TEXT, UNIQUE (t)) WITH SYSTEM VERSIONING",
         "CREATE TABLE v2 (s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, id INT PRIMARY KEY, e "
         "TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM "
         "VERSIONING",
         "CREATE TABLE v3 (id INT PRIMARY KEY, row_start INT)", "INSERT INTO v1 VALUES (1, 'a')",
         "INSERT INTO v2 (id) VALUES (2)", "INSERT INTO v3 VALUES (3, 4)"});
    const std::string id = ask(node, {.database = "shop", .table = "v%"});
    ASSERT_TRUE(ends(node, id, JobState::complete));
    std::map<std::string, std::vector<std::string>> data;
    for (const std::string& line : lines()) {
        const Json json = Json::parse(line);
        const std::string type = json.at("type");
        if (type == "insert" || type == "bootstrap-insert")
            data[type].push_back(json.at("data").dump());
    }
    ASSERT_EQ(data["insert"].size(), 3u);
    EXPECT_EQ(data["insert"], data["bootstrap-insert"]);
    EXPECT_THAT(data["insert"][0], testing::HasSubstr("\"row_end\":"));
}

TEST_P(BootstrapTables, WithoutAKeyAreReadAtOneMoment) {
    run({"CREATE TABLE shop.bag (a INT, b INT)"});
    fill("bag", 5000, [](int i) { return fmt::format("{}, {}", i % 100, i % 7); });
    OneNode node(group());
    // MySQL wants LOCK TABLES for this.
    cdc::StreamConfig locking = config();
    locking.credentials = db().accounts().admin;
    auto stream = start_stream(&node, locking);
    Writer writer(db(), 5, [](std::mt19937& random) -> std::vector<std::string> {
        const int a = below(random, 100);
        switch (below(random, 3)) {
            case 0: return {fmt::format("INSERT INTO shop.bag VALUES ({}, 1), ({}, 2)", a, a)};
            case 1: return {fmt::format("DELETE FROM shop.bag WHERE a = {} LIMIT 2", a)};
            default: return {fmt::format("UPDATE shop.bag SET b = b + 1 WHERE a = {}", a)};
        }
    });
    const std::string id = ask(node, {.database = "shop", .table = "bag"});
    ASSERT_TRUE(ends(node, id, JobState::complete));
    ASSERT_TRUE(eventually(kLong, [&] { return writer.transactions() > 50; }));
    writer.stop();
    catch_up();
    EXPECT_EQ(bag("bag"), server_bag("bag", R"(CONCAT('{"a":', a, ',"b":', b, '}'))"));
}

TEST_P(BootstrapTables, WithCaseInsensitiveKeysEndUpRight) {
    run({"CREATE TABLE shop.word (w VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, n INT)"});
    fill("word", 3000, [](int i) { return fmt::format("'Wort{}', {}", i, i); });
    OneNode node(group());
    cdc::StreamConfig steps = config();
    steps.bootstrap_chunk_rows = 20;
    auto stream = start_stream(&node, steps);
    Writer writer(db(), 6, [](std::mt19937& random) -> std::vector<std::string> {
        const int i = below(random, 3000);
        switch (below(random, 4)) {
            case 0:
                return {fmt::format("UPDATE shop.word SET w = UPPER(w) WHERE n % 50 = {}", i % 50)};
            case 1:
                return {fmt::format("UPDATE shop.word SET w = LOWER(w) WHERE n % 50 = {}", i % 50)};
            case 2:
                return {"BEGIN", fmt::format("DELETE FROM shop.word WHERE w = 'wort{}'", i),
                        fmt::format("INSERT INTO shop.word VALUES ('woRT{}', {})", i, i), "COMMIT"};
            default: return {fmt::format("DELETE FROM shop.word WHERE w = 'WORT{}'", i)};
        }
    });
    const std::string id = ask(node, {.database = "shop", .table = "word"});
    ASSERT_TRUE(ends(node, id, JobState::complete));
    writer.stop();
    catch_up();
    expect_same(apply("word", {"w"}),
                server_rows("word", {"w"}, R"(CONCAT('{"w":"', w, '","n":', n, '}'))"));
}

TEST_P(BootstrapTables, WithPartialRowImagesEndUpRight) {
    run({"SET GLOBAL binlog_row_image = 'MINIMAL'",
         "CREATE TABLE shop.part (id INT PRIMARY KEY, a INT, b INT)"});
    fill("part", 3000, [](int i) { return fmt::format("{}, {}, 0", i, i); });
    OneNode node(group());
    cdc::StreamConfig steps = config();
    steps.bootstrap_chunk_rows = 100;
    auto stream = start_stream(&node, steps);
    Writer writer(db(), 7, [](std::mt19937& random) -> std::vector<std::string> {
        const int i = below(random, 3000);
        return {
            fmt::format("UPDATE shop.part SET b = b + 1 WHERE id BETWEEN {} AND {}", i, i + 60)};
    });
    const std::string id = ask(node, {.database = "shop", .table = "part"});
    ASSERT_TRUE(ends(node, id, JobState::complete));
    writer.stop();
    catch_up();
    expect_same(
        apply("part", {"id"}),
        server_rows("part", {"id"}, R"(CONCAT('{"id":', id, ',"a":', a, ',"b":', b, '}'))"));
}

TEST_P(BootstrapTables, MayBeAlteredAndEmptiedMeanwhile) {
    run({"CREATE TABLE shop.alt (id INT PRIMARY KEY, a INT)"});
    fill("alt", 4000, [](int i) { return fmt::format("{}, {}", i, i); });
    OneNode node(group());
    cdc::StreamConfig steps = config();
    steps.bootstrap_chunk_rows = 100;
    steps.bootstrap_rows_per_second = 2000;
    auto stream = start_stream(&node, steps);
    const std::string id = ask(node, {.database = "shop", .table = "alt"});
    ASSERT_TRUE(eventually(kLong, [&] { return count("bootstrap-insert") > 200; }));
    run({"ALTER TABLE shop.alt ADD b VARCHAR(9) DEFAULT 'new'"});
    ASSERT_TRUE(has_line(R"("b":"new")"));
    run({"ALTER TABLE shop.alt MODIFY a BIGINT UNSIGNED, DROP COLUMN b"});
    const std::size_t then = count("bootstrap-insert");
    ASSERT_TRUE(eventually(kLong, [&] { return count("bootstrap-insert") > then + 300; }));
    run({"TRUNCATE shop.alt", "INSERT INTO shop.alt VALUES (1, 2), (900000, 3)"});
    ASSERT_TRUE(ends(node, id, JobState::complete));
    catch_up();
    // Lines know no TRUNCATE: what came before it is not taken back, what comes behind is right.
    const auto rows = apply("alt", {"id"});
    EXPECT_EQ(rows.at("900000,"), R"({"id":900000,"a":3})");
    EXPECT_LT(count("bootstrap-insert"), 4000u);
}

TEST_P(BootstrapTables, AreTakenInTurnAndCanBeAborted) {
    run({"CREATE TABLE shop.one (id INT PRIMARY KEY)", "CREATE TABLE shop.two (id INT PRIMARY KEY)",
         "CREATE TABLE shop.three (id INT PRIMARY KEY)", "INSERT INTO shop.three VALUES (1)"});
    fill("one", 2000, [](int i) { return std::to_string(i); });
    fill("two", 2000, [](int i) { return std::to_string(i); });
    OneNode node(group());
    cdc::StreamConfig slow = config();
    slow.bootstrap_rows_per_second = 1000;
    auto stream = start_stream(&node, slow);
    const std::string first = ask(node, {.database = "shop", .table = "one"});
    const std::string second = ask(node, {.database = "shop", .table = "two"});
    const std::string third = ask(node, {.database = "shop", .table = "three, nothing"});
    const std::string fourth = ask(node, {.database = "shop", .table = "three"});
    ASSERT_TRUE(eventually(kLong, [&] { return count(R"("table":"two")") > 100; }));
    ask(node, {.abort = second});
    ASSERT_TRUE(ends(node, fourth, JobState::complete));
    EXPECT_EQ(job(node, first).state, JobState::complete);
    EXPECT_EQ(job(node, second).state, JobState::aborted);
    EXPECT_EQ(job(node, third).state, JobState::failed);
    EXPECT_THAT(job(node, third).error, testing::HasSubstr("nothing"));
    EXPECT_EQ(count(R"("table":"one","type":"bootstrap-insert")"), 2000u);
    EXPECT_LT(count(R"("table":"two","type":"bootstrap-insert")"), 2000u);
    EXPECT_EQ(count(R"("table":"two","type":"bootstrap-complete")"), 0u);
    EXPECT_EQ(count(R"("table":"three","type":"bootstrap-insert")"), 1u);
    EXPECT_TRUE(node.coordinator().list("bootstrap-request/test/").empty());
}

TEST_P(BootstrapTables, AreAskedForByMaxwellsTable) {
    run({"CREATE TABLE shop.t (id INT PRIMARY KEY)"});
    fill("t", 1500, [](int i) { return std::to_string(i); });
    auto admin = db().connect(db().accounts().admin, within());
    ASSERT_TRUE(admin) << admin.error().what;
    ASSERT_TRUE(cdc::create_request_table(*admin, "maxwell", within()));
    run({// From before the stream's time.
         "INSERT INTO maxwell.bootstrap (database_name, table_name, client_id, comment) VALUES "
         "('shop', 't', 'test', 'early'), ('shop', 't', 'another', 'foreign')"});
    // May write progress there.
    cdc::StreamConfig writing = config();
    writing.credentials = db().accounts().admin;
    auto stream = start_stream(nullptr, writing);
    ASSERT_TRUE(has_line("bootstrap-complete"));
    run({"BEGIN",
         "INSERT INTO maxwell.bootstrap (database_name, table_name, client_id) VALUES ('shop', "
         "'t', "
         "'test')",
         "ROLLBACK",
         "INSERT INTO maxwell.bootstrap (database_name, table_name, client_id, where_clause, "
         "total_rows) VALUES ('shop', 't', 'test', 'id < 10', 10)"});
    ASSERT_TRUE(eventually(kLong, [&] { return count("bootstrap-complete") == 2; }));
    EXPECT_EQ(count(R"("type":"bootstrap-insert")"), 1510u);
    EXPECT_EQ(count(R"("comment":"early")"), 1502u);
    EXPECT_EQ(count("foreign"), 0u);
    EXPECT_EQ(count(R"("database":"maxwell")"), 0u);
    const std::string done =
        "SELECT COUNT(*) FROM maxwell.bootstrap WHERE client_id = 'test' AND is_complete = 1 AND "
        "completed_at IS NOT NULL AND started_at IS NOT NULL";
    EXPECT_TRUE(eventually(kLong, [&] { return value(done) == "2"; }));
    EXPECT_EQ(value("SELECT GROUP_CONCAT(inserted_rows ORDER BY id) FROM maxwell.bootstrap"),
              "1500,0,10");
}

INSTANTIATE_TEST_SUITE_P(Releases, BootstrapTables, testing::ValuesIn(test::server_releases()),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
