// Bootstraps of real tables while they are written to: whoever applies the lines in order has what
// the server has, whatever dies in between.
#include <fmt/core.h>
#include <signal.h>
#include <stdlib.h>

#include <random>
#include <regex>

#include "cdc/bootstrap/request_table.h"
#include "io/process.h"
#include "tests/integration/bootstrap_fixture.h"

namespace evenkeel {
namespace {

using cdc::JobState;
using test::eventually;
using test::kLong;
using test::OneNode;
using test::Writer;

constexpr int kRows = 20'000;
constexpr const char* kItemJson = R"(CONCAT('{"id":', id, ',"n":', n, ',"pad":"', pad, '"}'))";

std::uint32_t below(std::mt19937& random, std::uint32_t limit) {
    return static_cast<std::uint32_t>(random() % limit);
}

// Everything that can happen to a row, also in transactions that are undone.
std::vector<std::string> change_items(std::mt19937& random) {
    const int id = static_cast<int>(below(random, kRows + 1000));
    const std::uint32_t n = below(random, 1'000'000);
    switch (below(random, 8)) {
        case 0: return {fmt::format("INSERT INTO shop.item VALUES ({}, {}, 'new')", id, n)};
        case 1: return {fmt::format("DELETE FROM shop.item WHERE id = {}", id)};
        case 2:
            return {fmt::format("UPDATE shop.item SET id = {} WHERE id = {}",
                                below(random, kRows + 1000), id)};
        case 3:
            return {"BEGIN",
                    fmt::format("UPDATE shop.item SET n = {} WHERE id BETWEEN {} AND {}", n, id,
                                id + 1000),
                    fmt::format("REPLACE INTO shop.item VALUES ({}, 5, 'replaced')", id), "COMMIT"};
        case 4:
            return {"BEGIN", fmt::format("DELETE FROM shop.item WHERE id = {}", id), "ROLLBACK"};
        case 5:
            return {"BEGIN",
                    fmt::format("UPDATE shop.item SET n = {} WHERE id = {}", n, id),
                    "SAVEPOINT s",
                    fmt::format("DELETE FROM shop.item WHERE id BETWEEN {} AND {}", id, id + 20),
                    "ROLLBACK TO s",
                    "COMMIT"};
        default: return {fmt::format("UPDATE shop.item SET n = {} WHERE id = {}", n, id)};
    }
}

// Slow enough to be stopped in the middle, several times.
void pace(cdc::StreamConfig& config) {
    config.checkpoint_interval = Millis{30};
    config.bootstrap_chunk_rows = 200;
    config.bootstrap_rows_per_second = 20'000;
}

class Bootstrap : public test::BootstrapTest {
protected:
    void make_items() {
        const std::string digit =
            "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT "
            "4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION "
            "ALL SELECT 9)";
        run({"USE shop", "CREATE TABLE item (id INT PRIMARY KEY, n INT, pad VARCHAR(60))",
             fmt::format("INSERT INTO item SELECT i, i * 7, REPEAT('x', i % 50) FROM (SELECT a.d + "
                         "10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d AS i FROM {0} a, {0} b, "
                         "{0} c, {0} d, {0} e) all_numbers WHERE i < {1}",
                         digit, kRows)});
    }

    // This program again, as a stream that can be killed.
    io::Process start_child() {
        return test::start_stream_child({.test = "BootstrapChild.DISABLED_Runs",
                                         .group = group(),
                                         .port = db().id().port,
                                         .out = out(),
                                         .log = folder_.path() + "/child.log"});
    }
    std::string child_log() const {
        return io::read_file(folder_.path() + "/child.log").value_or("");
    }

    // Through Maxwell's table: another process may have the group's file.
    void ask_by_table() {
        auto admin = db().connect(db().accounts().admin, within());
        ASSERT_TRUE(admin) << admin.error().what;
        ASSERT_TRUE(cdc::create_request_table(*admin, "maxwell", within()));
        ASSERT_TRUE(cdc::insert_request(*admin, "maxwell", "test",
                                        {.database = "shop", .table = "item"}, 0, within()));
    }

    // Whoever ran it: one start, no row twice (keys only grow), and the consumer has the table.
    void expect_once() {
        catch_up();
        expect_same(apply("item", {"id"}), server_rows("item", {"id"}, kItemJson));
        EXPECT_EQ(count("bootstrap-start"), 1u);
        static const std::regex kId(R"re("type":"bootstrap-insert".*"data":\{"id":([0-9]+),)re");
        long last = -1;
        for (const std::string& line : lines()) {
            std::smatch match;
            if (line.find("bootstrap-insert") == std::string::npos) continue;
            ASSERT_TRUE(std::regex_search(line, match, kId)) << line;
            ASSERT_GT(std::stol(match[1]), last);
            last = std::stol(match[1]);
        }
    }
};

// Not a test: the body of the process that is killed.
TEST(BootstrapChild, DISABLED_Runs) {
    if (!test::is_stream_child()) GTEST_SKIP() << "a test starts it";
    test::run_stream_child(pace);
}

TEST_P(Bootstrap, ATableThatIsWrittenToEndsUpRight) {
    make_items();
    OneNode node(group());
    cdc::StreamConfig slow = config();
    // Large chunks: reading one takes long enough that rows of it are surely written meanwhile.
    slow.bootstrap_chunk_rows = kRows / 4;
    auto stream = start_stream(&node, slow);
    Writer first(db(), 1, change_items);
    Writer second(db(), 2, change_items);
    ASSERT_TRUE(
        eventually(kLong, [&] { return first.transactions() > 20 && second.transactions() > 20; }));
    std::uint64_t inserted = 0;
    std::uint64_t dropped = 0;
    // Until the stream itself has printed rows of a chunk meanwhile: that is what is tested.
    for (int round = 0; round < 20 && dropped == 0; ++round) {
        const std::string id = ask(node, {.database = "shop", .table = "item"});
        ASSERT_TRUE(ends(node, id, JobState::complete));
        inserted += job(node, id).inserted_rows;
        dropped += job(node, id).dropped_rows;
    }
    first.stop();
    second.stop();
    catch_up();
    expect_same(apply("item", {"id"}), server_rows("item", {"id"}, kItemJson));
    EXPECT_EQ(inserted, count(R"("type":"bootstrap-insert")"));
    EXPECT_GT(dropped, 0u) << first.transactions() + second.transactions() << " transactions";
}

TEST_P(Bootstrap, LinesAreMaxwells) {
    run({"CREATE TABLE shop.t (id INT PRIMARY KEY, name VARCHAR(20))",
         "INSERT INTO shop.t VALUES (3, 'c'), (1, 'a'), (2, NULL), (4, 'no')"});
    OneNode node(group());
    cdc::StreamConfig all = config();
    all.output.binlog_position = all.output.gtid_position = all.output.server_id = true;
    all.output.primary_keys = all.output.primary_key_columns = all.output.push_timestamp = true;
    auto stream = start_stream(&node, all);
    const std::string id =
        ask(node,
            {.database = "shop", .table = "t", .where = "id < 4 -- few", .comment = "for \"us\""});
    ASSERT_TRUE(ends(node, id, JobState::complete));
    static const std::regex kTimes("\"(ts|push_ts)\":[0-9.]+,");
    std::vector<std::string> plain;
    for (const std::string& line : lines()) {
        plain.push_back(std::regex_replace(line, kTimes, "\"$1\":1,"));
    }
    const auto line = [](const char* type, const std::string& key, const std::string& data) {
        return fmt::format(R"({{"database":"shop","table":"t","type":"{}","ts":1,"push_ts":1,)"
                           R"("comment":"for \"us\"","primary_key":[{}],)"
                           R"("primary_key_columns":["id"],"data":{{{}}}}})",
                           type, key, data);
    };
    EXPECT_THAT(plain, testing::ElementsAre(line("bootstrap-start", "", ""),
                                            line("bootstrap-insert", "1", R"("id":1,"name":"a")"),
                                            line("bootstrap-insert", "2", R"("id":2,"name":null)"),
                                            line("bootstrap-insert", "3", R"("id":3,"name":"c")"),
                                            line("bootstrap-complete", "", "")));
}

TEST_P(Bootstrap, GoesOnWhereAKilledProcessWas) {
    make_items();
    Writer writer(db(), 3, change_items);
    std::string id;
    io::Process child = start_child();
    ASSERT_TRUE(eventually(kLong, [&] {
        return child_log().find("streaming") != std::string::npos;
    })) << child_log();
    ask_by_table();
    std::size_t seen = 0;
    for (int round = 0; round < 4; ++round) {
        ASSERT_TRUE(eventually(kLong, [&] { return count("bootstrap-insert") > seen + 1000; }))
            << child_log();
        child.signal(SIGKILL);
        ASSERT_TRUE(child.wait(io::within(kLong)));
        seen = count("bootstrap-insert");
        ASSERT_EQ(count("bootstrap-complete"), 0u) << "the test was too slow to kill it in time";
        child = start_child();
    }
    ASSERT_TRUE(has_line("bootstrap-complete")) << child_log();
    writer.stop();
    expect_once();
}

TEST_P(Bootstrap, GoesOnWhereAnotherNodeWas) {
    make_items();
    auto engine = coord::open_local_engine(group());
    ASSERT_TRUE(engine) << engine.error().what;
    coord::Coordinator a(**engine, {.node = "a", .incarnation = "1", .ttl = Millis{500}});
    coord::Coordinator b(**engine, {.node = "b", .incarnation = "2", .ttl = Millis{500}});
    ASSERT_TRUE(a.start(within()));
    ASSERT_TRUE(b.start(within()));
    cdc::StreamConfig slow = config();
    pace(slow);
    cdc::StreamService on_a(slow, &a);
    cdc::StreamService on_b(slow, &b);
    on_a.start();
    ASSERT_TRUE(eventually(kLong, [&] { return on_a.report().state == "streaming"; }));
    on_b.start();
    Writer writer(db(), 4, change_items);
    ask_by_table();
    std::size_t seen = 0;
    for (int round = 0; round < 4; ++round) {
        ASSERT_TRUE(eventually(kLong, [&] { return count("bootstrap-insert") > seen + 1000; }))
            << on_a.report().text << "; " << on_b.report().text;
        coord::Coordinator& loser = round % 2 == 0 ? a : b;
        loser.drop("stream/test");
        const cdc::StreamService& next = round % 2 == 0 ? on_b : on_a;
        ASSERT_TRUE(eventually(kLong, [&] { return next.report().state == "streaming"; }))
            << next.report().text;
        loser.want("stream/test");
        seen = count("bootstrap-insert");
        ASSERT_EQ(count("bootstrap-complete"), 0u) << "the test was too slow to stop it in time";
    }
    ASSERT_TRUE(has_line("bootstrap-complete"));
    writer.stop();
    expect_once();
}

INSTANTIATE_TEST_SUITE_P(Releases, Bootstrap, testing::ValuesIn(test::server_releases()),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
