#include "cdc/bootstrap/chunk_plan.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

TableLayout layout_of(const std::vector<std::string>& key) {
    const TableDefinition definition{
        .database = "shop",
        .table = "it`em",
        .columns = {{.name = "a", .column_type = "int(11)"},
                    {.name = "b", .column_type = "varchar(9)", .charset = "latin1"},
                    {.name = "c", .column_type = "float"}}};
    std::optional<KeyDefinition> chosen;
    if (!key.empty()) chosen = {.index = "PRIMARY", .columns = key};
    return *lay_out(definition, chosen);
}

TEST(ChunkQuery, ReadsByKey) {
    EXPECT_EQ(chunk_query(layout_of({"a"}), "", {}, 10),
              "SELECT `a`, `b`, `c` * 1e0 FROM `shop`.`it``em` FORCE INDEX (`PRIMARY`) ORDER BY "
              "`a` LIMIT 10");
    EXPECT_EQ(chunk_query(layout_of({"a"}), "n > 3 -- few", {"7"}, 10),
              "SELECT `a`, `b`, `c` * 1e0 FROM `shop`.`it``em` FORCE INDEX (`PRIMARY`) WHERE `a` > "
              "7 AND (n > 3 -- few\n) ORDER BY `a` LIMIT 10");
    EXPECT_EQ(chunk_query(layout_of({}), "", {}, 0),
              "SELECT `a`, `b`, `c` * 1e0 FROM `shop`.`it``em`");
}

TEST(ChunkQuery, GoesOnBehindACompositeKey) {
    EXPECT_EQ(behind_key({"a"}, {"1"}), "`a` > 1");
    EXPECT_EQ(behind_key({"a", "b", "c"}, {"1", "'x'", "3"}),
              "`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND (`b` > 'x' OR (`b` = 'x' AND `c` > 3))))");
}

TEST(KeyLiteral, ComparesAsItsColumn) {
    const TableLayout layout = layout_of({"a", "b"});
    EXPECT_EQ(key_literal(layout.key[0], "-5"), "-5");
    EXPECT_EQ(key_literal(layout.key[1], "\xE4'"), "_latin1 x'e427'");
    EXPECT_EQ(key_literal({.literal = LiteralKind::unix_time}, "1.5"), "FROM_UNIXTIME(1.5)");
    EXPECT_EQ(key_literal({.literal = LiteralKind::quoted}, "12:00"), "'12:00'");
    EXPECT_EQ(key_literal({.literal = LiteralKind::bytes}, std::string("\0a", 2)), "x'0061'");
}

TEST(ChunkSize, ShrinksAndGrowsBack) {
    ChunkSize size(1000);
    size.refused();
    size.refused();
    EXPECT_EQ(size.rows(), 250u);
    size.taken(250, 25'000);
    EXPECT_EQ(size.rows(), 500u);
    for (int i = 0; i < 20; ++i) size.refused();
    EXPECT_EQ(size.rows(), 1u);
    for (int i = 0; i < 20; ++i) size.taken(size.rows(), 100 * size.rows());
    EXPECT_EQ(size.rows(), 1000u);
}

TEST(ChunkSize, IsBoundedByBytes) {
    ChunkSize size(1000);
    size.taken(1000, 1000 * (kChunkBytesMax / 10));
    EXPECT_EQ(size.rows(), 10u);
    size.taken(10, 10 * 2 * kChunkBytesMax);
    EXPECT_EQ(size.rows(), 1u);
    size.taken(0, 0);
    EXPECT_EQ(size.rows(), 2u);
}

TEST(NextChunk, KeepsTheRate) {
    const Instant start{std::chrono::seconds(100)};
    EXPECT_EQ(next_chunk_at(start, 5000, 0), start);
    EXPECT_EQ(next_chunk_at(start, 5000, 1000), start + Millis(5000));
}

}  // namespace
}  // namespace evenkeel::cdc
