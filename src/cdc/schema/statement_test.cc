#include "cdc/schema/statement.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

StatementKind kind(std::string_view text) {
    return look_at_statement(text).kind;
}

TEST(Statement, KnowsTransactionControl) {
    EXPECT_EQ(kind("BEGIN"), StatementKind::begin);
    EXPECT_EQ(kind("start transaction"), StatementKind::begin);
    EXPECT_EQ(kind("COMMIT"), StatementKind::commit);
    EXPECT_EQ(kind("ROLLBACK"), StatementKind::rollback);
    EXPECT_EQ(kind("RELEASE SAVEPOINT a"), StatementKind::release);
    EXPECT_EQ(kind("XA START X'61',X'',1"), StatementKind::xa_control);
    EXPECT_EQ(kind("XA COMMIT X'61',X'',1"), StatementKind::xa_commit);
    EXPECT_EQ(kind("XA ROLLBACK X'61',X'',1"), StatementKind::xa_rollback);
    EXPECT_EQ(look_at_statement("xa commit  X'61',X'62',7 ;").name, "X'61',X'62',7");
}

TEST(Statement, ReadsTheNameOfASavepoint) {
    EXPECT_EQ(look_at_statement("SAVEPOINT `a``b`").name, "a`b");
    const Statement back = look_at_statement("ROLLBACK TO `a``b`");
    EXPECT_EQ(back.kind, StatementKind::rollback_to);
    EXPECT_EQ(back.name, "a`b");
    EXPECT_EQ(look_at_statement("rollback work to savepoint x").name, "x");
}

TEST(Statement, SeesChangesOfDataBehindCommentsAndSettings) {
    EXPECT_EQ(kind("INSERT INTO t VALUES (1)"), StatementKind::data);
    EXPECT_EQ(kind("/* app */ -- more\n update t set a=1"), StatementKind::data);
    EXPECT_EQ(kind("SET STATEMENT max_statement_time=1 FOR DELETE FROM t"), StatementKind::data);
    EXPECT_EQ(kind("SELECT `d`.`f`()"), StatementKind::data);
    EXPECT_EQ(kind("REPLACE t VALUES (1)"), StatementKind::data);
}

TEST(Statement, FindsTheDatabaseOfAChange) {
    EXPECT_EQ(look_at_statement("INSERT IGNORE INTO `mysql`.`user` VALUES (1)").database, "mysql");
    EXPECT_EQ(look_at_statement("DELETE FROM a . b").database, "a");
    EXPECT_EQ(look_at_statement("UPDATE b SET x=1").database, "");
}

TEST(Statement, TellsTemporaryTablesFromDdl) {
    EXPECT_EQ(kind("CREATE TEMPORARY TABLE t (a INT)"), StatementKind::temporary);
    EXPECT_EQ(kind("CREATE OR REPLACE TEMPORARY TABLE t (a INT)"), StatementKind::temporary);
    EXPECT_EQ(kind("DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `t`"), StatementKind::temporary);
    EXPECT_EQ(kind("CREATE TABLE temporary (a INT)"), StatementKind::other);
    EXPECT_EQ(kind("ALTER TABLE t ADD b INT"), StatementKind::other);
    EXPECT_EQ(kind("TRUNCATE TABLE t"), StatementKind::other);
    EXPECT_EQ(kind(""), StatementKind::other);
}

TEST(Statement, KnowsTheServersOwnDatabases) {
    EXPECT_TRUE(is_system_database("mysql"));
    EXPECT_TRUE(is_system_database("SYS"));
    EXPECT_FALSE(is_system_database("mysql2"));
}

}  // namespace
}  // namespace evenkeel::cdc
