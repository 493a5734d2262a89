#include "cdc/options.h"

#include <gmock/gmock.h>

#include <cstring>
#include <set>

namespace evenkeel::cdc {
namespace {

TEST(Options, SetTheConfiguration) {
    const auto config = stream_config_from({{"host", "db1"},
                                            {"port", "3307"},
                                            {"client_id", "shop"},
                                            {"producer", "file"},
                                            {"output_file", "/tmp/x"},
                                            {"output_nulls", "false"},
                                            {"output_row_query", ""},
                                            {"include_databases", "a, b"},
                                            {"init_position", "binlog.000001:4"}});
    ASSERT_TRUE(config) << config.error().what;
    EXPECT_EQ(config->server.str(), "db1:3307");
    EXPECT_EQ(config->name, "shop");
    EXPECT_EQ(config->producer, Producer::file);
    EXPECT_FALSE(config->output.nulls);
    EXPECT_TRUE(config->output.row_query);
    EXPECT_THAT(config->include_databases, testing::ElementsAre("a", "b"));
}

TEST(Options, SuggestTheNearestName) {
    const auto config = stream_config_from({{"output_fle", "x"}});
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().what, testing::HasSubstr("output_file"));
}

TEST(Options, RefuseBadValues) {
    using Values = std::map<std::string, std::string>;
    for (const Values& values :
         {Values{{"port", "0"}}, Values{{"port", "x"}}, Values{{"producer", "kafka"}},
          Values{{"output_nulls", "maybe"}}, Values{{"init_position", "binlog"}},
          Values{{"init_gtid", "1-2"}}, Values{{"client_id", "a/b"}}, Values{{"producer", "file"}},
          Values{{"output_file", "x"}}, Values{{"init_gtid", "0-1-2"}, {"init_position", "f:4"}}}) {
        const auto config = stream_config_from(values);
        EXPECT_FALSE(config) << values.begin()->first << "=" << values.begin()->second;
    }
}

// Help and behaviour come from one table: what it says is the default has to be it.
TEST(Options, StateTheirDefaults) {
    std::set<std::string> names;
    for (const Option& option : stream_options()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_FALSE(option.help.empty()) << option.name;
        if (!option.is_switch) continue;
        StreamConfig as_said;
        ASSERT_TRUE(option.set(as_said, option.default_text));
        const StreamConfig fresh;
        EXPECT_EQ(std::memcmp(&as_said.output, &fresh.output, sizeof fresh.output), 0)
            << option.name;
    }
}

}  // namespace
}  // namespace evenkeel::cdc
