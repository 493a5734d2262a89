#include "cdc/checkpoint.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

Checkpoint sample() {
    return {.gtid = *parse_gtid_position("0-1-42,7-3-9"),
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

TEST(Checkpoint, RefusesAnotherFormat) {
    std::string json = to_json(sample());
    json.replace(json.find("\"format\":1"), 10, "\"format\":2");
    const auto back = checkpoint_from_json(json);
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, Errc::corrupt);
    EXPECT_NE(back.error().what.find("format 2"), std::string::npos);
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
