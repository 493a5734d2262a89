#include "app/cdc_options.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "app/cli.h"

namespace evenkeel::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Surroundings with_file(const std::string& name, const std::string& text) {
    return {.read_file = [=](const std::string& path) -> Result<std::string> {
                if (path == name) return text;
                return Error{Errc::not_found, "read " + path + ": there is no such file"};
            },
            .environment = {}};
}

CdcArgs args_of(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
    const auto args = cdc_args_from(arguments, surroundings);
    EXPECT_TRUE(args) << args.error().what;
    return args ? *args : CdcArgs{};
}

std::string refusal_of(const std::vector<std::string>& arguments,
                       const Surroundings& surroundings) {
    const auto args = cdc_args_from(arguments, surroundings);
    return args ? "accepted" : args.error().what;
}

constexpr const char* kMaxwells =
    "# tl;dr config\n"
    "log_level=WARN\n"
    "producer=stdout\n"
    "kafka.bootstrap.servers=localhost:9092\n"
    "\n"
    "# mysql login info\n"
    "host=localhost\n"
    "user=maxwell\n"
    "password=max\\u00e9 \n"
    "jdbc_options=autoReconnect=true\n"
    "filter=exclude: *.*, \\\n"
    "       include: shop.*\n";

TEST(CdcOptions, ComeFromMaxwellsFile) {
    for (const auto& arguments : std::initializer_list<std::vector<std::string>>{
             {}, {"--config", "config.properties"}, {"--config=config.properties"}}) {
        const CdcArgs args = args_of(arguments, with_file("config.properties", kMaxwells));
        EXPECT_EQ(args.stream.server.str(), "localhost:3306");
        EXPECT_EQ(args.stream.credentials.user, "maxwell");
        EXPECT_EQ(args.stream.credentials.password, "max\xc3\xa9 ");
        EXPECT_EQ(args.log_level, "warn");
        EXPECT_FALSE(args.stream.filter.includes("other", "t"));
        EXPECT_THAT(args.notes,
                    ElementsAre(HasSubstr("config.properties:4: kafka.bootstrap.servers"),
                                HasSubstr("config.properties:10: jdbc_options")));
    }
}

TEST(CdcOptions, TheCommandLineGoesBeforeTheEnvironmentBeforeTheFile) {
    Surroundings surroundings = with_file(
        "f", "host=file\nport=1\nuser=file\nclient_id=file\nenv_config_prefix=MAXWELL_\n");
    surroundings.environment = {{"MAXWELL_PORT", "2"},
                                {"maxwell_user", "env"},
                                {"MAXWELL_CLIENT_ID", "env"},
                                {"MAXWELL_SERVICE_HOST", "10.0.0.1"},
                                {"CONFIG", R"({"output_nulls": false, "client-id": "json"})"}};
    const CdcArgs args =
        args_of({"--config=f", "--user", "line", "--env_config=CONFIG"}, surroundings);
    EXPECT_EQ(args.stream.server.str(), "file:2");
    EXPECT_EQ(args.stream.credentials.user, "line");
    EXPECT_EQ(args.stream.name, "env");
    EXPECT_FALSE(args.stream.output.nulls);
    EXPECT_THAT(args.notes, ElementsAre(HasSubstr("MAXWELL_SERVICE_HOST: there is no option")));
}

TEST(CdcOptions, AreSpeltAsMaxwellAllows) {
    const Surroundings none = with_file("", "");
    const CdcArgs args =
        args_of({"--output_ddl=false", "--output-server-id", "--output_nulls", "false", "--host",
                 "h", "--output_xoffset=false", "--http_config"},
                none);
    EXPECT_TRUE(args.stream.output.server_id);
    EXPECT_FALSE(args.stream.output.nulls);
    EXPECT_FALSE(args.stream.output.xoffset);
    EXPECT_EQ(args.stream.server.host, "h");
    EXPECT_TRUE(args.http.on);
    EXPECT_TRUE(args.http.config);
    EXPECT_FALSE(args_of({}, none).http.on);
    EXPECT_EQ(args_of({"--metrics_type=slf4j,http", "--http_port=81"}, none).http.port, 81);
}

TEST(CdcOptions, AreRefusedWithTheirPlace) {
    const Surroundings file = with_file("f", "hots=a\n\nport=x\n");
    EXPECT_EQ(refusal_of({"--config=f"}, file),
              "f:1: there is no option hots; did you mean host?\n"
              "f:3: \"x\" is not valid: say a number from 1 to 65535");
    EXPECT_THAT(refusal_of({"--config=g"}, file), HasSubstr("g: there is no such file"));
    EXPECT_THAT(refusal_of({"--prot=1"}, with_file("", "")), HasSubstr("did you mean --port?"));
    EXPECT_THAT(refusal_of({"host"}, with_file("", "")), HasSubstr("expected --OPTION=VALUE"));
    EXPECT_THAT(refusal_of({"--host"}, with_file("", "")), HasSubstr("--host: it needs a value"));
    EXPECT_THAT(refusal_of({"--replay", "--data_dir=d"}, with_file("", "")), HasSubstr("replay"));
    EXPECT_THAT(refusal_of({"--log_level=loud"}, with_file("", "")), HasSubstr("log_level"));
    EXPECT_THAT(refusal_of({"--env_config=X"}, with_file("", "")), HasSubstr("no environment"));
    EXPECT_THAT(refusal_of({"--http_user=a"}, with_file("", "")), HasSubstr("need each other"));
    Surroundings bad = with_file("", "");
    bad.environment = {{"X", "{"}, {"Y", R"({"host": ["a"]})"}, {"Z", R"({"hosst": "a"})"}};
    EXPECT_THAT(refusal_of({"--env_config=X"}, bad), HasSubstr("not a JSON object"));
    EXPECT_THAT(refusal_of({"--env_config=Y"}, bad), HasSubstr("neither text"));
    EXPECT_THAT(refusal_of({"--env_config=Z"}, bad), HasSubstr("environment variable Z: there is"));
}

TEST(CdcOptions, HelpHasAllThatWork) {
    const std::string help = cdc_help();
    for (const cdc::Option& option : cdc_options()) EXPECT_THAT(help, HasSubstr(option.name));
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

}  // namespace
}  // namespace evenkeel::app
