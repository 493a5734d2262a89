#include "app/config.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "app/config_keys.h"
#include "app/toml_document.h"
#include "base/text.h"
#include "cdc/options/options.h"
#include "io/file.h"
#include "model/binlog_position.h"

namespace evenkeel::app {
namespace {

struct Problem {
    int line = 0;
    std::string text{};
};

// Reads tables by their fields and collects everything that is wrong.
class Reader {
public:
    template <typename S>
    void read(const std::string& title, const TomlTable& table, const std::vector<Field<S>>& fields,
              S& section, const std::vector<std::string>& sub_tables = {}) {
        for (const TomlEntry& entry : table) {
            if (std::count(sub_tables.begin(), sub_tables.end(), entry.key) > 0) continue;
            const auto field = std::find_if(fields.begin(), fields.end(),
                                            [&](const auto& f) { return f.name == entry.key; });
            if (field == fields.end()) {
                std::vector<std::string> names = sub_tables;
                for (const auto& known : fields) names.push_back(known.name);
                unknown(entry, title, names);
            } else if (const auto wrong = field->set(section, entry.value)) {
                add(entry.value.line, fmt::format("{} in {}: {}", entry.key, title, *wrong));
            }
        }
    }

    void unknown(const TomlEntry& entry, const std::string& where,
                 const std::vector<std::string>& names) {
        const auto nearest = nearest_name(entry.key, names);
        add(entry.value.line,
            fmt::format("unknown {} {} in {}{}", entry.value.as<TomlTable>() ? "section" : "key",
                        json_quote(entry.key), where,
                        nearest ? fmt::format("; did you mean {}?", *nearest) : ""));
    }

    void add(int line, std::string text) { problems_.push_back({line, std::move(text)}); }

    bool good() const { return problems_.empty(); }
    Error error(const std::string& file) {
        std::stable_sort(problems_.begin(), problems_.end(),
                         [](const Problem& a, const Problem& b) { return a.line < b.line; });
        std::vector<std::string> lines;
        for (const Problem& problem : problems_) {
            lines.push_back(fmt::format("{}:{}: {}", file, problem.line, problem.text));
        }
        return {Errc::invalid, join(lines, "\n")};
    }

private:
    std::vector<Problem> problems_;
};

const TomlEntry* find(const TomlTable& table, const std::string& key) {
    for (const TomlEntry& entry : table) {
        if (entry.key == key) return &entry;
    }
    return nullptr;
}

int line_of(const TomlTable& table, const std::string& key, int otherwise) {
    const TomlEntry* entry = find(table, key);
    return entry == nullptr ? otherwise : entry->value.line;
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? std::string(name) : "node";
}

std::string with_port(const std::string& address, std::uint16_t port) {
    const auto server = parse_server_id(address, port);
    return server ? server->str() : address;
}

// --- what one section's keys must fulfil together -----------------------------------------------

void check_node(Reader& reader, const TomlTable& root, Config& config) {
    const TomlEntry* node = find(root, "node");
    if (config.node.data_dir.empty()) {
        reader.add(node == nullptr ? 1 : node->value.line,
                   "data_dir is missing in [node]: the folder of this node's state, for example "
                   "\"/var/lib/evenkeel\"");
    }
}

void check_raft(Reader& reader, const TomlTable& table, int line, Config& config) {
    coord::Config& raft = config.coordination;
    if (raft.bind.empty()) {
        reader.add(line,
                   "bind is missing in [coordination]: engine raft needs this node's address");
    } else if (!parse_server_id(raft.bind, 10008)) {
        reader.add(
            line_of(table, "bind", line),
            fmt::format("bind in [coordination]: {} is not host:port", json_quote(raft.bind)));
    } else {
        raft.bind = with_port(raft.bind, 10008);
    }
    for (std::string& node : raft.nodes) node = with_port(node, 10008);
    if (raft.nodes.empty()) {
        reader.add(line,
                   "nodes is missing in [coordination]: engine raft needs the list of all nodes");
    } else if (!raft.bind.empty() &&
               std::count(raft.nodes.begin(), raft.nodes.end(), raft.bind) == 0) {
        reader.add(line_of(table, "nodes", line),
                   fmt::format("nodes in [coordination] does not have this node's bind {}",
                               json_quote(raft.bind)));
    }
    if (raft.nodes.size() == 2) {
        reader.add(line_of(table, "nodes", line),
                   "nodes in [coordination]: two nodes stop when either fails; use 3 or 5 (or 1)");
    }
    raft.size = static_cast<int>(raft.nodes.size());
    if (raft.election < 5 * raft.heartbeat) {
        reader.add(line_of(table, "election_ms", line),
                   fmt::format("election_ms in [coordination] must be at least five times "
                               "heartbeat_ms ({}), so {} or more",
                               raft.heartbeat.count(), 5 * raft.heartbeat.count()));
    }
}

void apply_preset(const TomlTable& table, coord::Config& config) {
    const coord::Timing timing = coord::timing_of(config.preset);
    if (find(table, "ttl_ms") == nullptr) config.ttl = timing.ttl;
    if (find(table, "heartbeat_ms") == nullptr) config.heartbeat = timing.heartbeat;
    if (find(table, "election_ms") == nullptr) config.election = timing.election;
}

void check_etcd(Reader& reader, const TomlTable& table, int line, const coord::Config& config) {
    if (config.etcd.endpoints.empty() && find(table, "etcd_endpoints") == nullptr) {
        reader.add(line,
                   "etcd_endpoints is missing in [coordination]: engine etcd needs the servers, "
                   "for example [\"https://etcd1:2379\"]");
    }
    if (config.etcd.tls.cert.empty() != config.etcd.tls.key.empty()) {
        reader.add(line, "etcd_cert and etcd_key in [coordination] need each other");
    }
}

void check_zookeeper(Reader& reader, const TomlTable& table, int line, coord::Config& config) {
    if (config.zookeeper.servers.empty()) {
        reader.add(line,
                   "zookeeper_server is missing in [coordination]: engine zookeeper needs the "
                   "ensemble, for example \"zk1:2181,zk2:2181,zk3:2181\"");
    }
    std::string& chroot = config.zookeeper.chroot;
    if (!chroot.empty() && (!chroot.starts_with('/') || chroot.ends_with('/'))) {
        reader.add(line_of(table, "zookeeper_chroot", line),
                   "zookeeper_chroot in [coordination] must start with / and not end with it");
    }
    if (chroot.empty()) chroot = "/evenkeel/" + config.group;
}

// Keys of one engine say nothing to another: a leftover may be a misunderstanding.
void refuse_other_engines(Reader& reader, const TomlTable& table, coord::EngineKind engine) {
    using enum coord::EngineKind;
    const std::vector<std::string> raft_keys{"bind", "nodes", "client_port", "heartbeat_ms",
                                             "election_ms"};
    for (const TomlEntry& entry : table) {
        const auto refuse = [&](const char* needed) {
            reader.add(entry.value.line,
                       fmt::format("{} in [coordination] needs engine = {}", entry.key, needed));
        };
        const bool of_raft = std::count(raft_keys.begin(), raft_keys.end(), entry.key) > 0;
        if (of_raft && engine != raft) refuse("\"raft\"");
        if (entry.key.starts_with("etcd_") && engine != etcd) refuse("\"etcd\"");
        if (entry.key.starts_with("zookeeper_") && engine != zookeeper) refuse("\"zookeeper\"");
        if (entry.key == "group_size" && engine != etcd && engine != zookeeper) {
            refuse("\"etcd\" or \"zookeeper\"");
        }
    }
}

void check_coordination(Reader& reader, const TomlTable& root, Config& config) {
    const TomlEntry* entry = find(root, "coordination");
    const TomlTable empty;
    const auto* table = entry == nullptr ? &empty : entry->value.as<TomlTable>();
    if (table == nullptr) return;
    const int line = entry == nullptr ? 1 : entry->value.line;
    coord::Config& coordination = config.coordination;
    apply_preset(*table, coordination);
    refuse_other_engines(reader, *table, coordination.engine);
    switch (coordination.engine) {
        case coord::EngineKind::local: break;
        case coord::EngineKind::raft: check_raft(reader, *table, line, config); break;
        case coord::EngineKind::etcd: check_etcd(reader, *table, line, coordination); break;
        case coord::EngineKind::zookeeper:
            check_zookeeper(reader, *table, line, coordination);
            break;
    }
    const bool external = coordination.engine == coord::EngineKind::etcd ||
                          coordination.engine == coord::EngineKind::zookeeper;
    if (external && find(*table, "group_size") == nullptr) {
        reader.add(line,
                   "group_size is missing in [coordination]: how many nodes of evenkeel there "
                   "are, for a failover needs the agreement of more than half of them");
    }
    if (coordination.node.empty()) {
        const bool raft = coordination.engine == coord::EngineKind::raft;
        coordination.node = raft && !coordination.bind.empty() ? coordination.bind : host_name();
    }
    coordination.data_dir = config.node.data_dir;
}

bool stays_on_this_host(const std::string& address) {
    const auto server = parse_server_id(address, 1);
    return server && (server->host.starts_with("127.") || server->host == "localhost" ||
                      server->host == "::1");
}

// Between hosts nothing travels in the clear, unless somebody says so.
void check_tls(Reader& reader, const TomlTable& root, Config& config) {
    coord::Config& coordination = config.coordination;
    const TomlEntry* entry = find(root, "tls");
    const int line = entry == nullptr ? line_of(root, "coordination", 1) : entry->value.line;
    const io::TlsFiles& tls = coordination.tls;
    if (entry != nullptr) {
        if (tls.ca.empty()) reader.add(line, "ca is missing in [tls]");
        if (tls.cert.empty()) reader.add(line, "cert is missing in [tls]");
        if (tls.key.empty()) reader.add(line, "key is missing in [tls]");
        if (coordination.engine == coord::EngineKind::local) {
            reader.add(line, "[tls] is for a group: engine local has no other nodes");
        }
    } else if (coordination.engine != coord::EngineKind::local && !coordination.insecure &&
               !(stays_on_this_host(config.api.listen) &&
                 (coordination.bind.empty() || stays_on_this_host(coordination.bind)))) {
        reader.add(line,
                   "[tls] is missing: the nodes are on several hosts, and whoever reaches their "
                   "ports could change everything. Make certificates with `evenkeel cert init`, "
                   "or set insecure = true in [coordination]");
    }
}

void check_api_access(Reader& reader, const TomlTable* table, int line, Config& config) {
    ApiConfig& api = config.api;
    const auto line_in = [&](const char* key) {
        return table != nullptr ? line_of(*table, key, line) : line;
    };
    if (api.tls_cert.empty() != api.tls_key.empty()) {
        reader.add(line_in("tls_cert"), "tls_cert and tls_key in [api] need each other");
    }
    if (api.user.empty() != api.password.empty()) {
        reader.add(line_in("user"), "user and password in [api] need each other");
    }
    if (!config.coordination.tls.on()) {
        if (!api.peers.empty()) reader.add(line_in("peers"), "peers in [api] needs [tls]");
        return;
    }
    if (api.peers.empty()) {
        const auto bind = parse_server_id(config.coordination.bind, 10008);
        if (config.coordination.engine == coord::EngineKind::raft && bind) {
            api.peers = ServerId{bind->host, static_cast<std::uint16_t>(bind->port + 2)}.str();
        } else {
            reader.add(line,
                       "peers is missing in [api]: with [tls] and an external engine it says "
                       "where the other nodes reach this one, for example \"10.0.0.1:10010\"");
        }
    } else if (!parse_server_id(api.peers, 10010)) {
        reader.add(line_in("peers"),
                   fmt::format("peers in [api]: {} is not host:port", json_quote(api.peers)));
    } else {
        api.peers = with_port(api.peers, 10010);
    }
}

void check_api(Reader& reader, const TomlTable& root, Config& config) {
    const TomlEntry* entry = find(root, "api");
    const int line = entry == nullptr ? 1 : entry->value.line;
    const auto* table = entry == nullptr ? nullptr : entry->value.as<TomlTable>();
    const auto listen = parse_server_id(config.api.listen, 3000);
    if (!listen) {
        reader.add(
            table ? line_of(*table, "listen", line) : line,
            fmt::format("listen in [api]: {} is not host:port", json_quote(config.api.listen)));
        return;
    }
    config.api.listen = listen->str();
    const bool everywhere = listen->host == "0.0.0.0" || listen->host == "::";
    if (config.api.advertise.empty()) {
        if (everywhere && config.coordination.size > 1) {
            reader.add(
                table ? line_of(*table, "listen", line) : line,
                fmt::format("advertise is missing in [api]: listen {} does not say where the "
                            "other nodes reach this one",
                            json_quote(config.api.listen)));
        }
        config.api.advertise = config.api.listen;
    } else if (!parse_server_id(config.api.advertise, listen->port)) {
        reader.add(table ? line_of(*table, "advertise", line) : line,
                   fmt::format("advertise in [api]: {} is not host:port",
                               json_quote(config.api.advertise)));
    } else {
        config.api.advertise = with_port(config.api.advertise, listen->port);
    }
    check_api_access(reader, table, line, config);
}

void check_passwords(Reader& reader, const TomlTable& table, const std::string& prefix,
                     const std::string& title) {
    const TomlEntry* file = find(table, prefix + "password_file");
    if (file != nullptr && find(table, prefix + "password") != nullptr) {
        reader.add(file->value.line,
                   fmt::format("{0}password_file in {1} excludes {0}password", prefix, title));
    }
}

void check_cluster(Reader& reader, const TomlTable& table, int line,
                   topology::ClusterConfig& cluster) {
    if (cluster.seeds.empty() && find(table, "seeds") == nullptr) {
        reader.add(line,
                   "seeds is missing in [[cluster]]: name one server, for example "
                   "[\"db1:3306\"]");
    }
    if (cluster.credentials.user.empty()) reader.add(line, "user is missing in [[cluster]]");
    check_passwords(reader, table, "", "[[cluster]]");
    check_passwords(reader, table, "replication_", "[[cluster]]");
    if (cluster.replication.user.empty()) {
        if (!cluster.replication.password.empty()) {
            reader.add(line, "replication_password in [[cluster]] needs replication_user");
        }
        cluster.replication = cluster.credentials;
    }
}

void check_stream(Reader& reader, const TomlTable& table, int line, const Config& config,
                  cdc::StreamConfig& stream) {
    const std::string title = fmt::format("[[stream]] {}", json_quote(stream.name));
    check_passwords(reader, table, "", title);
    if (!stream.cluster.empty()) {
        const auto cluster = std::find_if(config.clusters.begin(), config.clusters.end(),
                                          [&](const auto& c) { return c.name == stream.cluster; });
        if (cluster == config.clusters.end()) {
            std::vector<std::string> names;
            for (const auto& known : config.clusters) names.push_back(known.name);
            const auto nearest = nearest_name(stream.cluster, names);
            reader.add(line_of(table, "cluster", line),
                       fmt::format("cluster in {}: there is no [[cluster]] {}{}", title,
                                   json_quote(stream.cluster),
                                   nearest ? fmt::format("; did you mean {}?", *nearest) : ""));
        } else if (stream.credentials.user.empty()) {
            const sql::Tls tls = stream.credentials.tls;
            stream.credentials = cluster->credentials;
            stream.credentials.tls = tls;
        }
        if (const TomlEntry* server = find(table, "server")) {
            reader.add(server->value.line, fmt::format("server in {} excludes cluster", title));
        }
    } else if (stream.credentials.user.empty()) {
        reader.add(line, fmt::format("user is missing in {}", title));
    }
    if (stream.producer == cdc::Producer::file && stream.output_file.empty()) {
        reader.add(line_of(table, "producer", line),
                   fmt::format("output_file is missing in {}: producer file needs it", title));
    }
    if (stream.producer != cdc::Producer::file && !stream.output_file.empty()) {
        reader.add(line_of(table, "output_file", line),
                   fmt::format("output_file in {} needs producer = \"file\"", title));
    }
    if (const TomlEntry* databases = find(table, "include_databases");
        databases != nullptr && find(table, "filter") != nullptr) {
        reader.add(databases->value.line,
                   fmt::format("include_databases in {} excludes filter", title));
    }
    if (const auto good = cdc::check_stream_config(stream); !good) {
        reader.add(line_of(table, "output", line),
                   fmt::format("{} ({})", good.error().what, title));
    }
    if (!stream.init_gtid.empty() && !parse_gtids(stream.init_gtid)) {
        reader.add(
            line_of(table, "init_gtid", line),
            fmt::format("init_gtid in {}: {} is neither a GTID position such as \"0-1-4711\" nor a "
                        "GTID set of MySQL",
                        title, json_quote(stream.init_gtid)));
    }
    if (!stream.init_gtid.empty() && !stream.init_position.empty()) {
        reader.add(line_of(table, "init_position", line),
                   fmt::format("init_position in {} excludes init_gtid", title));
    }
}

// The tables of `[[key]]`, with a problem where the section is written otherwise.
std::vector<const TomlValue*> array_of_tables(Reader& reader, const TomlTable& root,
                                              const std::string& key) {
    const TomlEntry* entry = find(root, key);
    if (entry == nullptr) return {};
    std::vector<const TomlValue*> tables;
    const auto* array = entry->value.as<TomlArray>();
    const bool good =
        array != nullptr && std::all_of(array->begin(), array->end(), [](const auto& v) {
            return v.template as<TomlTable>() != nullptr;
        });
    if (!good) {
        reader.add(entry->value.line, fmt::format("write [[{0}]] for each {0}", key));
        return {};
    }
    for (const TomlValue& value : *array) tables.push_back(&value);
    return tables;
}

template <typename S>
void read_section(Reader& reader, const TomlTable& root, const std::string& key,
                  const std::vector<Field<S>>& fields, S& section) {
    const TomlEntry* entry = find(root, key);
    if (entry == nullptr) return;
    const auto* table = entry->value.as<TomlTable>();
    if (table == nullptr) {
        reader.add(entry->value.line, fmt::format("write [{0}] for the section {0}", key));
        return;
    }
    reader.read("[" + key + "]", *table, fields, section);
}

template <typename S>
void check_twice(Reader& reader, const std::vector<S>& read, const std::string& name, int line,
                 const std::string& key) {
    for (const S& other : read) {
        if (other.name != name) continue;
        reader.add(line,
                   fmt::format("there is another [[{}]] with the name {}", key, json_quote(name)));
        return;
    }
}

void read_clusters(Reader& reader, const TomlTable& root, Config& config) {
    for (const TomlValue* value : array_of_tables(reader, root, "cluster")) {
        const TomlTable& table = *value->as<TomlTable>();
        topology::ClusterConfig cluster;
        reader.read("[[cluster]]", table, cluster_fields(), cluster);
        check_cluster(reader, table, value->line, cluster);
        check_twice(reader, config.clusters, cluster.name, line_of(table, "name", value->line),
                    "cluster");
        config.clusters.push_back(std::move(cluster));
    }
}

void read_streams(Reader& reader, const TomlTable& root, Config& config) {
    for (const TomlValue* value : array_of_tables(reader, root, "stream")) {
        const TomlTable& table = *value->as<TomlTable>();
        cdc::StreamConfig stream;
        reader.read("[[stream]]", table, stream_fields(), stream, {"output"});
        if (const TomlEntry* output = find(table, "output")) {
            if (const auto* keys = output->value.as<TomlTable>()) {
                reader.read("[stream.output]", *keys, output_fields(), stream.output);
            } else {
                reader.add(output->value.line, "write [stream.output] for the section output");
            }
        }
        check_stream(reader, table, value->line, config, stream);
        check_twice(reader, config.streams, stream.name, line_of(table, "name", value->line),
                    "stream");
        config.streams.push_back(std::move(stream));
    }
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& file) {
    EK_TRY(const TomlTable root, parse_toml(text, file));
    Reader reader;
    Config config;
    const std::vector<std::string> sections{"node", "coordination", "api",
                                            "tls",  "cluster",      "stream"};
    for (const TomlEntry& entry : root) {
        if (std::count(sections.begin(), sections.end(), entry.key) == 0) {
            reader.unknown(entry, "the file", sections);
        }
    }
    read_section(reader, root, "node", node_fields(), config);
    read_section(reader, root, "coordination", coordination_fields(), config.coordination);
    read_section(reader, root, "tls", tls_fields(), config.coordination.tls);
    read_section(reader, root, "api", api_fields(), config.api);
    check_node(reader, root, config);
    check_coordination(reader, root, config);
    check_tls(reader, root, config);
    check_api(reader, root, config);
    read_clusters(reader, root, config);
    read_streams(reader, root, config);
    if (!reader.good()) return reader.error(file);
    return config;
}

Result<Config> load_config(const std::string& file) {
    EK_TRY(const std::string text, io::read_file(file));
    return parse_config(text, file);
}

namespace {

template <typename S>
std::string reference_of(const std::string& title, const std::string& about,
                         const std::vector<Field<S>>& fields) {
    std::string text = fmt::format(
        "## {}\n\n{}\n\n| key | value | default | meaning |\n"
        "|---|---|---|---|\n",
        title, about);
    for (const auto& field : fields) {
        text += fmt::format("| `{}` | {} | {} | {} |\n", field.name, field.type,
                            field.fallback.empty() ? "" : "`" + field.fallback + "`", field.doc);
    }
    return text + "\n";
}

}  // namespace

std::string config_reference() {
    std::string text =
        "# Configuration\n\n"
        "<!-- Generated: evenkeel config-reference > docs/reference/configuration.md -->\n\n"
        "`evenkeel node --config FILE` reads one TOML file. Unknown keys, wrong types and "
        "impossible\n"
        "combinations are refused, all at once, with their line; `--check-config` does only that.\n"
        "Units are in the names: `_ms`, `_s`, `_bytes`. `packaging/examples/` has whole files.\n\n";
    text += reference_of("[node]", "The process.", node_fields());
    text +=
        reference_of("[coordination]", "How the nodes of a group agree.", coordination_fields());
    text += reference_of("[tls]",
                         "Certificates of the nodes, for all that they say to each other; "
                         "`evenkeel cert init` makes them. PEM files, read anew for each "
                         "connection. Needed when `bind` is not on this host.",
                         tls_fields());
    text += reference_of("[api]", "The HTTP API (see [api.md](api.md)).", api_fields());
    text += reference_of("[[cluster]]",
                         "A replication cluster to watch and recover; repeat the section for each.",
                         cluster_fields());
    text += reference_of("[[stream]]",
                         "A change stream; one node of the group runs it. Repeat it for each.",
                         stream_fields());
    text += reference_of("[stream.output]",
                         "What each row says, below its [[stream]]. Names are Maxwell's without "
                         "`output_`.",
                         output_fields());
    text.pop_back();
    return text;
}

}  // namespace evenkeel::app
