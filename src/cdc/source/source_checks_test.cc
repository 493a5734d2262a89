#include "cdc/source/source_checks.h"

#include <gmock/gmock.h>

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ServerVariables mysql_variables() {
    return {{"version", "8.0.31"},
            {"server_id", "7"},
            {"log_bin", "ON"},
            {"binlog_format", "ROW"},
            {"binlog_checksum", "CRC32"},
            {"binlog_row_image", "FULL"},
            {"log_replica_updates", "ON"},
            {"binlog_row_metadata", "FULL"},
            {"server_uuid", "u"}};
}

struct Case {
    const char* name;
    const char* value;  // Null: the server does not know it.
    const char* refusal;
};

TEST(CheckSettings, RefusesWhatRulesAStreamOut) {
    EXPECT_TRUE(check_settings(mysql_variables()));
    for (const Case& row : {Case{"log_bin", "OFF", "set log_bin"},
                            Case{"binlog_format", "MIXED", "SET GLOBAL binlog_format=ROW"},
                            Case{"server_uuid", nullptr, "MySQL 5.7"}}) {
        ServerVariables variables = mysql_variables();
        variables.erase(row.name);
        if (row.value != nullptr) variables[row.name] = row.value;
        const auto checked = check_settings(variables);
        ASSERT_FALSE(checked) << row.name;
        EXPECT_THAT(checked.error().what, HasSubstr(row.refusal));
    }
}

// MySQL wants to do away with it; without it there is nothing but ROW.
TEST(CheckSettings, DoesNotMissBinlogFormat) {
    ServerVariables variables = mysql_variables();
    variables.erase("binlog_format");
    EXPECT_TRUE(check_settings(variables));
}

TEST(FactsFrom, KnowsBothNamesOfASetting) {
    ServerVariables variables = mysql_variables();
    const SourceFacts facts = facts_from(variables);
    EXPECT_TRUE(facts.logs_replicated);
    EXPECT_TRUE(facts.checksums);
    EXPECT_EQ(facts.server_id, 7u);
    variables.erase("log_replica_updates");
    EXPECT_FALSE(facts_from(variables).logs_replicated);
    variables["log_slave_updates"] = "ON";
    EXPECT_TRUE(facts_from(variables).logs_replicated);
}

TEST(Warnings, SayWhatAServerCosts) {
    SourceFacts facts = facts_from(mysql_variables());
    facts.history = {.kind = PositionKind::mysql_gtid};
    EXPECT_THAT(warnings_of(facts), IsEmpty());
    facts.row_image = "MINIMAL";
    facts.row_metadata = "";
    facts.history = {.kind = PositionKind::file, .gtid_mode = "OFF"};
    EXPECT_THAT(warnings_of(facts), ElementsAre(HasSubstr("MINIMAL"), HasSubstr("does not know"),
                                                HasSubstr("gtid_mode is OFF")));
}

}  // namespace
}  // namespace evenkeel::cdc
