#include "app/cdc_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/exit_status.h"
#include "base/text.h"
#include "cdc/options/properties.h"

namespace evenkeel::app {
namespace {

using cdc::GivenOption;
using cdc::Option;
using cdc::OptionStatus;
using Given = std::vector<GivenOption>;

constexpr const char* kDefaultFile = "config.properties";

Error wrong(std::string what) {
    return {Errc::invalid, std::move(what)};
}

std::vector<Option> process_options() {
    std::vector<Option> options{
        {.group = "General",
         .name = "config",
         .help = "properties file with options",
         .default_text = "config.properties in the working folder, if it is there"},
        {.group = "General",
         .name = "env_config",
         .help = "name of an environment variable that holds options as one JSON object"},
        {.group = "General",
         .name = "env_config_prefix",
         .help = "every environment variable that starts so, in any case, is an option"},
        {.group = "General",
         .name = "log_level",
         .help = "debug, info, warn, error; the log goes to stderr",
         .default_text = "info"},
        {.group = "General", .name = "help", .help = "this text", .is_switch = true},
        {.group = "Position",
         .name = "data_dir",
         .help = "folder for the checkpoint; without it the stream starts anew each time",
         .is_ours = true},
        {.group = "HTTP",
         .name = "http_port",
         .help = "port of the HTTP server, which runs when this, http_config, or metrics_type=http "
                 "is given",
         .default_text = "8080"},
        {.group = "HTTP",
         .name = "http_bind_address",
         .help = "its address",
         .default_text = "all of this host"},
        {.group = "HTTP",
         .name = "http_path_prefix",
         .help = "in front of its paths: /config, /healthcheck, /ping, /metrics, /prometheus",
         .default_text = "/"},
        {.group = "HTTP",
         .name = "http_config",
         .help = "/config shows the filter, and changes it: from this host, or with http_user",
         .default_text = "false",
         .is_switch = true},
        {.group = "HTTP",
         .name = "http_user",
         .help = "who may change the filter from another host (HTTP basic authentication)",
         .is_ours = true},
        {.group = "HTTP",
         .name = "http_password",
         .help = "the password",
         .is_secret = true,
         .is_ours = true},
        {.group = "Metrics",
         .name = "metrics_type",
         .help = "http; slf4j, jmx, datadog and stackdriver have no effect",
         .default_text = "none"},
        {.group = "Metrics",
         .name = "metrics_prefix",
         .help = "in front of the names of metrics",
         .default_text = "MaxwellMetrics"},
    };
    for (const HaOption& option : ha_options()) {
        options.push_back({.group = "High availability",
                           .name = option.name,
                           .help = option.help,
                           .default_text = option.default_text,
                           .is_switch = option.name == "ha",
                           .is_ours = option.name.starts_with("etcd_")});
    }
    return options;
}

// --- where options come from --------------------------------------------------------------------

Result<Given> given_on_command_line(const std::vector<std::string>& arguments) {
    Given given;
    std::vector<std::string> problems;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        if (!argument.starts_with("--") || argument.size() < 3) {
            problems.push_back(fmt::format("{}: expected --OPTION=VALUE", json_quote(argument)));
            continue;
        }
        const std::size_t equals = argument.find('=');
        const std::string spelt = argument.substr(0, equals);
        GivenOption option{.name = cdc::option_name(spelt.substr(2)), .origin = spelt};
        const Option* known = cdc::find_option(cdc_options(), option.name);
        if (equals != std::string::npos) {
            option.value = argument.substr(equals + 1);
        } else if (i + 1 < arguments.size() && !arguments[i + 1].starts_with("--")) {
            option.value = arguments[++i];
        } else if (known != nullptr && !known->is_switch) {
            problems.push_back(fmt::format("{}: it needs a value", spelt));
            continue;
        }
        given.push_back(std::move(option));
    }
    if (!problems.empty()) return wrong(join(problems, "\n"));
    return given;
}

Result<Given> given_in_file(const std::string& path, const std::string& text) {
    const auto properties = cdc::parse_properties(text);
    if (!properties) return wrong(fmt::format("{}:{}", path, properties.error().what));
    Given given;
    for (const cdc::Property& property : *properties) {
        given.push_back({.name = cdc::option_name(trim(property.key)),
                         .value = property.value,
                         .origin = fmt::format("{}:{}", path, property.line)});
    }
    return given;
}

Result<Given> given_in_json(const std::string& variable, const std::string& text) {
    const std::string origin = "environment variable " + variable;
    const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
    if (!json.is_object()) return wrong(origin + ": it is not a JSON object");
    Given given;
    for (const auto& [name, value] : json.items()) {
        if (value.is_structured() || value.is_null()) {
            return wrong(fmt::format("{}: {} is neither text, number nor boolean", origin, name));
        }
        given.push_back({.name = cdc::option_name(name),
                         .value = value.is_string() ? value.get<std::string>() : value.dump(),
                         .origin = origin});
    }
    return given;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return result;
}

// Others put variables there too, so what is no option is passed over: Kubernetes has a
// MAXWELL_SERVICE_HOST for every service of that name.
Given given_in_environment(const std::string& prefix, const Surroundings& surroundings,
                           std::vector<std::string>& notes) {
    Given given;
    for (const auto& [variable, value] : surroundings.environment) {
        if (!lower(variable).starts_with(lower(prefix))) continue;
        const std::string name = cdc::option_name(lower(variable).substr(prefix.size()));
        if (cdc::find_option(cdc_options(), name) == nullptr) {
            notes.push_back(
                fmt::format("environment variable {}: there is no option {}", variable, name));
            continue;
        }
        given.push_back(
            {.name = name, .value = value, .origin = "environment variable " + variable});
    }
    return given;
}

std::string value_of(const Given& given, std::string_view name) {
    std::string value;
    for (const GivenOption& option : given) {
        if (option.name == name) value = option.value;
    }
    return value;
}

bool has(const Given& given, std::string_view name) {
    return std::any_of(given.begin(), given.end(),
                       [&](const GivenOption& option) { return option.name == name; });
}

void append(Given& to, Given more) {
    for (GivenOption& option : more) to.push_back(std::move(option));
}

// All that was given, the strongest last.
Result<Given> gather(const std::vector<std::string>& arguments, const Surroundings& surroundings,
                     std::vector<std::string>& notes) {
    EK_TRY(const Given line, given_on_command_line(arguments));
    Given all;
    const std::string file = has(line, "config") ? value_of(line, "config") : kDefaultFile;
    const auto text = surroundings.read_file(file);
    if (text) {
        EK_TRY(all, given_in_file(file, *text));
    } else if (has(line, "config") || text.error().code != Errc::not_found) {
        return wrong("--config: " + text.error().what);
    }
    const auto pick = [&](const char* name) {
        return has(line, name) ? value_of(line, name) : value_of(all, name);
    };
    const std::string variable = pick("env_config");
    const std::string prefix = pick("env_config_prefix");
    if (!variable.empty()) {
        const auto found = surroundings.environment.find(variable);
        if (found == surroundings.environment.end()) {
            return wrong(fmt::format("env_config: there is no environment variable {}", variable));
        }
        EK_TRY(Given json, given_in_json(variable, found->second));
        append(all, std::move(json));
    }
    if (!prefix.empty()) append(all, given_in_environment(prefix, surroundings, notes));
    append(all, line);
    return all;
}

// --- options of the process ---------------------------------------------------------------------

Result<std::string> log_level_of(const Given& given) {
    if (!has(given, "log_level")) return std::string("info");
    const std::string level = lower(trim(value_of(given, "log_level")));
    for (const char* known : {"debug", "info", "warn", "error"}) {
        if (level == known) return level;
    }
    return wrong(fmt::format("log_level: {} is not valid: say debug, info, warn or error",
                             json_quote(level)));
}

Result<CdcHttp> http_of(const Given& given, std::vector<std::string>& notes) {
    CdcHttp http;
    for (const std::string& part : split(value_of(given, "metrics_type"), ',')) {
        const std::string type(trim(part));
        if (type == "http") {
            http.on = true;
        } else if (type != "none") {
            notes.push_back(
                fmt::format("metrics_type: {} has no effect: metrics are fetched over http", type));
        }
    }
    if (has(given, "http_port")) {
        const auto port = parse_number(trim(value_of(given, "http_port")));
        if (!port || *port == 0 || *port > 65535) return wrong("http_port: say 1 to 65535");
        http.port = static_cast<std::uint16_t>(*port);
        http.on = true;
    }
    if (has(given, "http_config")) {
        const auto config = cdc::option_as_bool(value_of(given, "http_config"));
        if (!config) return wrong("http_config: " + config.error().what);
        http.config = *config;
        http.on = http.on || http.config;
    }
    if (has(given, "http_bind_address")) http.bind = value_of(given, "http_bind_address");
    if (has(given, "http_path_prefix")) http.prefix = value_of(given, "http_path_prefix");
    if (has(given, "metrics_prefix")) http.metrics_prefix = value_of(given, "metrics_prefix");
    http.user = value_of(given, "http_user");
    http.password = value_of(given, "http_password");
    if (http.user.empty() != http.password.empty()) {
        return wrong("http_user and http_password need each other");
    }
    return http;
}

Result<HaConfig> ha_of(const Given& given, const std::string& client_id) {
    std::map<std::string, std::string> values;
    for (const HaOption& option : ha_options()) {
        if (has(given, option.name)) values[option.name] = value_of(given, option.name);
    }
    return ha_config_from(values, client_id, false);
}

// --- texts --------------------------------------------------------------------------------------

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return result;
}

// `text` in lines of at most 100 columns that start in column `indent`, the first one too.
std::string wrapped(const std::string& text, std::size_t indent) {
    std::string result;
    std::size_t column = indent;
    for (const std::string& word : split(text, ' ')) {
        if (column > indent && column + 1 + word.size() > 100) {
            result += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            result += ' ';
            ++column;
        }
        result += word;
        column += word.size();
    }
    return result;
}

std::string help_of(const Option& option) {
    constexpr std::size_t kIndent = 34;
    const std::string name =
        fmt::format("  --{}{}", option.name, option.is_switch ? "[=BOOL]" : "=VALUE");
    const std::string gap = name.size() + 2 > kIndent ? "\n" + std::string(kIndent, ' ')
                                                      : std::string(kIndent - name.size(), ' ');
    const std::string text =
        option.default_text.empty()
            ? option.help
            : fmt::format("{} (default: {})", option.help, option.default_text);
    return name + gap + wrapped(text, kIndent) + "\n";
}

std::string names_with(OptionStatus status) {
    std::vector<std::string> names;
    for (const Option& option : cdc_options()) {
        if (option.status == status) names.push_back(option.name);
    }
    return "  " + wrapped(join(names, " "), 2) + "\n";
}

std::string reference_row(const Option& option) {
    const char* status = option.status == OptionStatus::ignored   ? "no effect: "
                         : option.status == OptionStatus::refused ? "refused: "
                                                                  : "";
    return fmt::format("| `{}`{} | {} | {}{} |\n", option.name, option.is_ours ? " \\*" : "",
                       option.default_text, status, option.help);
}

}  // namespace

const std::vector<Option>& cdc_options() {
    static const std::vector<Option> options = [] {
        std::vector<Option> all = process_options();
        for (const Option& option : cdc::stream_options()) all.push_back(option);
        cdc::sort_options(all);
        return all;
    }();
    return options;
}

Result<CdcArgs> cdc_args_from(const std::vector<std::string>& arguments,
                              const Surroundings& surroundings) {
    CdcArgs args;
    EK_TRY(const Given given, gather(arguments, surroundings, args.notes));
    EK_TRY(cdc::StreamOptions stream, cdc::stream_options_from(given, cdc_options()));
    for (std::string& note : stream.notes) args.notes.push_back(std::move(note));
    args.stream = std::move(stream.config);
    EK_TRY(args.log_level, log_level_of(given));
    EK_TRY(args.http, http_of(given, args.notes));
    EK_TRY(args.ha, ha_of(given, args.stream.name));
    args.data_dir = value_of(given, "data_dir");
    if (args.ha.kind != HaKind::none && !args.data_dir.empty()) {
        return wrong("with --ha the group keeps the checkpoint: leave out --data_dir");
    }
    if (stream.replay && (args.ha.kind != HaKind::none || !args.data_dir.empty())) {
        return wrong(
            "replay: it keeps no checkpoint; leave out data_dir and ha, and say where to start "
            "with init_position or init_gtid");
    }
    return args;
}

std::string cdc_help() {
    std::string text =
        "NAME\n"
        "  evenkeel cdc - stream one server's changes in the foreground, as Maxwell does\n\n"
        "SYNOPSIS\n"
        "  evenkeel cdc [--config FILE] [--OPTION=VALUE]...\n\n"
        "DESCRIPTION\n"
        "  Rows go to stdout or a file as Maxwell's JSON, one a line; the log goes to stderr. "
        "SIGTERM\n"
        "  and SIGINT end it with status 0. With --data_dir it goes on where it stopped. With "
        "--ha\n"
        "  several processes with one --client_id are a group: one of them streams, and another "
        "goes\n"
        "  on at the group's checkpoint when it dies.\n\n"
        "  Options come from the command line, before the environment (--env_config,\n"
        "  --env_config_prefix), before the properties file (--config). Names are Maxwell's, with "
        "_ "
        "or\n"
        "  -; docs/reference/maxwell-options.md lists all of them, docs/guide/from-maxwell.md what "
        "is\n"
        "  different.\n\n";
    std::string group;
    for (const Option& option : cdc_options()) {
        if (option.status != OptionStatus::supported) continue;
        if (option.group != group) text += (group.empty() ? "" : "\n") + upper(option.group) + "\n";
        group = option.group;
        text += help_of(option);
    }
    text += "\nACCEPTED WITHOUT EFFECT (the log says why)\n" + names_with(OptionStatus::ignored);
    text += "\nREFUSED (with what to use instead)\n" + names_with(OptionStatus::refused);
    text +=
        "\nEXAMPLES\n"
        "  evenkeel cdc --config /etc/maxwell/config.properties\n"
        "  evenkeel cdc --host=db1 --user=evenkeel --password=secret --producer=stdout\n"
        "  evenkeel cdc --host=db1 --user=evenkeel --password=secret --producer=file \\\n"
        "      --output_file=rows.json --data_dir=/var/lib/evenkeel-cdc\n"
        "  evenkeel cdc --host=db1 --user=evenkeel --password=secret --client_id=orders \\\n"
        "      --ha=zookeeper --zookeeper_server=zk1:2181,zk2:2181,zk3:2181\n\n";
    return text + kExitStatusHelp;
}

std::string cdc_option_reference() {
    std::string text =
        "# Options of `evenkeel cdc`\n\n"
        "<!-- Generated: evenkeel cdc option-reference > docs/reference/maxwell-options.md -->\n\n"
        "All options of Maxwell are known here: they work, or have no effect, for the reason given "
        "and\n"
        "said in the log, or are refused with what to use instead. `\\*`: not an option of "
        "Maxwell.\n\n"
        "The command line (`--name=value`, `--name value`, `--name` for true; `-` is as good as "
        "`_`) "
        "goes\n"
        "before the environment (`env_config`, `env_config_prefix`), that before the properties "
        "file\n"
        "(`config`). Unknown names are refused with the place where they stand.\n";
    std::string group;
    for (const Option& option : cdc_options()) {
        if (option.group != group) {
            text += fmt::format("\n## {}\n\n| option | default | meaning |\n|---|---|---|\n",
                                option.group);
        }
        group = option.group;
        text += reference_row(option);
    }
    return text;
}

}  // namespace evenkeel::app
