#include "cdc/bootstrap/request.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

TEST(BootstrapRequest, SurvivesTheRoundTrip) {
    const BootstrapRequest request{
        .id = "n-1", .database = "shop", .table = "a,b%", .where = "n > 'ü'", .comment = "\"x\""};
    const auto read = request_from_json(to_json(request));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*read, request);
    const BootstrapRequest end{.id = "n-2", .abort = "n-1"};
    EXPECT_EQ(request_from_json(to_json(end)).value(), end);
}

TEST(BootstrapRequest, WhatIsMissingIsSaid) {
    for (const char* text :
         {"", "[]", "{}", R"({"database":"d"})", R"({"database":"d","table":","})",
          R"({"database":1,"table":"t"})", R"({"database":"d","tabel":"t"})"}) {
        const auto read = request_from_json(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, Errc::invalid) << text;
    }
}

TEST(BootstrapJobs, SurviveTheRoundTrip) {
    std::vector<BootstrapJob> jobs{
        {.request = {.id = "row-7", .row_id = 7, .database = "d", .table = "t"},
         .state = JobState::running,
         .tables = {"t", "u"},
         .table = 1,
         .counted = 2,
         .table_begun = true,
         .key = {"a", "b"},
         .last = {"1", "_utf8mb4 x'61'"},
         .inserted_rows = 9,
         .dropped_rows = 2,
         .total_rows = 20,
         .created_ms = 1,
         .started_ms = 2,
         .file = "b.000001",
         .offset = 4},
        {.request = {.id = "n-1", .database = "d", .table = "x"},
         .state = JobState::failed,
         .error = "there is no x"}};
    const auto read = jobs_from_json(to_json(jobs));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*read, jobs);
    EXPECT_FALSE(jobs_from_json(R"({"format":9,"bootstraps":[]})"));
    EXPECT_FALSE(jobs_from_json("rubbish"));
}

// A line of the bootstrap table, as the stream's own renderer prints it.
std::string line(const std::string& type, const std::string& rest) {
    return R"({"database":"maxwell","table":"bootstrap","type":")" + type +
           R"(","ts":1,"data":{"id":12,"database_name":"shop","table_name":"item",)"
           R"("where_clause":"n > 3","comment":null,)" +
           rest + "}}";
}

TEST(BootstrapRow, IsARequest) {
    const auto request =
        request_from_row(line("insert", R"("is_complete":0,"client_id":"maxwell")"), "maxwell");
    ASSERT_TRUE(request);
    EXPECT_EQ(
        *request,
        (BootstrapRequest{
            .id = "row-12", .row_id = 12, .database = "shop", .table = "item", .where = "n > 3"}));
}

TEST(BootstrapRow, MayBeForAnotherStreamOrNoRequest) {
    const std::string mine = R"("is_complete":0,"client_id":"maxwell")";
    EXPECT_FALSE(request_from_row(line("insert", mine), "orders"));
    EXPECT_FALSE(request_from_row(line("update", mine), "maxwell"));
    EXPECT_FALSE(
        request_from_row(line("insert", R"("is_complete":1,"client_id":"maxwell")"), "maxwell"));
    EXPECT_FALSE(request_from_row("{}", "maxwell"));
    EXPECT_FALSE(request_from_row("", "maxwell"));
}

TEST(BootstrapRow, EndsOneWhenItGoesOrIsDeclaredComplete) {
    for (const auto& [type, rest] :
         {std::pair("delete", R"("is_complete":0,"client_id":"maxwell")"),
          std::pair("update", R"("is_complete":1,"client_id":"maxwell")")}) {
        const auto request = request_from_row(line(type, rest), "maxwell");
        ASSERT_TRUE(request) << type;
        EXPECT_EQ(request->abort, "row-12") << type;
    }
}

TEST(BootstrapTables, AreSeveralOrAPattern) {
    EXPECT_EQ(table_names(" a, b ,,c%"), (std::vector<std::string>{"a", "b", "c%"}));
    EXPECT_TRUE(is_pattern("c%"));
    EXPECT_FALSE(is_pattern("c_1"));
}

}  // namespace
}  // namespace evenkeel::cdc
