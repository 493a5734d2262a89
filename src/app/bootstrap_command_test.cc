#include "app/bootstrap_command.h"

#include <gtest/gtest.h>

namespace evenkeel::app {
namespace {

using Values = std::map<std::string, std::string>;

TEST(BootstrapPlan, TakesTheFileUnderTheCommandLine) {
    const auto plan = plan_bootstrap(
        {.values = {{"database", "shop"}, {"table", "a,b%"}, {"port", "3307"}}},
        "host=db1\nport=3306\nuser=m\npassword=s=1\nclient_id=orders\nproducer=kafka\n", "");
    ASSERT_TRUE(plan) << plan.error().what;
    EXPECT_EQ(plan->server.str(), "db1:3307");
    EXPECT_EQ(plan->credentials.password, "s=1");
    EXPECT_EQ(plan->client_id, "orders");
    EXPECT_EQ(plan->schema_database, "maxwell");
    EXPECT_FALSE(plan->by_api);
}

TEST(BootstrapPlan, GoesThroughTheApiWhenThatIsSaid) {
    const Values table{{"database", "shop"}, {"table", "t"}};
    Values with_api = table;
    with_api["api"] = "http://n1:3000";
    Values with_host = table;
    with_host["host"] = "db1";
    EXPECT_FALSE(plan_bootstrap({.values = table}, "", "")->by_api);
    EXPECT_TRUE(plan_bootstrap({.values = table}, "", "http://n1:3000")->by_api);
    EXPECT_TRUE(plan_bootstrap({.values = with_api}, "", "")->by_api);
    EXPECT_FALSE(plan_bootstrap({.values = with_host}, "", "http://n1:3000")->by_api);
    EXPECT_FALSE(plan_bootstrap({.values = table}, "host=db1\n", "http://n1:3000")->by_api);
}

TEST(BootstrapPlan, SaysWhatIsMissing) {
    EXPECT_FALSE(plan_bootstrap({}, "", ""));
    EXPECT_FALSE(plan_bootstrap({.values = {{"database", "shop"}}}, "", ""));
    EXPECT_FALSE(
        plan_bootstrap({.values = {{"database", "shop"}, {"table", "t"}, {"port", "x"}}}, "", ""));
    EXPECT_TRUE(plan_bootstrap({.list = true}, "", ""));
    EXPECT_TRUE(plan_bootstrap({.values = {{"abort", "row-3"}}}, "", ""));
}

TEST(BootstrapProgress, IsALine) {
    cdc::BootstrapJob job{.request = {.database = "shop", .table = "item"}, .total_rows = 2000};
    EXPECT_EQ(progress_line(job, 5000, false), "shop.item waits for the stream");
    job.state = cdc::JobState::running;
    job.started_ms = 3000;
    job.inserted_rows = 900;
    job.dropped_rows = 100;
    EXPECT_EQ(progress_line(job, 5000, false),
              "shop.item 50 %, 1000 of 2000 rows, 500 rows/s, 2.0 s left");
    EXPECT_NE(progress_line(job, 5000, true).find("[===============               ] 50 %"),
              std::string::npos);
    job.state = cdc::JobState::complete;
    EXPECT_EQ(progress_line(job, 5000, true), "shop.item complete, 1000 rows");
}

}  // namespace
}  // namespace evenkeel::app
