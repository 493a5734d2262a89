#include "sql/connection.h"

#include <gtest/gtest.h>

namespace evenkeel::sql {
namespace {

TEST(SqlTable, CellsByColumnName) {
    const Table table{.columns = {"a", "b"}, .rows = {{"1", std::nullopt}}};
    EXPECT_EQ(table.get(0, "a"), "1");
    EXPECT_EQ(table.get(0, "b"), std::nullopt);
    EXPECT_EQ(table.get(0, "c"), std::nullopt);
    EXPECT_EQ(table.get(1, "a"), std::nullopt);
    EXPECT_EQ(table.text(0, "b"), "");
}

TEST(SqlQuote, EscapesWhatEndsALiteral) {
    EXPECT_EQ(quote("db1"), "'db1'");
    EXPECT_EQ(quote("it's \\ here\n"), "'it\\'s \\\\ here\\n'");
}

TEST(SqlConnection, WithoutServerIsNotConnected) {
    Connection connection;
    EXPECT_FALSE(connection.connected());
    EXPECT_EQ(connection.socket(), -1);
    EXPECT_EQ(connection.release_socket(), -1);
    const auto answer = connection.query("SELECT 1", {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace evenkeel::sql
