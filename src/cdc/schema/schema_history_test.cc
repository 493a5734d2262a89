#include "cdc/schema/schema_history.h"

#include <gmock/gmock.h>

#include <map>

#include "cdc/schema/ddl_parser.h"
#include "cdc/schema/ddl_record.h"
#include "cdc/schema/query_context.h"

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SchemaHistoryTest : public testing::Test {
protected:
    void SetUp() override {
        Schema schema;
        schema.put_database("d", "latin1");
        history_.resume(std::move(schema), 7);
    }

    std::vector<SchemaChange> apply(const std::string& statement) {
        const auto ddl = parse_ddl(statement, {.database = "d"});
        EXPECT_TRUE(ddl);
        return history_.apply(*ddl, {});
    }

    // "version name", with "-" in front of what is gone.
    std::vector<std::string> pending() const {
        std::vector<std::string> found;
        for (const SchemaDelta& delta : history_.pending()) {
            const bool gone = !delta.table && !delta.charset;
            found.push_back((gone ? "-" : "") + std::to_string(delta.version) + " " +
                            delta.name.str());
        }
        return found;
    }

    SchemaHistory history_;
};

TEST_F(SchemaHistoryTest, CountsOnlyWhatChangesSomething) {
    apply("CREATE TABLE t (a INT)");
    EXPECT_EQ(history_.version(), 8u);
    apply("ALTER TABLE t ADD INDEX (a)");
    apply("CREATE TABLE IF NOT EXISTS t (b INT)");
    EXPECT_EQ(history_.version(), 8u);
    EXPECT_THAT(pending(), ElementsAre("8 d.t"));
}

TEST_F(SchemaHistoryTest, KeepsWhatIsNewerThanTheCheckpoint) {
    apply("CREATE TABLE t (a INT)");
    apply("ALTER TABLE t ADD b INT");
    history_.stored(8);
    EXPECT_THAT(pending(), ElementsAre("9 d.t"));
    history_.stored(9);
    EXPECT_THAT(pending(), IsEmpty());
}

TEST_F(SchemaHistoryTest, ASwapChangesBothTables) {
    apply("CREATE TABLE a (x INT)");
    apply("CREATE TABLE b (y INT)");
    history_.stored(9);
    apply("RENAME TABLE a TO c, b TO a, c TO b");
    std::map<std::string, std::string> last;
    for (const SchemaDelta& delta : history_.pending()) {
        last[delta.name.table] = delta.table ? delta.table->columns.at(0).name : "gone";
    }
    EXPECT_THAT(last,
                ElementsAre(std::pair("a", "y"), std::pair("b", "x"), std::pair("c", "gone")));
}

TEST_F(SchemaHistoryTest, ATableOfALaterTimeIsReplacedOnlyByItsCreation) {
    Schema schema;
    schema.put_database("d", "latin1");
    SchemaTable later{.database = "d", .name = "t", .charset = "latin1"};
    later.columns.push_back({.name = "b", .column_type = "int"});
    later.knowledge = Knowledge::later;
    schema.put(later);
    history_.begin(std::move(schema));
    apply("ALTER TABLE t CHANGE a b INT");
    apply("RENAME TABLE s TO t");
    EXPECT_EQ(*history_.schema().find({"d", "t"}), later);
    apply("CREATE TABLE t (a INT)");
    EXPECT_EQ(history_.schema().find({"d", "t"})->knowledge, Knowledge::exact);
}

TEST(Schema, TableGoesThroughJson) {
    SchemaTable table{.database = "d/1", .name = "t\"x", .charset = "utf8mb4"};
    table.columns = {{.name = "a", .column_type = "enum('x','y''z')", .charset = "latin1"},
                     {.name = "Ä", .column_type = "longtext", .charset = "utf8mb4", .json = true},
                     {.name = "c", .column_type = "int", .generated = true, .invisible = true}};
    table.primary_key = {"a", "c"};
    table.knowledge = Knowledge::unknown;
    table.why = "a statement";
    const auto again = schema_table_from_json(to_json(table));
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_EQ(*again, table);
    for (const char* damaged : {"", "[]", "{}", "{\"format\":2}", "{\"format\":1,\"table\":3}"}) {
        EXPECT_FALSE(schema_table_from_json(damaged)) << damaged;
    }
}

TEST(Schema, NamesFollowTheServersCase) {
    for (const auto name_case : {NameCase::exact, NameCase::lowered, NameCase::compared}) {
        Schema schema(name_case);
        schema.put_database("Shop", "latin1");
        schema.put({.database = "Shop", .name = "Item"});
        const bool found = schema.find({"shop", "ITEM"}) != nullptr;
        EXPECT_EQ(found, name_case != NameCase::exact);
        const SchemaTable* table = schema.find({"Shop", "Item"});
        ASSERT_NE(table, nullptr);
        EXPECT_EQ(table->name, name_case == NameCase::lowered ? "item" : "Item");
    }
    EXPECT_TRUE(same_name("STRASSE Ärger ΩЖ", "strasse ärger ωж"));
    EXPECT_FALSE(same_name("a", "ä"));
}

TEST(QueryContext, KnowsTheServerByItsVersion) {
    EXPECT_EQ(dialect_of_server("10.11.4-MariaDB-log").version, 101104u);
    EXPECT_TRUE(dialect_of_server("5.5.5-10.6.1-MariaDB").mariadb);
    EXPECT_EQ(dialect_of_server("5.5.5-10.6.1-MariaDB").version, 100601u);
    EXPECT_EQ(dialect_of_server("8.0.33").version, 80033u);
    EXPECT_FALSE(dialect_of_server("5.7.22-log").mariadb);
}

TEST(QueryContext, ReadsTheStatementAsItsSessionDid) {
    const wire::Query query{.schema = "d",
                            .statement = "CREATE TABLE \"t\xE4\" (a INT)",
                            .sql_mode = 4,
                            .client_collation = 8,  // latin1_swedish_ci
                            .server_collation = 45};
    const auto context = query_context(query, {});
    ASSERT_TRUE(context) << context.error().what;
    EXPECT_EQ(context->server_charset, "utf8mb4");
    const auto ddl = parse_ddl(context->statement, context->ddl);
    ASSERT_TRUE(ddl);
    EXPECT_EQ(tables_of(*ddl).at(0).str(), "d.tä");
}

TEST(QueryContext, AFailedStatementIsNotTrusted) {
    const auto drop = parse_ddl("DROP TABLE a, b", {.database = "d"});
    EXPECT_TRUE(std::holds_alternative<DropTables>(after_failure(*drop, 1051)));
    const auto alter = parse_ddl("ALTER TABLE a ADD b INT", {.database = "d"});
    const Ddl doubt = after_failure(*alter, 1317);
    EXPECT_EQ(std::get<NotUnderstood>(doubt).tables.at(0).str(), "d.a");
}

}  // namespace
}  // namespace evenkeel::cdc
