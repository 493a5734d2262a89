#include "coord/member/managed_etcd.h"

#include <fmt/core.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "io/file.h"
#include "model/server_id.h"

namespace evenkeel::coord {
namespace {

using Json = nlohmann::json;

constexpr std::uint16_t kPeerPort = 10008;
constexpr std::size_t kLogTail = 16384;
constexpr const char* kReplaceRemedy =
    "move this node's data_dir away, say `evenkeel member replace <this node>` to the group, and "
    "start it again: it gets all data from the others";

Result<> check_addresses(const Config& config) {
    const std::size_t count = config.nodes.size();
    if (count == 0) {
        return Error{
            Errc::invalid,
            "coordination: engine \"raft\" needs `nodes`, the addresses of all nodes of the "
            "group, for example nodes = [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\"]"};
    }
    for (const std::string& node : config.nodes) {
        if (!parse_server_id(node, kPeerPort)) {
            return Error{Errc::invalid, fmt::format("coordination: \"{}\" in `nodes` is not "
                                                    "\"host:port\"",
                                                    node)};
        }
    }
    const auto own = peer_address(config.bind);
    if (std::none_of(config.nodes.begin(), config.nodes.end(),
                     [&](const std::string& node) { return peer_address(node) == own; })) {
        return Error{
            Errc::invalid,
            fmt::format("coordination: bind \"{}\" is not in `nodes` ({}): write this node's "
                        "address there as the others reach it",
                        config.bind, join(config.nodes, ", "))};
    }
    return {};
}

Json identity(const Config& config, bool joined) {
    std::vector<std::string> nodes;
    for (const std::string& node : config.nodes) nodes.push_back(peer_address(node));
    std::sort(nodes.begin(), nodes.end());
    return {{"format", 1},         {"group", config.group},
            {"node", config.node}, {"bind", peer_address(config.bind)},
            {"nodes", nodes},      {"joined", joined}};
}

std::string etcd_folder(const Config& config) {
    return config.data_dir + "/etcd";
}

// What etcd takes for a member's log; without it, etcd would start the member as a new one.
bool has_log(const std::string& etcd) {
    const auto names = io::names_in(etcd + "/member/wal");
    return names && std::any_of(names->begin(), names->end(),
                                [](const std::string& name) { return name.ends_with(".wal"); });
}

Result<> check_same_node(const Config& config, const Json& found, const Json& own) {
    for (const char* key : {"group", "node", "bind"}) {
        if (found.value(key, Json()) == own[key]) continue;
        return Error{
            Errc::conflict,
            fmt::format("use data folder {}: it belongs to a node with {} = {}, the "
                        "configuration says {}: correct the configuration, or give this node "
                        "an empty data_dir",
                        config.data_dir, key, found.value(key, Json()).dump(), own[key].dump())};
    }
    return {};
}

// The folder says whose it is; using another node's would make two members with one history.
Result<> check_identity(const Config& config) {
    const std::string path = config.data_dir + "/identity.json";
    const std::string etcd = etcd_folder(config);
    const Json own = identity(config, has_log(etcd));
    if (!io::exists(path)) {
        if (io::exists(etcd)) {
            return Error{
                Errc::conflict,
                fmt::format("use data folder {}: it holds an etcd member but no identity.json: "
                            "it is not this node's; choose another data_dir or remove it",
                            config.data_dir)};
        }
        return io::replace_file(path, own.dump(2) + "\n");
    }
    EK_TRY(const std::string text, io::read_file(path));
    const Json found = Json::parse(text, nullptr, false);
    if (!found.is_object() || found.value("format", 0) != 1) {
        return Error{
            Errc::corrupt,
            fmt::format("use data folder {}: identity.json is damaged: restore it, or move the "
                        "whole folder away and start this node as a new one",
                        config.data_dir)};
    }
    EK_TRY_VOID(check_same_node(config, found, own));
    if (found.value("joined", false) && io::exists(etcd) && !has_log(etcd)) {
        return Error{Errc::corrupt,
                     fmt::format("use data folder {}: the log of its member ({}/member/wal) is "
                                 "gone: {}",
                                 config.data_dir, etcd, kReplaceRemedy)};
    }
    if (has_log(etcd) && found.value("nodes", Json()) != own["nodes"]) {
        log::warn("coord",
                  "`nodes` in [coordination] is now {} and was {}: that changes no membership; "
                  "`evenkeel member list` shows it, `member add` and `member remove` change it",
                  own["nodes"].dump(), found.value("nodes", Json()).dump());
    }
    if (found == own) return {};
    return io::replace_file(path, own.dump(2) + "\n");
}

// etcd binds to addresses only.
Result<std::string> listen_host(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
        return Error{Errc::invalid, fmt::format("coordination.bind: host \"{}\" has no address: {}",
                                                host, ::gai_strerror(code))};
    }
    char text[NI_MAXHOST] = {};
    ::getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    ::freeaddrinfo(found);
    return std::string(text);
}

Result<> check_port(const std::string& host, int port, const std::string& key) {
    if (io::port_is_free(host, port)) return {};
    return Error{
        Errc::conflict,
        fmt::format("start the group's member: port {} on {} is in use ({}): another program "
                    "or another node of this host has it",
                    port, host, key)};
}

Result<> check_program() {
    io::Command version{.argv = {"etcd", "--version"}, .environment = {}, .output = "/dev/null"};
    auto process = io::Process::start(version);
    if (process) return {};
    return Error{Errc::not_found,
                 "start the group's member: the program etcd is not installed: install the package "
                 "etcd-server (apt-get install etcd-server)"};
}

std::string peer_url(const Config& config, const std::string& address) {
    return (config.tls.on() ? "https://" : "http://") + address;
}

// Members and clients both have to show a certificate of the group's authority.
void add_tls(std::vector<std::string>& argv, const io::TlsFiles& tls) {
    if (!tls.on()) return;
    for (const char* side : {"", "peer-"}) {
        argv.push_back(fmt::format("--{}cert-file={}", side, tls.cert));
        argv.push_back(fmt::format("--{}key-file={}", side, tls.key));
        argv.push_back(fmt::format("--{}trusted-ca-file={}", side, tls.ca));
        argv.push_back(fmt::format("--{}client-cert-auth", side));
    }
}

void set_cluster(std::vector<std::string>& argv, const Config& config,
                 const std::vector<std::string>& cluster, const std::string& state) {
    std::erase_if(argv, [](const std::string& argument) {
        return argument.starts_with("--initial-cluster=") ||
               argument.starts_with("--initial-cluster-state=");
    });
    std::vector<std::string> members;
    for (const std::string& each : cluster) {
        const auto at = each.find('=');
        members.push_back(each.substr(0, at + 1) + peer_url(config, each.substr(at + 1)));
    }
    argv.push_back("--initial-cluster=" + join(members, ","));
    argv.push_back("--initial-cluster-state=" + state);
}

struct Known {
    const char* phrase;  // In etcd's log.
    const char* remedy;
    bool needs_person = true;
};

constexpr Known kKnown[] = {
    {"no space left on device", "the disk is full: make room, it is tried again", false},
    {"file too large", "a limit of file sizes (RLIMIT_FSIZE) stops it: raise it", false},
    {"permanently removed from the cluster",
     "this member was removed from its group: move its data_dir away and add it anew"},
    {"has already been bootstrapped", kReplaceRemedy},
    {"cluster ID mismatch",
     "its folder belongs to another group: give this node an empty data_dir"},
    {"database file is damaged", kReplaceRemedy},
    {"crc mismatch", kReplaceRemedy},
    {"wal: crc", kReplaceRemedy},
    {"snap: no available snapshot", kReplaceRemedy},
    {"failed to recover v3 backend from snapshot", kReplaceRemedy},
    {"invalid database", kReplaceRemedy},
    {"file is too short", kReplaceRemedy},
    {"failed to get all reachable pages", kReplaceRemedy},
    {"unexpected fault address", kReplaceRemedy},  // A database that was cut off.
    {"Was the raft log corrupted, truncated, or lost", kReplaceRemedy},
    {"cannot use none as id", kReplaceRemedy},  // An empty log.
    {"permission denied", "no permission on its data folder"},
};

std::string log_tail(const ManagedEtcd& etcd, std::size_t from) {
    const auto log = io::read_file(etcd.log_path);
    if (!log) return {};
    const std::size_t last = log->size() > kLogTail ? log->size() - kLogTail : 0;
    return log->substr(std::max(std::min(from, log->size()), last));
}

}  // namespace

std::string peer_address(const std::string& configured) {
    const auto id = parse_server_id(configured, kPeerPort);
    return id ? id->str() : configured;
}

int client_port(const Config& config) {
    if (config.client_port != 0) return config.client_port;
    const auto id = parse_server_id(config.bind, kPeerPort);
    return (id ? id->port : kPeerPort) + 1;
}

std::string client_url(const Config& config) {
    return fmt::format("{}://127.0.0.1:{}", config.tls.on() ? "https" : "http",
                       client_port(config));
}

EtcdOptions own_member(const Config& config) {
    return {.endpoints = {client_url(config)},
            .root = "/evenkeel/" + config.group + "/",
            .tls = config.tls,
            .call_limit = call_limit(config.ttl)};
}

Result<ManagedEtcd> prepare(const Config& config) {
    EK_TRY_VOID(check_addresses(config));
    EK_TRY_VOID(io::make_folders(config.data_dir));
    ManagedEtcd etcd;
    EK_TRY(etcd.lock, io::lock_file(config.data_dir + "/lock"));
    EK_TRY_VOID(check_identity(config));
    EK_TRY_VOID(check_program());
    const ServerId bind = *parse_server_id(config.bind, kPeerPort);
    EK_TRY(const std::string listen, listen_host(bind.host));
    const std::string listen_address = ServerId{.host = listen, .port = bind.port}.str();
    EK_TRY_VOID(check_port(listen, bind.port, "coordination.bind"));
    EK_TRY_VOID(check_port("127.0.0.1", client_port(config), "coordination.client_port"));
    if (!config.tls.on() && !listen.starts_with("127.") && listen != "::1") {
        log::warn("coord",
                  "the nodes talk to each other without TLS: let only the nodes reach port {}",
                  bind.port);
    }

    std::vector<std::string> cluster;
    for (const std::string& node : config.nodes) {
        const std::string address = peer_address(node);
        cluster.push_back(member_name(config.group, address) + "=" + address);
    }
    etcd.folder = etcd_folder(config);
    etcd.listen = listen_address;
    etcd.client_url = client_url(config);
    etcd.log_path = config.data_dir + "/etcd.log";
    etcd.command.argv = {
        "etcd",
        "--name=" + member_name(config.group, bind.str()),
        "--data-dir=" + etcd.folder,
        "--initial-cluster-token=" + config.group,
        "--initial-advertise-peer-urls=" + peer_url(config, bind.str()),
        "--listen-peer-urls=" + peer_url(config, listen_address),
        "--listen-client-urls=" + etcd.client_url,
        "--advertise-client-urls=" + etcd.client_url,
        fmt::format("--heartbeat-interval={}", config.heartbeat.count()),
        fmt::format("--election-timeout={}", config.election.count()),
        "--pre-vote",
        "--snapshot-count=10000",
        "--auto-compaction-mode=revision",
        "--auto-compaction-retention=10000",
        "--logger=zap",
        "--log-outputs=stderr",
        "--log-level=warn",
    };
    add_tls(etcd.command.argv, config.tls);
    // Of a member that has its log, etcd ignores these.
    set_cluster(etcd.command.argv, config, cluster, "new");
    etcd.command.output = etcd.log_path;
    return etcd;
}

bool is_empty(const ManagedEtcd& etcd) {
    return !has_log(etcd.folder);
}

Result<> start_as(ManagedEtcd& etcd, const Config& config, const Formation& formation) {
    EK_CHECK(is_empty(etcd), "a member with data is decided about");
    // Left over from a start that came to nothing.
    EK_TRY_VOID(io::remove_all(etcd.folder));
    const bool joins = formation.step == Formation::Step::join;
    set_cluster(etcd.command.argv, config, formation.cluster, joins ? "existing" : "new");
    return {};
}

EtcdEnd explain_end(const ManagedEtcd& etcd, const io::Exit& exit, std::size_t from) {
    // It ends by itself and content only when the group has removed it.
    if (exit.signal == 0 && exit.code == 0) {
        return {.text =
                    "it was removed from its group (`evenkeel member remove`): end this node "
                    "for good, or move its data_dir away and say `evenkeel member add <its "
                    "address>` to the group",
                .needs_person = true};
    }
    const std::string tail = log_tail(etcd, from);
    // Killed from outside, its log tells of earlier things.
    if (exit.signal == 0) {
        for (const Known& known : kKnown) {
            if (tail.find(known.phrase) == std::string::npos) continue;
            return {.text = fmt::format("{} (its log: {})", known.remedy, etcd.log_path),
                    .needs_person = known.needs_person};
        }
    }
    const auto lines = split(trim(tail), '\n');
    return {.text = fmt::format("last line of its log {}: {}", etcd.log_path,
                                lines.empty() ? "none" : lines.back()),
            .needs_person = false};
}

}  // namespace evenkeel::coord
