#include "cdc/options/options.h"

#include <gmock/gmock.h>

#include <set>

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Values = std::vector<std::pair<std::string, std::string>>;

Result<StreamOptions> options_of(const Values& values) {
    std::vector<GivenOption> given;
    for (const auto& [name, value] : values) given.push_back({name, value, "--" + name});
    return stream_options_from(given, stream_options());
}

StreamConfig config_of(const Values& values) {
    const auto options = options_of(values);
    EXPECT_TRUE(options) << options.error().what;
    return options ? options->config : StreamConfig{};
}

TEST(Options, SetTheConfiguration) {
    const StreamConfig config = config_of({{"host", "db1"},
                                           {"port", "3307"},
                                           {"client_id", "shop"},
                                           {"producer", "file"},
                                           {"output_file", "/tmp/x"},
                                           {"output_nulls", "false"},
                                           {"output_row_query", ""},
                                           {"output_thread_id", "TRUE "},
                                           {"row_query_max_length", "20"},
                                           {"output_naming_strategy", "underscore_to_camelcase"},
                                           {"exclude_columns", "a,/b.*/"},
                                           {"mask_columns", "*.*.c=hash"},
                                           {"mask_secret", "s"},
                                           {"encrypt", "data"},
                                           {"secret_key", "0123456789abcdef"},
                                           {"filter", "exclude: x.*"},
                                           {"init_position", "binlog.000001:4:17"}});
    EXPECT_EQ(config.server.str(), "db1:3307");
    EXPECT_EQ(config.name, "shop");
    EXPECT_EQ(config.producer, Producer::file);
    EXPECT_FALSE(config.output.nulls);
    EXPECT_TRUE(config.output.row_query);
    EXPECT_TRUE(config.output.thread_id);
    EXPECT_EQ(config.output.row_query_max_length, 20u);
    EXPECT_TRUE(config.output.camel_case);
    EXPECT_TRUE(config.output.exclude_columns.contains("bx"));
    EXPECT_EQ(config.output.mask_columns.of("d", "t", "c"), Mask::hash);
    EXPECT_EQ(config.output.encrypt, Encryption::data);
    EXPECT_FALSE(config.filter.includes("x", "t"));
    EXPECT_EQ(config.init_position, "binlog.000001:4");
    EXPECT_FALSE(config_of({{"include_databases", "a, b"}}).filter.includes("c", "t"));
}

TEST(Options, AreSettledBetweenThreeEndpoints) {
    const StreamConfig main = config_of({{"host", "a"}, {"port", "1"}, {"user", "u"}});
    EXPECT_EQ(main.server.str(), "a:1");
    EXPECT_FALSE(main.schema_server);
    const auto three = options_of({{"host", "a"},
                                   {"port", "1"},
                                   {"user", "u"},
                                   {"password", "p"},
                                   {"replication_host", "b"},
                                   {"replication_user", "r"},
                                   {"ssl", "preferred"},
                                   {"schema_ssl", "VERIFY_IDENTITY"},
                                   {"ssl_ca", "ca.pem"},
                                   {"schema_host", "c"},
                                   {"schema_port", "3"}});
    ASSERT_TRUE(three) << three.error().what;
    EXPECT_EQ(three->config.server.str(), "b:3306");
    EXPECT_EQ(three->config.credentials.user, "r");
    EXPECT_EQ(three->config.credentials.password, "p");
    EXPECT_EQ(three->config.credentials.tls.mode, sql::TlsMode::preferred);
    EXPECT_EQ(three->config.schema_credentials.tls.mode, sql::TlsMode::verify_identity);
    EXPECT_EQ(three->config.schema_credentials.tls.ca, "ca.pem");
    EXPECT_EQ(three->config.schema_server->str(), "c:3");
    EXPECT_EQ(three->config.schema_credentials.user, "r");
    EXPECT_THAT(three->notes, ElementsAre(HasSubstr("host a is not used")));
}

TEST(Options, TheLastOfSeveralCounts) {
    const auto options = stream_options_from(
        {{"port", "x", "f:1"}, {"host", "a", "f:2"}, {"port", "2", "--port"}}, stream_options());
    ASSERT_TRUE(options) << options.error().what;
    EXPECT_EQ(options->config.server.str(), "a:2");
}

TEST(Options, WithoutEffectAreNoted) {
    const auto options = options_of({{"kafka.acks", "all"},
                                     {"jdbc_options", "x"},
                                     {"gtid_mode", "true"},
                                     {"master_recovery", "false"}});
    ASSERT_TRUE(options) << options.error().what;
    EXPECT_THAT(options->notes, ElementsAre(HasSubstr("kafka.acks has no effect"),
                                            HasSubstr("there is no JDBC"), HasSubstr("GTIDs")));
}

TEST(Options, RefuseWithPlaceAndRemedy) {
    struct Case {
        Values values;
        const char* text;
    };
    for (const Case& c : std::initializer_list<Case>{
             {{{"output_fle", "x"}},
              "--output_fle: there is no option output_fle; did you mean "
              "--output_file?"},
             {{{"port", "0"}}, "--port: \"0\" is not valid: say a number"},
             {{{"port", "x"}}, "say a number"},
             {{{"producer", "kafka"}}, "comes in a later release; there are stdout and file"},
             {{{"producer", "kinesis"}}, "there are stdout and file"},
             {{{"output_nulls", "maybe"}}, "say true or false"},
             {{{"init_position", "binlog"}}, "FILE:POSITION"},
             {{{"init_position", "a:1:x"}}, "FILE:POSITION"},
             {{{"init_gtid", "1-2"}}, "GTID"},
             {{{"client_id", "a/b"}}, "slash"},
             {{{"producer", "file"}}, "needs output_file"},
             {{{"output_file", "x"}}, "needs producer=file"},
             {{{"init_gtid", "0-1-2"}, {"init_position", "f:4"}}, "excludes"},
             {{{"filter", "exclude: a"}}, "DATABASE.TABLE"},
             {{{"filter", "exclude: a.b"}, {"include_databases", "a"}}, "exclude each other"},
             {{{"mask_columns", "a.b.c=hash"}}, "needs mask_secret"},
             {{{"encrypt", "data"}, {"secret_key", "short"}}, "16, 24 or 32 bytes"},
             {{{"encrypt", "all"}}, "secret_key"},
             {{{"secret_key", "0123456789abcdef"}}, "needs encrypt"},
             {{{"javascript", "f.js"}}, "there is no script engine"},
             {{{"custom_producer.factory", "x"}}, "a Java class cannot be loaded"},
             {{{"include_dbs", "a"}}, "filter"},
             {{{"dead_letter_topic", "t"}}, "dead_letter_file"},
             {{{"producer_partition_by", "column"}}, "producer_partition_columns"},
             {{{"producer_partition_by", "shape"}}, "say database or table"},
             {{{"schema_user", "u"}}, "need schema_host"},
             {{{"ssl", "yes"}}, "say DISABLED, PREFERRED, REQUIRED"},
             {{{"ssl_cert", "c"}, {"ssl", "REQUIRED"}}, "need each other"},
             {{{"ssl_ca", "c"}}, "need ssl"},
         }) {
        const auto options = options_of(c.values);
        ASSERT_FALSE(options) << c.text;
        EXPECT_THAT(options.error().what, HasSubstr(c.text));
    }
}

TEST(Options, AllThatIsWrongIsSaidAtOnceAndSecretsAreNot) {
    const auto options = stream_options_from({{"prot", "1", "config.properties:3"},
                                              {"port", "x", "config.properties:4"},
                                              {"secret_key", "hidden", "--secret_key"}},
                                             stream_options());
    ASSERT_FALSE(options);
    EXPECT_THAT(options.error().what,
                testing::StartsWith("config.properties:3: there is no option prot; did you mean "
                                    "port?\nconfig.properties:4: \"x\" is not valid"));
    EXPECT_THAT(options.error().what, testing::Not(HasSubstr("hidden")));
}

// Help and behaviour come from one table: what it says is the default has to be it.
TEST(Options, StateTheirDefaults) {
    std::set<std::string> names;
    for (const Option& option : stream_options()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_FALSE(option.help.empty()) << option.name;
        EXPECT_FALSE(option.group.empty()) << option.name;
        EXPECT_EQ(option.set != nullptr, option.status == OptionStatus::supported) << option.name;
    }
    const OutputConfig fresh;
    const std::vector<std::pair<const char*, bool>> switches{
        {"output_commit_info", fresh.commit_info},
        {"output_xoffset", fresh.xoffset},
        {"output_nulls", fresh.nulls},
        {"output_binlog_position", fresh.binlog_position},
        {"output_gtid_position", fresh.gtid_position},
        {"output_server_id", fresh.server_id},
        {"output_thread_id", fresh.thread_id},
        {"output_schema_id", fresh.schema_id},
        {"output_row_query", fresh.row_query},
        {"output_primary_keys", fresh.primary_keys},
        {"output_primary_key_columns", fresh.primary_key_columns},
        {"output_null_zerodates", fresh.null_zerodates},
        {"output_push_timestamp", fresh.push_timestamp},
        {"output_row_id", fresh.row_id},
        {"maxwell_quirks", fresh.maxwell_quirks}};
    for (const auto& [name, on] : switches) {
        const Option* option = find_option(stream_options(), name);
        ASSERT_NE(option, nullptr) << name;
        EXPECT_EQ(option->default_text, on ? "true" : "false") << name;
    }
}

TEST(Options, AreSpeltWithDashesToo) {
    EXPECT_EQ(option_name("output-null-zerodates"), "output_null_zerodates");
    EXPECT_EQ(option_name("kafka.max-poll_x"), "kafka.max-poll_x");
    EXPECT_EQ(find_option(stream_options(), "kafka.acks")->name, "kafka.*");
    EXPECT_EQ(find_option(stream_options(), "kafka"), nullptr);
}

}  // namespace
}  // namespace evenkeel::cdc
