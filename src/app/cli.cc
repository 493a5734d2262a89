#include "app/cli.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <map>

#include "api/routes.h"
#include "app/cdc_options.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "base/text.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

constexpr const char* kMainFooter =
    "\nEXAMPLES\n"
    "  evenkeel demo                                    see a primary die, and nothing is lost\n"
    "  evenkeel node --config /etc/evenkeel.toml        run a node\n"
    "  evenkeel topology                                the replication tree, drawn\n"
    "  evenkeel cdc --host=db1 --user=evenkeel --password=secret\n\n"
    "ENVIRONMENT\n"
    "  EVENKEEL_API  addresses of the nodes for topology, status, leader, leaders and member, "
    "with\n"
    "                blanks between them; default http://127.0.0.1:3000. With EVENKEEL_USER and\n"
    "                EVENKEEL_PASSWORD, or http://user:password@node1:3000; EVENKEEL_CA for https\n"
    "  NO_COLOR      no colours, also on a terminal\n\n";

constexpr const char* kNodeFooter =
    "\nThe node keeps running until SIGTERM or SIGINT; then it gives up its duties and leaves its\n"
    "group. docs/reference/configuration.md lists all keys, packaging/examples/ has whole "
    "files.\n\n"
    "EXAMPLES\n"
    "  evenkeel node --config node1.toml --check-config --connect\n"
    "  evenkeel node --config node1.toml\n\n";

constexpr const char* kBootstrapFooter =
    "\nThe stream prints the tables' rows among its lines: bootstrap-start, a bootstrap-insert for "
    "each\n"
    "row, bootstrap-complete. It goes on all the time. The request is a row in maxwell.bootstrap "
    "on\n"
    "the server (made when it is missing: CREATE, SELECT, INSERT, UPDATE and DELETE on it are "
    "needed),\n"
    "or goes to the nodes with --api or EVENKEEL_API; --host wins over EVENKEEL_API.\n"
    "docs/guide/bootstrap.md says what it costs and what holds.\n\n"
    "EXAMPLES\n"
    "  evenkeel cdc bootstrap --database shop --table item --config config.properties\n"
    "  evenkeel cdc bootstrap --database shop --table 'item,order%' --where 'id > 1000' \\\n"
    "      --client_id orders --api http://node1:3000\n"
    "  evenkeel cdc bootstrap --list --client_id orders --api http://node1:3000\n\n";

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

constexpr const char* kMemberFooter =
    "\nFor groups with engine raft. docs/guide/members.md says what to do when.\n\n"
    "ACTIONS\n"
    "  list            who is in the group, and in what state\n"
    "  add ADDRESS     a new node, by its `bind`; start it afterwards with an empty data_dir\n"
    "  remove NODE     a member, by its node id or address\n"
    "  replace NODE    a member whose data_dir is lost or damaged; start it afterwards with an "
    "empty one\n\n"
    "ENVIRONMENT\n"
    "  EVENKEEL_API  addresses of the nodes; http://user:password@host:port when they ask for one\n"
    "  NO_COLOR      no colours, also on a terminal\n\n"
    "EXAMPLES\n"
    "  evenkeel member list\n"
    "  evenkeel member add 10.0.0.4:10008\n"
    "  evenkeel member replace node2\n\n";

constexpr const char* kBackupFooter =
    "\nFacts, checkpoints and epochs of the whole group, whatever its engine. With engine local "
    "the\n"
    "node has to be stopped; with engine raft the node on this machine has to run.\n\n"
    "EXAMPLES\n"
    "  evenkeel backup --config /etc/evenkeel.toml --output /backup/evenkeel.jsonl\n\n";

constexpr const char* kRestoreFooter =
    "\nThe file is checked before anything is written. The group may have another name and engine\n"
    "than the one that was backed up. Epochs are raised, so that nothing from before is mistaken "
    "for\nthe present. docs/guide/backup.md has the whole procedure.\n\n"
    "EXAMPLES\n"
    "  evenkeel restore /backup/evenkeel.jsonl --config /etc/evenkeel.toml\n\n";

constexpr const char* kClientFooter =
    "\nENVIRONMENT\n"
    "  EVENKEEL_API       addresses of the nodes; the leader among them is asked\n"
    "  EVENKEEL_USER, EVENKEEL_PASSWORD\n"
    "                     those of [api], to change something from another host\n"
    "  EVENKEEL_CA        PEM file of the authority, for https\n"
    "  NO_COLOR           no colours, also on a terminal\n\n";

constexpr const char* kTransferFooter =
    "\nNODE is a node's id, API address or host; without it the next live node leads. Returns when "
    "it\n"
    "does. The former leader finishes what it began first.\n\n"
    "EXAMPLES\n"
    "  evenkeel leader transfer node2\n"
    "  evenkeel leader transfer          before this host is serviced\n";

constexpr const char* kLeadersFooter =
    "\nPrints one line for each stream that is running, and ends with status 1 when there is "
    "none:\n"
    "  [INFO] MaxwellLeaders: clientID:orders:leaders now are -> db1\n"
    "Without --ha, or with --ha=raft, the nodes are asked (EVENKEEL_API).\n\n"
    "EXAMPLES\n"
    "  evenkeel leaders --ha=zookeeper --zookeeper_server=zk1:2181,zk2:2181,zk3:2181 \\\n"
    "      --client_id=orders\n"
    "  evenkeel leaders\n\n";

constexpr const char* kCertFooter =
    "\nNodes of a group trust each other by these certificates and by nothing else: who has a\n"
    "certificate of the group's authority is a node. docs/guide/certificates.md has the whole "
    "life.\n\n"
    "EXAMPLES\n"
    "  evenkeel cert init --dir pki --group shop --node node1=10.0.0.1 --node node2=10.0.0.2 \\\n"
    "      --node node3=10.0.0.3,node3.example.com\n"
    "  evenkeel cert add --dir pki --node node4=10.0.0.4    one more node\n"
    "  evenkeel cert renew --dir pki                        before they expire; no restart\n"
    "  evenkeel cert rotate-ca --dir pki                    a new authority, in three steps\n"
    "  evenkeel cert show /etc/evenkeel/*.pem               who, by whom, until when\n\n";

constexpr const char* kRotateFooter =
    "\nA node trusts what was in ca.pem when it started, so a new authority takes three steps, "
    "and the\n"
    "group works all the time:\n"
    "  1. rotate-ca puts a new authority in front of the old one in ca.pem and replaces ca.key.\n"
    "     Copy ca.pem to every node and restart one node after the other: now all trust both.\n"
    "  2. `evenkeel cert renew` makes certificates of the new authority. Copy each node's; no "
    "restart.\n"
    "  3. rotate-ca --finish takes the old authority out of ca.pem. Copy ca.pem to every node and\n"
    "     restart one node after the other.\n\n"
    "EXAMPLES\n"
    "  evenkeel cert rotate-ca --dir pki\n"
    "  evenkeel cert rotate-ca --dir pki --finish\n\n";

constexpr const char* kRenewFooter =
    "\nMakes a new certificate and a new key with the names of the old. A running node uses them "
    "from\n"
    "its next connection on.\n\n"
    "EXAMPLES\n"
    "  evenkeel cert renew --dir pki                     every node's\n"
    "  evenkeel cert renew --dir pki --node node1 --days 90\n\n";

constexpr const char* kCertShowFooter =
    "\nEXAMPLES\n"
    "  evenkeel cert show pki/*.pem\n"
    "  evenkeel cert show --json /etc/evenkeel/node1.pem\n\n";

constexpr const char* kNewCertFooter =
    "\nThe certificate names every address that is given, and 127.0.0.1, ::1 and localhost. Give "
    "the\n"
    "host of the node's `bind` and of its [api] peers, and the address from which it connects.\n\n"
    "EXAMPLES\n"
    "  evenkeel cert init --dir pki --group shop --node node1=10.0.0.1 --node node2=10.0.0.2 \\\n"
    "      --node node3=10.0.0.3,node3.example.com\n"
    "  evenkeel cert add --dir pki --node node4=10.0.0.4\n\n";

// The verb that was written last: `init` of `evenkeel cert init`; `app` without any.
const CLI::App& innermost(const CLI::App& app) {
    const CLI::App* verb = &app;
    while (!verb->get_subcommands().empty()) verb = verb->get_subcommands().front();
    return *verb;
}

// "evenkeel cert init"
std::string full_name(const CLI::App& verb) {
    const CLI::App* parent = verb.get_parent();
    return parent == nullptr ? verb.get_name() : full_name(*parent) + " " + verb.get_name();
}

struct Parser {
    CLI::App app{"evenkeel keeps MySQL and MariaDB up, and level what depends on them.",
                 "evenkeel"};
    NodeArgs node{};
    WorkerArgs worker{};
    DemoArgs demo{};
    TopologyArgs topology{};
    StatusArgs status{};
    CertInitArgs cert_init{};
    CertAddArgs cert_add{};
    CertRenewArgs cert_renew{};
    CertRotateArgs cert_rotate{};
    CertShowArgs cert_show{};
    LeaderArgs leader{};
    LeadersArgs leaders{};
    MemberArgs member{};
    BootstrapArgs bootstrap{};
    BackupArgs backup{};
    RestoreArgs restore{};
    std::map<std::string, std::string> ha_values{};
    std::int64_t settle_s = 3;

    Parser();
    Command parse(const std::vector<std::string>& arguments);

private:
    CLI::App* add(const std::string& name, const std::string& about, const std::string& footer) {
        return add_to(app, name, about, footer);
    }
    static CLI::App* add_to(CLI::App& parent, const std::string& name, const std::string& about,
                            const std::string& footer);
    void add_bootstrap(CLI::App& group);
    void add_ha(CLI::App* verb);
    void add_leader();
    void add_cert();
    Command chosen_of_cdc(const CLI::App& group);
    Command chosen_leader(const CLI::App& group);
    Command chosen_leaders();
    Command chosen();
    Command chosen_cert(const CLI::App& group);
    Command checked_member() const;
    Message misunderstood(const CLI::App& verb);
};

CLI::App* Parser::add_to(CLI::App& parent, const std::string& name, const std::string& about,
                         const std::string& footer) {
    CLI::App* verb = parent.add_subcommand(name, about);
    verb->footer(footer + kExitStatusHelp);
    // Left-overs are refused by misunderstood(), which knows better names.
    verb->allow_extras();
    return verb;
}

void Parser::add_bootstrap(CLI::App& group) {
    struct Text {
        const char* name;
        const char* help;
    };
    static constexpr Text kTexts[] = {
        {"database", "the tables' database"},
        {"table", "a table, several with commas, or a pattern with %"},
        {"where", "only rows for which this SQL condition holds"},
        {"comment", "goes into each line"},
        {"client_id", "name of the stream (default: maxwell)"},
        {"host", "server with the bootstrap table (default: 127.0.0.1)"},
        {"port", "its port (default: 3306)"},
        {"user", "account that may write the bootstrap table"},
        {"password", "its password"},
        {"schema_database", "database of the bootstrap table (default: maxwell)"},
        {"config", "config.properties with these, as Maxwell has it"},
        {"api", "addresses of the nodes: ask them, and not the server"},
        {"abort", "end the bootstrap with this id"},
    };
    CLI::App* verb =
        add_to(group, "bootstrap", "Have a stream print whole tables.", kBootstrapFooter);
    for (const Text& text : kTexts) {
        verb->add_option_function<std::string>(
            std::string("--") + text.name,
            [this, name = text.name](const std::string& value) { bootstrap.values[name] = value; },
            text.help);
    }
    verb->add_flag("--list", bootstrap.list, "those that wait, run, or ended lately");
    verb->add_flag("--monitor,!--no-monitor", bootstrap.monitor,
                   "show the progress until the end (default)");
}

void Parser::add_ha(CLI::App* verb) {
    for (const HaOption& option : ha_options()) {
        CLI::Option* added = verb->add_option_function<std::string>(
            "--" + option.name,
            [this, name = option.name](const std::string& value) { ha_values[name] = value; },
            option.default_text.empty()
                ? option.help
                : fmt::format("{} (default: {})", option.help, option.default_text));
        added->type_name("TEXT");
        // So that a bare --ha is seen, and refused.
        if (option.name == "ha") added->expected(0, 1)->default_str("true");
    }
}

void Parser::add_leader() {
    CLI::App* group =
        add("leader", "Show who leads the group, or give the lead on.", kClientFooter);
    group->require_subcommand(0, 1);
    CLI::App* verb =
        add_to(*group, "show", "Who leads, since when, and the other nodes.", kClientFooter);
    verb->add_flag("--json", leader.json, "as JSON");
    verb = add_to(*group, "transfer", "Let another node lead.",
                  std::string(kTransferFooter) + kClientFooter);
    verb->add_option("node", leader.to, "who shall lead (default: the next live node)");
    verb->add_flag("--json", leader.json, "as JSON");

    verb = add("leaders", "Say on which host each change stream runs.", kLeadersFooter);
    add_ha(verb);
    verb->add_option("--client_id", leaders.client_id,
                     "name of the stream (default: all; with ZooKeeper or etcd: maxwell)");
}

void Parser::add_cert() {
    CLI::App* group = add("cert", "Make and show the certificates of a group.", kCertFooter);
    group->require_subcommand(0, 1);
    const auto add_dir = [](CLI::App* verb, std::string& dir) {
        verb->add_option("--dir", dir, "folder of the authority and all certificates")->required();
    };
    const auto add_nodes = [](CLI::App* verb, std::vector<std::string>& nodes, const char* help) {
        return verb->add_option("--node", nodes, help)->allow_extra_args(false);
    };
    const auto add_days = [](CLI::App* verb, int& days) {
        verb->add_option("--days", days, "life of the certificates (default: 825)")
            ->check(CLI::Range(1, 3650));
    };
    const char* new_node = "NAME=ADDRESS[,ADDRESS...]; once for each node";

    CLI::App* verb =
        add_to(*group, "init", "Make an authority and certificates of the nodes.", kNewCertFooter);
    add_dir(verb, cert_init.dir);
    verb->add_option("--group", cert_init.group, "name of the group (default: evenkeel)");
    add_nodes(verb, cert_init.nodes, new_node)->required();
    add_days(verb, cert_init.days);
    verb->add_flag("--force", cert_init.force, "replace what is there, the authority too");

    verb = add_to(*group, "add", "Make certificates of more nodes.", kNewCertFooter);
    add_dir(verb, cert_add.dir);
    add_nodes(verb, cert_add.nodes, new_node)->required();
    add_days(verb, cert_add.days);
    verb->add_flag("--force", cert_add.force, "replace a certificate that is there");

    verb = add_to(*group, "renew", "Make new certificates in place of the old.", kRenewFooter);
    add_dir(verb, cert_renew.dir);
    add_nodes(verb, cert_renew.nodes, "name of a node (default: all in the folder)");
    add_days(verb, cert_renew.days);

    verb = add_to(*group, "rotate-ca", "Replace the authority.", kRotateFooter);
    add_dir(verb, cert_rotate.dir);
    verb->add_flag("--finish", cert_rotate.finish, "the last step: trust the new one only");

    verb = add_to(*group, "show", "Say whose a certificate is, and until when.", kCertShowFooter);
    verb->add_option("file", cert_show.files, "PEM files")->required();
    verb->add_flag("--json", cert_show.json, "everything that is known, as JSON");
}

Parser::Parser() {
    app.require_subcommand(0, 1);
    app.allow_extras();
    app.footer(std::string(kMainFooter) + kExitStatusHelp);

    CLI::App* verb = add("node", "Run a node of a group, or one alone.", kNodeFooter);
    verb->add_option("--config,-c", node.config, "configuration file (TOML)")->required();
    verb->add_flag("--check-config", node.check_config, "say what is wrong with it, and end");
    verb->add_flag("--connect", node.connect,
                   "with --check-config: also look at the clusters' servers");

    verb = add("node-worker", "Part of `node`.", "");
    verb->group("");
    verb->add_option("--config", worker.config)->required();
    verb->add_option("--incarnation", worker.incarnation)->required();

    // Its options are Maxwell's: cdc_options.h reads them. Here for the list of verbs.
    verb = add("cdc", "Stream one server's changes in the foreground.", "");
    verb->require_subcommand(0, 1);
    add_bootstrap(*verb);
    add_to(*verb, "option-reference", "Print docs/reference/maxwell-options.md.", "")->group("");

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

    add_leader();
    add_cert();
    verb = add("member", "List, add, remove and replace the members of the group.", kMemberFooter);
    verb->add_option("action", member.action, "list, add, remove or replace (default: list)")
        ->check(CLI::IsMember({"list", "add", "remove", "replace"}));
    verb->add_option("target", member.target, "an address, or a node");
    verb->add_flag("--json", member.json, "as JSON");

    verb = add("backup", "Write the group's facts to a file.", kBackupFooter);
    verb->add_option("--config,-c", backup.config, "configuration file (TOML)")->required();
    verb->add_option("--output,-o", backup.output, "file to write (default: stdout)");

    verb = add("restore", "Bring a backup into a group.", kRestoreFooter);
    verb->add_option("file", restore.file, "what `backup` wrote")->required();
    verb->add_option("--config,-c", restore.config, "configuration file (TOML)")->required();
    verb->add_flag("--force", restore.force, "replace the facts that the group has");

    add("version", "Print the version.", "");
    add("config-reference", "Print docs/reference/configuration.md.", "")->group("");
    add("api-reference", "Print docs/reference/api.md.", "")->group("");
}

// What was left over, with the name that was probably meant.
Message Parser::misunderstood(const CLI::App& verb) {
    const std::string word = split(verb.remaining().front(), '=').front();
    std::vector<std::string> names;
    std::vector<std::string> verbs;
    for (const CLI::App* known : verb.get_subcommands([](const CLI::App*) { return true; })) {
        if (!known->get_group().empty()) verbs.push_back(known->get_name());
    }
    if (word.starts_with('-')) {
        for (const CLI::Option* option : verb.get_options()) {
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
        }
    } else {
        names = verbs;
    }
    const auto nearest = nearest_name(word, names);
    return {.text = fmt::format(
                "{0}: unknown {1} {2}{3}\n{0} --help lists them.\n", full_name(verb),
                word.starts_with('-') ? "option"
                : !verbs.empty()      ? "verb"
                                      : "argument",
                json_quote(word), nearest ? fmt::format("; did you mean {}?", *nearest) : ""),
            .status = kUsage};
}

Command Parser::chosen_cert(const CLI::App& group) {
    const CLI::App& verb = innermost(group);
    if (!verb.remaining().empty()) return misunderstood(verb);
    const std::string name = verb.get_name();
    if (name == "init") return CertArgs(cert_init);
    if (name == "add") return CertArgs(cert_add);
    if (name == "renew") return CertArgs(cert_renew);
    if (name == "rotate-ca") return CertArgs(cert_rotate);
    if (name == "show") return CertArgs(cert_show);
    return Message{.text = group.help("evenkeel"), .status = kUsage};
}

Message wrong_options(const char* verb, const Error& error) {
    return {.text = fmt::format("evenkeel {}: {}\n", verb, error.what), .status = kUsage};
}

Command Parser::chosen_of_cdc(const CLI::App& group) {
    const CLI::App& verb = innermost(group);
    if (!verb.remaining().empty()) return misunderstood(verb);
    if (verb.get_name() == "bootstrap") return bootstrap;
    return Message{.text = cdc_option_reference()};
}

Command Parser::chosen_leader(const CLI::App& group) {
    const CLI::App& verb = innermost(group);
    if (!verb.remaining().empty()) return misunderstood(verb);
    if (&verb == &group) return Message{.text = group.help("evenkeel"), .status = kUsage};
    leader.transfer = verb.get_name() == "transfer";
    return leader;
}

Command Parser::chosen_leaders() {
    const bool engine = ha_values.contains("ha");
    const std::string client_id = leaders.client_id.empty() ? "maxwell" : leaders.client_id;
    auto ha = ha_config_from(ha_values, client_id, true);
    if (!ha) return wrong_options("leaders", ha.error());
    leaders.ha = *std::move(ha);
    if (engine && leaders.ha.kind != HaKind::raft) leaders.client_id = client_id;
    return leaders;
}

Command Parser::checked_member() const {
    if (member.action == "list" || !member.target.empty()) return member;
    return Message{
        .text = fmt::format("evenkeel member: {} needs {}\nevenkeel member --help says "
                            "more.\n",
                            member.action, member.action == "add" ? "an address" : "a node"),
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
    if (name == "cert") return chosen_cert(verb);
    if (name == "member") return checked_member();
    if (name == "backup") return backup;
    if (name == "restore") return restore;
    if (name == "demo") {
        demo.settle = Millis(settle_s * 1000);
        return demo;
    }
    if (name == "cdc") return chosen_of_cdc(verb);
    if (name == "leader") return chosen_leader(verb);
    if (name == "leaders") return chosen_leaders();
    if (name == "config-reference") return Message{.text = config_reference()};
    if (name == "api-reference") return Message{.text = api::api_reference()};
    return Message{.text = fmt::format("evenkeel {}\n", EVENKEEL_VERSION)};
}

Command Parser::parse(const std::vector<std::string>& arguments) {
    try {
        // CLI11 takes them from the back.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        const CLI::App& verb = innermost(app);
        const CLI::App* parent = verb.get_parent();
        return Message{.text = verb.help(parent == nullptr ? "" : full_name(*parent))};
    } catch (const CLI::ParseError& error) {
        const CLI::App& verb = innermost(app);
        // A misspelt option is the likelier cause than the required one that is missing for it.
        if (&verb != &app && !verb.remaining().empty()) return misunderstood(verb);
        return Message{
            .text = fmt::format("{0}: {1}\n{0} --help says more.\n", full_name(verb), error.what()),
            .status = kUsage};
    }
    return chosen();
}

Surroundings surroundings() {
    Surroundings found{.read_file = io::read_file, .environment = {}};
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        found.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

// `cdc` with options, or with nothing: its own verbs are CLI11's.
bool is_plain_cdc(const std::vector<std::string>& arguments) {
    return !arguments.empty() && arguments[0] == "cdc" &&
           (arguments.size() == 1 || arguments[1].starts_with("-"));
}

Command parse_cdc(const std::vector<std::string>& arguments) {
    const std::vector<std::string> options(arguments.begin() + 1, arguments.end());
    for (const std::string& option : options) {
        if (option == "--help" || option == "-h") return Message{.text = cdc_help()};
    }
    auto args = cdc_args_from(options, surroundings());
    if (!args) return wrong_options("cdc", args.error());
    return *std::move(args);
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& arguments) {
    if (is_plain_cdc(arguments)) return parse_cdc(arguments);
    return Parser().parse(arguments);
}

}  // namespace evenkeel::app
