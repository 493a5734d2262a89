#include "cdc/render/table_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::ColumnType;
using wire::MapColumn;

// A table map as binlog_row_metadata=NO_LOG has it.
wire::TableMap bare_map(std::vector<MapColumn> columns) {
    return {.table_id = 7, .database = "shop", .table = "item", .columns = std::move(columns)};
}

TableDefinition definition(std::vector<ColumnDefinition> columns) {
    return {.database = "shop", .table = "item", .columns = std::move(columns)};
}

std::vector<std::string> labels_of(const ColumnPlan& column) {
    std::vector<std::string> labels;
    for (const Literal& label : column.labels) labels.emplace_back(label.view());
    return labels;
}

TEST(TablePlan, NeedsADefinitionWhenTheMapHasNoNames) {
    const auto map = bare_map({{.type = ColumnType::long_int}});
    EXPECT_TRUE(needs_definition(map));
    const auto plan = make_table_plan(map, nullptr);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Errc::not_found);
    EXPECT_THAT(plan.error().what, HasSubstr("binlog_row_metadata=FULL"));
}

TEST(TablePlan, TakesNamesSignsAndKeyFromTheDefinition) {
    const auto map = bare_map({{.type = ColumnType::long_int},
                               {.type = ColumnType::long_long},
                               {.type = ColumnType::tiny}});
    auto table = definition({{.name = "a\"b", .column_type = "int(10) unsigned"},
                             {.name = "c", .column_type = "bigint(20)"},
                             {.name = "z", .column_type = "tinyint(3) unsigned zerofill"}});
    table.primary_key = {"c", "a\"b"};
    const auto plan = make_table_plan(map, &table);
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_EQ(plan->columns[0].literal.view(), ",\"a\\\"b\":");
    EXPECT_EQ(plan->columns[0].kind, ValueKind::uint32);
    EXPECT_EQ(plan->columns[1].kind, ValueKind::int64);
    EXPECT_EQ(plan->columns[2].kind, ValueKind::uint8);
    EXPECT_THAT(plan->primary_key, ElementsAre(1, 0));
    EXPECT_EQ(plan->primary_key_columns, "[\"c\",\"a\\\"b\"]");
    EXPECT_EQ(plan->head.view(), "{\"database\":\"shop\",\"table\":\"item\"");
}

TEST(TablePlan, KnowsTheHiddenPeriodOfASystemVersionedTable) {
    const MapColumn moment{.type = ColumnType::timestamp, .meta = 6};
    const auto table = definition({{.name = "id", .column_type = "int(11)"}});
    const auto map = bare_map({{.type = ColumnType::long_int}, moment, moment});
    const auto plan = make_table_plan(map, &table);
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_EQ(plan->columns[1].name, "row_start");
    EXPECT_EQ(plan->columns[2].name, "row_end");

    const MapColumn second{.type = ColumnType::timestamp, .meta = 0};
    EXPECT_FALSE(make_table_plan(bare_map({{.type = ColumnType::long_int}, moment}), &table));
    EXPECT_FALSE(
        make_table_plan(bare_map({{.type = ColumnType::long_int}, moment, second}), &table));
    auto of_mysql = map;
    of_mysql.mysql = true;
    EXPECT_FALSE(make_table_plan(of_mysql, &table));
}

TEST(TablePlan, KnowsTheHiddenHashesOfLongKeys) {
    const MapColumn hash{.type = ColumnType::long_long};
    const MapColumn moment{.type = ColumnType::timestamp, .meta = 6};
    auto table = definition({{.name = "id", .column_type = "int(11)"}});
    const auto map = bare_map({{.type = ColumnType::long_int}, hash, hash});
    EXPECT_TRUE(may_have_hashes(map, table));
    EXPECT_FALSE(may_have_hashes(bare_map({{.type = ColumnType::long_int}}), table));
    // Not asked for, or of another number than the server's keys: an unknown column.
    for (const std::size_t keys : {0, 1, 3}) {
        table.hashes = keys;
        EXPECT_FALSE(make_table_plan(map, &table)) << keys;
    }
    table.hashes = 2;
    EXPECT_EQ(make_table_plan(map, &table).value().hashes, 2u);
    const auto versioned = bare_map({{.type = ColumnType::long_int}, moment, moment, hash, hash});
    EXPECT_EQ(make_table_plan(versioned, &table).value().hashes, 2u);
    EXPECT_EQ(make_table_plan(versioned, &table).value().columns[2].name, "row_end");
    EXPECT_FALSE(make_table_plan(bare_map({{.type = ColumnType::long_int}, moment, hash}), &table));
    EXPECT_FALSE(make_table_plan(bare_map({hash}), &table));
}

TEST(TablePlan, KnowsHiddenHashesByTheirNames) {
    const MapColumn hash{.type = ColumnType::long_long, .is_unsigned = true};
    auto map = bare_map({{.type = ColumnType::long_int, .name = "id"}, hash, hash});
    map.has_names = true;
    map.columns[1].name = "DB_ROW_HASH_1";
    map.columns[2].name = "DB_ROW_HASH_2";
    EXPECT_TRUE(wants_definition(map));
    EXPECT_EQ(make_table_plan(map, nullptr).value().hashes, 2u);
    auto aligned = definition({{.name = "id", .column_type = "int(11)"},
                               {.name = "DB_ROW_HASH_1", .column_type = "bigint(20) unsigned"},
                               {.name = "DB_ROW_HASH_2"}});
    EXPECT_EQ(make_table_plan(map, &aligned).value().hashes, 1u);
    map.columns[2].is_unsigned = false;
    EXPECT_EQ(make_table_plan(map, nullptr).value().hashes, 0u);
    map.columns[2].is_unsigned = true;
    map.mysql = true;
    EXPECT_EQ(make_table_plan(map, nullptr).value().hashes, 0u);
}

TEST(TablePlan, UndoesTheQuotingOfLabels) {
    const auto map = bare_map(
        {{.type = ColumnType::enumeration, .meta = 1}, {.type = ColumnType::set, .meta = 1}});
    const auto table =
        definition({{.name = "e", .column_type = "enum('a','b''c','d\\\\e','x,y','','n\\n')"},
                    {.name = "s", .column_type = "set('p','q)')"}});
    const auto plan = make_table_plan(map, &table);
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_THAT(labels_of(plan->columns[0]),
                ElementsAre("\"a\"", "\"b'c\"", "\"d\\\\e\"", "\"x,y\"", "\"\"", "\"n\\n\""));
    EXPECT_THAT(labels_of(plan->columns[1]), ElementsAre("\"p\"", "\"q)\""));
}

TEST(TablePlan, TellsStringsApart) {
    const auto map = bare_map({{.type = ColumnType::string, .meta = 16},
                               {.type = ColumnType::string, .meta = 16},
                               {.type = ColumnType::string, .meta = 16},
                               {.type = ColumnType::string, .meta = 4},
                               {.type = ColumnType::string, .meta = 300},
                               {.type = ColumnType::blob, .meta = 4},
                               {.type = ColumnType::blob, .meta = 4},
                               {.type = ColumnType::varchar, .meta = 300},
                               {.type = ColumnType::varchar, .meta = 30}});
    const auto table =
        definition({{.name = "b", .column_type = "binary(16)"},
                    {.name = "u", .column_type = "uuid"},
                    {.name = "i6", .column_type = "inet6"},
                    {.name = "i4", .column_type = "inet4"},
                    {.name = "c", .column_type = "char(100)", .charset = "utf8mb3"},
                    {.name = "j", .column_type = "longtext", .charset = "utf8mb4", .json = true},
                    {.name = "l", .column_type = "longtext", .charset = "utf8mb4"},
                    {.name = "v", .column_type = "varchar(300)", .charset = "latin1"},
                    {.name = "vb", .column_type = "varbinary(30)"}});
    const auto plan = make_table_plan(map, &table);
    ASSERT_TRUE(plan) << plan.error().what;
    std::vector<ValueKind> kinds;
    for (const ColumnPlan& column : plan->columns) kinds.push_back(column.kind);
    EXPECT_THAT(kinds, ElementsAre(ValueKind::binary_fixed, ValueKind::uuid, ValueKind::inet6,
                                   ValueKind::inet4, ValueKind::text, ValueKind::json,
                                   ValueKind::text, ValueKind::text_other, ValueKind::binary));
    EXPECT_EQ(plan->columns[4].length_bytes, 2);
    EXPECT_EQ(plan->columns[8].length_bytes, 1);
}

TEST(TablePlan, RefusesADefinitionOfAnotherTime) {
    const auto map = bare_map({{.type = ColumnType::long_int}, {.type = ColumnType::tiny}});
    const auto fewer = definition({{.name = "a", .column_type = "int(11)"}});
    EXPECT_EQ(make_table_plan(map, &fewer).error().code, Errc::conflict);
    const auto other = definition(
        {{.name = "a", .column_type = "int(11)"}, {.name = "b", .column_type = "varchar(10)"}});
    const auto plan = make_table_plan(map, &other);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Errc::conflict);
    EXPECT_THAT(plan.error().what, HasSubstr("column b is varchar(10)"));
}

TEST(TablePlan, RefusesADefinitionWithOtherNamesThanTheMap) {
    auto map = bare_map({{.type = ColumnType::long_int, .name = "old"}});
    map.has_names = map.has_signs = true;
    const auto renamed = definition({{.name = "new", .column_type = "int(11)"}});
    EXPECT_EQ(make_table_plan(map, &renamed).error().code, Errc::conflict);
    EXPECT_TRUE(make_table_plan(map, nullptr));
}

TEST(TablePlan, NamesWhatItCannotRender) {
    const auto map = bare_map({{.type = ColumnType::varchar, .meta = 10}});
    const auto table =
        definition({{.name = "v", .column_type = "varchar(10)", .charset = "klingon"}});
    const auto plan = make_table_plan(map, &table);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, Errc::invalid);
    EXPECT_THAT(plan.error().what, HasSubstr("klingon"));
    EXPECT_THAT(plan.error().what, HasSubstr("shop.item"));
}

TEST(TablePlan, RefusesFractionsInTheOldTemporalFormat) {
    const auto map = bare_map({{.type = ColumnType::datetime_old}});
    const auto whole = definition({{.name = "d", .column_type = "datetime /* mariadb-5.3 */"}});
    EXPECT_TRUE(make_table_plan(map, &whole));
    const auto parts = definition({{.name = "d", .column_type = "datetime(3) /* mariadb-5.3 */"}});
    EXPECT_EQ(make_table_plan(map, &parts).error().code, Errc::invalid);
}

TEST(TablePlan, WantsADefinitionForWhatOnlyItTellsApart) {
    auto map = bare_map({{.type = ColumnType::long_int}});
    map.has_names = map.has_signs = map.has_charsets = true;
    EXPECT_FALSE(wants_definition(map));
    map.columns.push_back({.type = ColumnType::string, .meta = 16, .collation = 63});
    EXPECT_TRUE(wants_definition(map)) << "it could be a UUID";
    map.columns.back() = {.type = ColumnType::blob, .meta = 4, .collation = 46};
    EXPECT_TRUE(wants_definition(map)) << "it could be JSON";
    map.columns.back() = {.type = ColumnType::blob, .meta = 2, .collation = 46};
    EXPECT_FALSE(wants_definition(map));
}

}  // namespace
}  // namespace evenkeel::cdc
