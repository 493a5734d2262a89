#include "cdc/checkpoint.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

Checkpoint sample() {
    return {.at = *parse_gtids("0-1-42,7-3-9"),
            .source = "db2:3306",
            .file = "binlog.000003",
            .offset = 5'000'000'000,
            .sink = {.kind = "file", .path = "/var/out \"x\".json", .offset = 77},
            .rows = 12,
            .transactions = 9,
            .epoch = {4}};
}

TEST(Checkpoint, SurvivesItsJson) {
    const auto back = checkpoint_from_json(to_json(sample()));
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, sample());
}

TEST(Checkpoint, SurvivesItsJsonWithEveryKindOfPosition) {
    const FilePosition place{
        .file = "binlog.000007", .offset = 99, .server_uuid = "u", .created = 7};
    for (const BinlogPosition& at :
         {BinlogPosition{}, *parse_gtids("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7:tag:1"),
          BinlogPosition(place)}) {
        for (const std::optional<BinlogPosition>& read_from :
             {std::optional<BinlogPosition>{}, std::optional(*parse_gtids("0-1-3")),
              std::optional(BinlogPosition(place)), std::optional(BinlogPosition{})}) {
            Checkpoint checkpoint = sample();
            checkpoint.at = at;
            checkpoint.read_from = read_from;
            const auto back = checkpoint_from_json(to_json(checkpoint));
            ASSERT_TRUE(back) << back.error().what;
            EXPECT_EQ(*back, checkpoint) << to_json(checkpoint);
        }
    }
}

TEST(Checkpoint, IsReadAsItWasWrittenBeforeMysql) {
    const auto back = checkpoint_from_json(
        R"({"format":1,"gtid":"0-1-42","source":"db2:3306","file":"binlog.000003","pos":7,)"
        R"("sink":{"kind":"file","path":"/x","offset":1},"rows":2,"transactions":3,"epoch":4})");
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->at, *parse_gtids("0-1-42"));
    EXPECT_FALSE(back->read_from);
}

// What an older version does not know must not look to it like what it knows.
TEST(Checkpoint, SaysWhenItNeedsThisVersion) {
    Checkpoint prepared = sample();
    prepared.read_from = *parse_gtids("0-1-40");
    EXPECT_NE(to_json(prepared).find("\"format\":2"), std::string::npos);
    EXPECT_NE(to_json(sample()).find("\"format\":1"), std::string::npos);
}

TEST(Checkpoint, RefusesAnotherFormat) {
    std::string json = to_json(sample());
    json.replace(json.find("\"format\":1"), 10, "\"format\":3");
    const auto back = checkpoint_from_json(json);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, Errc::corrupt);
    EXPECT_NE(back.error().what.find("format 3"), std::string::npos);
}

TEST(Checkpoint, RefusesWhatIsNone) {
    for (const char* text : {"", "[]", "{}", "{\"format\":1}",
                             R"({"format":1,"gtid":"rubbish","source":"","file":"","pos":0,"sink":)"
                             R"({"kind":"","path":"","offset":0},"rows":0,"transactions":0,)"
                             R"("epoch":1})"}) {
        EXPECT_FALSE(checkpoint_from_json(text)) << text;
    }
}

}  // namespace
}  // namespace evenkeel::cdc
