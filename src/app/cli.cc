#include "app/cli.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <map>

#include "api/routes.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "base/text.h"
#include "cdc/options.h"

namespace evenkeel::app {
namespace {

constexpr const char* kExitStatus =
    "EXIT STATUS\n"
    "  0   success\n"
    "  1   it did not work; stderr says why\n"
    "  64  wrong command line\n"
    "  75  the node could not join its group in time\n"
    "  78  configuration or state has to be repaired by a person\n";

constexpr const char* kMainFooter =
    "\nEXAMPLES\n"
    "  evenkeel demo                                    see a primary die, and nothing is lost\n"
    "  evenkeel node --config /etc/evenkeel.toml        run a node\n"
    "  evenkeel topology                                the replication tree, drawn\n"
    "  evenkeel cdc --host=db1 --user=evenkeel --password=secret\n\n"
    "ENVIRONMENT\n"
    "  EVENKEEL_API  addresses of the nodes for topology and status, with blanks between them;\n"
    "                default http://127.0.0.1:3000\n"
    "  NO_COLOR      no colours, also on a terminal\n\n";

constexpr const char* kNodeFooter =
    "\nThe node keeps running until SIGTERM or SIGINT; then it gives up its duties and leaves its\n"
    "group. docs/reference/configuration.md lists all keys, packaging/examples/ has whole "
    "files.\n\n"
    "EXAMPLES\n"
    "  evenkeel node --config node1.toml --check-config --connect\n"
    "  evenkeel node --config node1.toml\n\n";

constexpr const char* kCdcFooter =
    "\nRows go to stdout or a file as Maxwell's JSON, one a line; the log goes to stderr. SIGTERM "
    "and\n"
    "SIGINT end it with status 0. With --data_dir it goes on where it stopped.\n\n"
    "EXAMPLES\n"
    "  evenkeel cdc --host=db1 --user=evenkeel --password=secret --producer=stdout\n"
    "  evenkeel cdc --host=db1 --user=evenkeel --password=secret --producer=file \\\n"
    "      --output_file=rows.json --data_dir=/var/lib/evenkeel-cdc\n\n";

constexpr const char* kDemoFooter =
    "\nStarts a primary and two replicas, three nodes, a change stream and writers on loopback, in "
    "a\n"
    "temporary folder. Kills the primary, later every process of the leading node, brings both "
    "back,\n"
    "and counts. Needs mariadb-server and etcd-server installed, not running.\n\n"
    "ENVIRONMENT\n"
    "  EVENKEEL_KEEP  when set, the folder with all logs is kept also after success\n\n"
    "EXAMPLES\n"
    "  evenkeel demo\n"
    "  evenkeel demo --rounds 5 --json | tail -1\n"
    "  evenkeel demo --keep\n\n";

constexpr const char* kClientFooter =
    "\nENVIRONMENT\n"
    "  EVENKEEL_API  addresses of the nodes; the leader among them is asked\n"
    "  NO_COLOR      no colours, also on a terminal\n\n";

struct Parser {
    CLI::App app{"evenkeel keeps MySQL and MariaDB up, and level what depends on them.",
                 "evenkeel"};
    NodeArgs node{};
    WorkerArgs worker{};
    CdcArgs cdc{};
    DemoArgs demo{};
    TopologyArgs topology{};
    StatusArgs status{};
    std::map<std::string, std::string> stream_values{};
    std::int64_t settle_s = 3;

    Parser();
    Command parse(const std::vector<std::string>& arguments);

private:
    CLI::App* add(const std::string& name, const std::string& about, const std::string& footer);
    void add_cdc();
    Command chosen();
    Message misunderstood(const CLI::App& verb);
};

CLI::App* Parser::add(const std::string& name, const std::string& about,
                      const std::string& footer) {
    CLI::App* verb = app.add_subcommand(name, about);
    verb->footer(footer + kExitStatus);
    // Left-overs are refused by misunderstood(), which knows better names.
    verb->allow_extras();
    return verb;
}

void Parser::add_cdc() {
    CLI::App* verb = add("cdc", "Stream one server's changes in the foreground.", kCdcFooter);
    for (const cdc::Option& option : cdc::stream_options()) {
        CLI::Option* added = verb->add_option_function<std::string>(
            "--" + option.name,
            [this, name = option.name](const std::string& value) { stream_values[name] = value; },
            option.default_text.empty()
                ? option.help
                : fmt::format("{} (default: {})", option.help, option.default_text));
        added->type_name(option.is_switch ? "BOOL" : "TEXT");
        if (option.is_switch) added->expected(0, 1)->default_str("true");
    }
    verb->add_option("--data_dir", cdc.data_dir,
                     "folder for the checkpoint; without it the stream starts anew each time");
    verb->add_option("--log_level", cdc.log_level, "debug, info, warn, error (default: info)")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
}

Parser::Parser() {
    app.require_subcommand(0, 1);
    app.allow_extras();
    app.footer(std::string(kMainFooter) + kExitStatus);

    CLI::App* verb = add("node", "Run a node of a group, or one alone.", kNodeFooter);
    verb->add_option("--config,-c", node.config, "configuration file (TOML)")->required();
    verb->add_flag("--check-config", node.check_config, "say what is wrong with it, and end");
    verb->add_flag("--connect", node.connect,
                   "with --check-config: also look at the clusters' servers");

    verb = add("node-worker", "Part of `node`.", "");
    verb->group("");
    verb->add_option("--config", worker.config)->required();
    verb->add_option("--incarnation", worker.incarnation)->required();

    add_cdc();

    verb = add("demo", "Watch a primary die on this machine, and nothing is lost.", kDemoFooter);
    verb->add_option("--rounds", demo.rounds, "repeat with a fresh world (default: 1)")
        ->check(CLI::Range(1, 1000));
    verb->add_option("--writers", demo.writers, "clients that write (default: 4)")
        ->check(CLI::Range(1, 64));
    verb->add_option("--seconds", settle_s, "load before and between the events (default: 3)")
        ->check(CLI::Range(1, 600));
    verb->add_flag("--json", demo.json, "the last line is one JSON object");
    verb->add_flag("--keep", demo.keep, "leave the world running until Ctrl-C");

    verb = add("topology", "Draw the replication tree.", kClientFooter);
    verb->add_option("cluster", topology.cluster, "name of a cluster (default: all)");
    verb->add_flag("--json", topology.json, "everything that is known, as JSON");

    verb = add("status", "Nodes, duties, clusters and streams.", kClientFooter);
    verb->add_flag("--json", status.json, "as JSON");

    add("version", "Print the version.", "");
    add("config-reference", "Print docs/reference/configuration.md.", "")->group("");
    add("api-reference", "Print docs/reference/api.md.", "")->group("");
}

// What was left over, with the name that was probably meant.
Message Parser::misunderstood(const CLI::App& verb) {
    const std::string word = split(verb.remaining().front(), '=').front();
    std::vector<std::string> names;
    if (word.starts_with('-')) {
        for (const CLI::Option* option : verb.get_options()) {
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
        }
    } else if (&verb == &app) {
        for (const CLI::App* known : app.get_subcommands(nullptr)) {
            if (!known->get_group().empty()) names.push_back(known->get_name());
        }
    }
    const auto nearest = nearest_name(word, names);
    const std::string where = &verb == &app ? "" : " " + verb.get_name();
    return {
        .text = fmt::format("evenkeel{}: unknown {} {}{}\nevenkeel{} --help lists them.\n", where,
                            word.starts_with('-') ? "option"
                            : &verb == &app       ? "verb"
                                                  : "argument",
                            json_quote(word),
                            nearest ? fmt::format("; did you mean {}?", *nearest) : "", where),
        .status = kUsage};
}

Command Parser::chosen() {
    const auto verbs = app.get_subcommands();
    if (!app.remaining().empty()) return misunderstood(app);
    if (verbs.empty()) return Message{.text = app.help(), .status = kUsage};
    const CLI::App& verb = *verbs.front();
    if (!verb.remaining().empty()) return misunderstood(verb);
    const std::string name = verb.get_name();
    if (name == "node") return node;
    if (name == "node-worker") return worker;
    if (name == "topology") return topology;
    if (name == "status") return status;
    if (name == "demo") {
        demo.settle = Millis(settle_s * 1000);
        return demo;
    }
    if (name == "cdc") {
        auto stream = cdc::stream_config_from(stream_values);
        if (!stream) {
            return Message{.text = fmt::format("evenkeel cdc: {}\n", stream.error().what),
                           .status = kUsage};
        }
        cdc.stream = *std::move(stream);
        return cdc;
    }
    if (name == "config-reference") return Message{.text = config_reference()};
    if (name == "api-reference") return Message{.text = api::api_reference()};
    return Message{.text = fmt::format("evenkeel {}\n", EVENKEEL_VERSION)};
}

Command Parser::parse(const std::vector<std::string>& arguments) {
    try {
        // CLI11 takes them from the back.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        const auto verbs = app.get_subcommands();
        return Message{.text = verbs.empty() ? app.help() : verbs.front()->help("evenkeel")};
    } catch (const CLI::ParseError& error) {
        // A misspelt option is the likelier cause than the required one that is missing for it.
        for (const CLI::App* verb : app.get_subcommands()) {
            if (!verb->remaining().empty()) return misunderstood(*verb);
        }
        const auto verbs = app.get_subcommands();
        const std::string where = verbs.empty() ? "" : " " + verbs.front()->get_name();
        return Message{.text = fmt::format("evenkeel{0}: {1}\nevenkeel{0} --help says more.\n",
                                           where, error.what()),
                       .status = kUsage};
    }
    return chosen();
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& arguments) {
    return Parser().parse(arguments);
}

}  // namespace evenkeel::app
