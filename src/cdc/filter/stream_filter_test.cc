#include "cdc/filter/stream_filter.h"

#include <gmock/gmock.h>

namespace evenkeel::cdc {
namespace {

TEST(StreamFilter, AFactIsReadBack) {
    const FilterFact fact{
        .filter = "exclude: a.\"b\"", .configured = "include: *.*", .revision = 7, .epoch = {3}};
    EXPECT_EQ(filter_fact_from_json(to_json(fact)), fact);
    for (const char* json : {"", "[]", "{}", R"({"format":2,"filter":"","configured":""})"}) {
        const auto read = filter_fact_from_json(json);
        ASSERT_FALSE(read) << json;
        EXPECT_EQ(read.error().code, Errc::corrupt);
    }
}

TEST(StreamFilter, StandsUntilTheConfigurationChanges) {
    const Filter configured = Filter::parse("exclude: a.b").value();
    const FilterFact fact{.filter = "exclude: c.d", .configured = "exclude: a.b"};
    EXPECT_EQ(filter_in_force(configured, {})->text(), "exclude: a.b");
    EXPECT_EQ(filter_in_force(configured, fact)->text(), "exclude: c.d");
    EXPECT_EQ(filter_in_force(Filter::parse("exclude: x.y").value(), fact)->text(), "exclude: x.y");
    const FilterFact bad{.filter = "exclude", .configured = "exclude: a.b"};
    EXPECT_EQ(filter_in_force(configured, bad).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace evenkeel::cdc
