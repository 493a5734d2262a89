#include "app/ha_options.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "model/server_id.h"

namespace evenkeel::app {
namespace {

using Values = std::map<std::string, std::string>;

constexpr const char* kBareHa =
    "--ha does not say by what: a stream without its group would run twice. Use --ha=zookeeper "
    "with --zookeeper_server, or --ha=etcd with --etcd_endpoints";
constexpr const char* kRaftHa =
    "--ha=raft: several nodes with a Raft of their own are `evenkeel node` with a [[stream]] "
    "section (docs/guide/maxwell-ha.md); raft.xml is not needed. For `evenkeel cdc` use "
    "--ha=zookeeper or --ha=etcd";

Error wrong(const std::string& text) {
    return {Errc::invalid, text};
}

// `--zookeeper_server ='zk1:2181'`, as Maxwell's page has it with a stray blank, reaches a program
// as a value that starts with "=".
std::string value_of(const Values& values, const std::string& name) {
    const auto found = values.find(name);
    if (found == values.end()) return {};
    std::string_view value = trim(found->second);
    if (value.starts_with('=')) value.remove_prefix(1);
    return std::string(trim(value));
}

Result<HaKind> kind_of(const Values& values, bool asking) {
    const std::string name = value_of(values, "ha");
    const bool given = values.contains("ha");
    if (!given || name == "false") return asking ? HaKind::raft : HaKind::none;
    if (name == "zookeeper") return HaKind::zookeeper;
    if (name == "etcd") return HaKind::etcd;
    const bool bare = name.empty() || name == "true";
    if (asking && (bare || name == "raft" || name == "jgroups-raft")) return HaKind::raft;
    if (bare) return wrong(kBareHa);
    if (name == "raft" || name == "jgroups-raft") return wrong(kRaftHa);
    const auto nearest = nearest_name(name, {"zookeeper", "etcd", "raft"});
    return wrong(fmt::format("--ha={}: say zookeeper or etcd{}", name,
                             nearest ? "; did you mean " + *nearest + "?" : ""));
}

Result<std::uint64_t> number(const Values& values, const std::string& name, std::uint64_t fallback,
                             std::uint64_t low, std::uint64_t high) {
    if (!values.contains(name)) return fallback;
    const auto value = parse_number(value_of(values, name));
    if (!value || *value < low || *value > high) {
        return wrong(fmt::format("--{}: say a number from {} to {}", name, low, high));
    }
    return *value;
}

Result<std::string> zookeeper_servers(const Values& values) {
    const std::string text = value_of(values, "zookeeper_server");
    if (text.empty()) {
        return wrong("--ha=zookeeper needs --zookeeper_server='zk1:2181,zk2:2181,zk3:2181'");
    }
    std::vector<std::string> servers;
    for (const std::string& part : split(text, ',')) {
        const auto server = parse_server_id(trim(part), 2181);
        if (!server) {
            return wrong(fmt::format("--zookeeper_server: {} is not host:port", json_quote(part)));
        }
        servers.push_back(server->str());
    }
    return join(servers, ",");
}

Result<> use_zookeeper(const Values& values, HaConfig& ha) {
    coord::ZookeeperAccess& access = ha.group.zookeeper;
    ha.group.engine = coord::EngineKind::zookeeper;
    EK_TRY(access.servers, zookeeper_servers(values));
    EK_TRY(const auto session, number(values, "zookeeper_session_timeout_ms", 6000, 500, 600'000));
    EK_TRY(const auto connection,
           number(values, "zookeeper_connection_timeout_ms", 6000, 100, 600'000));
    EK_TRY(const auto retries, number(values, "zookeeper_max_retries", 3, 0, 1000));
    EK_TRY(const auto wait, number(values, "zookeeper_retry_wait_ms", 1000, 1, 600'000));
    access.session_timeout = Millis(session);
    access.connection_timeout = Millis(connection);
    access.max_retries = static_cast<int>(retries);
    access.retry_wait = Millis(wait);
    // Somebody else takes over after this; the session's timeout is the longest that it may take.
    ha.group.ttl = Millis(session) / 2;
    ha.join_limit = (access.connection_timeout + access.retry_wait) * (access.max_retries + 1);
    return {};
}

Result<> use_etcd(const Values& values, HaConfig& ha) {
    coord::EtcdAccess& access = ha.group.etcd;
    ha.group.engine = coord::EngineKind::etcd;
    for (const std::string& part : split(value_of(values, "etcd_endpoints"), ',')) {
        std::string endpoint(trim(part));
        if (endpoint.empty()) continue;
        if (endpoint.find("://") == std::string::npos) endpoint = "http://" + endpoint;
        access.endpoints.push_back(endpoint);
    }
    if (access.endpoints.empty()) {
        return wrong("--ha=etcd needs --etcd_endpoints=http://etcd1:2379,http://etcd2:2379");
    }
    access.tls = {.ca = value_of(values, "etcd_ca"),
                  .cert = value_of(values, "etcd_cert"),
                  .key = value_of(values, "etcd_key")};
    if (access.tls.cert.empty() != access.tls.key.empty()) {
        return wrong("--etcd_cert and --etcd_key need each other");
    }
    return {};
}

// What was given for an engine that is not used would be passed over in silence.
Result<> refuse_unused(const Values& values, HaKind kind) {
    for (const auto& [name, value] : values) {
        const bool zookeeper = name.starts_with("zookeeper_");
        const bool etcd = name.starts_with("etcd_");
        if ((zookeeper && kind != HaKind::zookeeper) || (etcd && kind != HaKind::etcd)) {
            return wrong(fmt::format("--{} needs --ha={}", name, zookeeper ? "zookeeper" : "etcd"));
        }
    }
    return {};
}

bool can_be_in_a_path(const std::string& name) {
    return !name.empty() && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' ||
                      c == '.';
           });
}

}  // namespace

const std::vector<HaOption>& ha_options() {
    static const std::vector<HaOption> options{
        {"ha", "zookeeper or etcd: several processes with one client_id, of which one streams", ""},
        {"raft_member_id", "name of this process in its group", "the host's name"},
        {"zookeeper_server", "host:port of each server, with commas", ""},
        {"zookeeper_session_timeout_ms", "after half of it without a sign another takes over",
         "6000"},
        {"zookeeper_connection_timeout_ms", "for one try to connect", "6000"},
        {"zookeeper_max_retries", "tries at the start, and before the log warns", "3"},
        {"zookeeper_retry_wait_ms", "between two of them", "1000"},
        {"etcd_endpoints", "URL of each member, with commas", ""},
        {"etcd_ca", "PEM file of etcd's authority", ""},
        {"etcd_cert", "PEM file of the certificate to show", ""},
        {"etcd_key", "PEM file of its key", ""},
    };
    return options;
}

Result<HaConfig> ha_config_from(const std::map<std::string, std::string>& values,
                                const std::string& client_id, bool asking) {
    HaConfig ha;
    EK_TRY(ha.kind, kind_of(values, asking));
    EK_TRY_VOID(refuse_unused(values, ha.kind));
    ha.member_id = value_of(values, "raft_member_id");
    if (ha.kind == HaKind::none || ha.kind == HaKind::raft) {
        if (!ha.member_id.empty() && !asking) return wrong("--raft_member_id needs --ha");
        return ha;
    }
    if (!can_be_in_a_path(client_id)) {
        return wrong("--client_id: with --ha only letters, digits, `_`, `-` and `.`");
    }
    ha.group.group = "maxwell/" + client_id;
    if (ha.kind == HaKind::zookeeper) {
        EK_TRY_VOID(use_zookeeper(values, ha));
    } else {
        EK_TRY_VOID(use_etcd(values, ha));
    }
    return ha;
}

}  // namespace evenkeel::app
