#include "topology/recovery_record.h"

#include <gtest/gtest.h>

#include "topology/verdict.h"

namespace evenkeel::topology {
namespace {

TEST(RecoveryRecord, SurvivesItsJson) {
    RecoveryRecord record{.id = "0017-failover",
                          .kind = "failover",
                          .state = "running",
                          .cluster = "main",
                          .failed = "db1:3306",
                          .successor = "db2:3306",
                          .epoch = 7,
                          .started_ms = 17,
                          .replicas = {"db2:3306", "db3:3306"},
                          .position = "0-1-100",
                          .semi_sync = true,
                          .writes = 3};
    step(record, "fence") = {"fence", "done", "it \"refuses\" \xff", 17, 18};
    step(record, "stop_io").state = "running";
    const auto read = recovery_record_from_json(to_json(record));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(recovery_key(*read), "recovery/main/0017-failover");
    EXPECT_EQ(read->successor, "db2:3306");
    EXPECT_EQ(read->epoch, 7u);
    EXPECT_EQ(read->replicas, record.replicas);
    EXPECT_EQ(read->position, "0-1-100");
    EXPECT_TRUE(read->semi_sync);
    EXPECT_EQ(read->writes, 3u);
    ASSERT_EQ(read->steps.size(), 2u);
    EXPECT_EQ(read->steps[0].state, "done");
    EXPECT_EQ(read->steps[0].finished_ms, 18);
    EXPECT_EQ(read->steps[1].name, "stop_io");
}

TEST(RecoveryRecord, ForeignBytesAreCorrupt) {
    for (const char* text : {"", "7", "{", "{}", R"({"id": 1})"}) {
        const auto read = recovery_record_from_json(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, Errc::corrupt);
    }
}

TEST(VerdictFact, SurvivesItsJson) {
    const VerdictFact fact{"n1", "i1", "db1:3306", "dead", "connection refused", 4};
    const auto read = verdict_fact_from_json(to_json(fact));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->node, "n1");
    EXPECT_EQ(read->incarnation, "i1");
    EXPECT_EQ(read->verdict, "dead");
    EXPECT_EQ(read->count, 4u);
    EXPECT_FALSE(verdict_fact_from_json("{}"));
    EXPECT_FALSE(verdict_fact_from_json("nonsense"));
}

}  // namespace
}  // namespace evenkeel::topology
