#include "app/config_keys.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

using Problem = std::optional<std::string>;

Problem expected(std::string_view what, const TomlValue& value) {
    return fmt::format("expects {}, not {}", what, value.kind());
}

// --- setters: each puts a value into one member of a section ------------------------------------

template <typename S>
Field<S> text(std::string name, std::string S::*member, std::string doc) {
    return {.name = std::move(name),
            .type = "text",
            .fallback = (S{}.*member).empty() ? "" : json_quote(S{}.*member),
            .doc = std::move(doc),
            .set = [member](S& section, const TomlValue& value) -> Problem {
                const auto* content = value.as<std::string>();
                if (content == nullptr) return expected("a text in quotes", value);
                if (content->empty()) return "must not be empty";
                section.*member = *content;
                return {};
            }};
}

// A text in a part of the section: `place` leads to it.
template <typename S>
Field<S> text_at(std::string name, std::string& (*place)(S&), std::string doc) {
    S empty;
    const std::string fallback = place(empty);
    return {.name = std::move(name),
            .type = "text",
            .fallback = fallback.empty() ? "" : json_quote(fallback),
            .doc = std::move(doc),
            .set = [place](S& section, const TomlValue& value) -> Problem {
                const auto* content = value.as<std::string>();
                if (content == nullptr) return expected("a text in quotes", value);
                if (content->empty()) return "must not be empty";
                place(section) = *content;
                return {};
            }};
}

// The first line of a file, for passwords.
template <typename S>
Field<S> password_file_at(std::string name, std::string& (*place)(S&), std::string doc) {
    return {.name = std::move(name),
            .type = "text",
            .doc = std::move(doc),
            .set = [place](S& section, const TomlValue& value) -> Problem {
                const auto* path = value.as<std::string>();
                if (path == nullptr) return expected("a path in quotes", value);
                const auto content = io::read_file(*path);
                if (!content) return content.error().what;
                place(section) = std::string(trim(*content));
                if (place(section).empty()) return *path + " is empty";
                return {};
            }};
}

// A text with a language of its own: `put` reads it.
template <typename S>
Field<S> parsed(std::string name, std::string doc,
                Result<> (*put)(S& section, const std::string& text)) {
    return {.name = std::move(name),
            .type = "text",
            .doc = std::move(doc),
            .set = [put](S& section, const TomlValue& value) -> Problem {
                const auto* content = value.as<std::string>();
                if (content == nullptr) return expected("a text in quotes", value);
                const auto done = put(section, *content);
                return done ? Problem{} : Problem(done.error().what);
            }};
}

template <typename S>
Field<S> flag(std::string name, bool S::*member, std::string doc) {
    return {.name = std::move(name),
            .type = "true or false",
            .fallback = S{}.*member ? "true" : "false",
            .doc = std::move(doc),
            .set = [member](S& section, const TomlValue& value) -> Problem {
                const auto* content = value.as<bool>();
                if (content == nullptr) return expected("true or false", value);
                section.*member = *content;
                return {};
            }};
}

// A number between bounds that `put` stores.
template <typename S, typename Put>
Field<S> number(std::string name, std::int64_t least, std::int64_t most, std::string fallback,
                std::string doc, Put put) {
    return {.name = std::move(name),
            .type = fmt::format("number, {} to {}", least, most),
            .fallback = std::move(fallback),
            .doc = std::move(doc),
            .set = [least, most, put](S& section, const TomlValue& value) -> Problem {
                const auto* content = value.as<std::int64_t>();
                if (content == nullptr) return expected("a whole number", value);
                if (*content < least || *content > most) {
                    return fmt::format("must be from {} to {}, not {}", least, most, *content);
                }
                put(section, *content);
                return {};
            }};
}

template <typename S>
Field<S> millis(std::string name, Millis S::*member, std::int64_t least, std::int64_t most,
                std::string doc) {
    return number<S>(std::move(name), least, most, std::to_string((S{}.*member).count()),
                     std::move(doc),
                     [member](S& section, std::int64_t value) { section.*member = Millis(value); });
}

template <typename S>
Field<S> millis_at(std::string name, Millis& (*place)(S&), std::int64_t least, std::int64_t most,
                   std::string doc) {
    S empty;
    return number<S>(std::move(name), least, most, std::to_string(place(empty).count()),
                     std::move(doc),
                     [place](S& section, std::int64_t value) { place(section) = Millis(value); });
}

template <typename S, typename Number>
Field<S> count(std::string name, Number S::*member, std::int64_t least, std::int64_t most,
               std::string doc) {
    return number<S>(
        std::move(name), least, most, std::to_string(S{}.*member), std::move(doc),
        [member](S& section, std::int64_t value) { section.*member = static_cast<Number>(value); });
}

// A list of texts, each of which `put` takes or refuses.
template <typename S, typename Put>
Field<S> texts(std::string name, std::string doc, Put put) {
    return {.name = std::move(name),
            .type = "list of texts",
            .doc = std::move(doc),
            .set = [put](S& section, const TomlValue& value) -> Problem {
                const auto* list = value.as<TomlArray>();
                if (list == nullptr) return expected("a list of texts", value);
                if (list->empty()) return "must not be empty";
                for (const TomlValue& element : *list) {
                    const auto* content = element.as<std::string>();
                    if (content == nullptr) return expected("a list of texts", element);
                    if (const Problem problem = put(section, *content)) return problem;
                }
                return {};
            }};
}

// One of a few words.
template <typename S, typename Value>
Field<S> choice(std::string name, Value S::*member,
                std::vector<std::pair<std::string, Value>> words, std::string doc) {
    std::vector<std::string> names;
    std::string fallback;
    for (const auto& [word, value] : words) {
        names.push_back(word);
        if (S{}.*member == value) fallback = json_quote(word);
    }
    return {.name = std::move(name),
            .type = join(names, ", "),
            .fallback = std::move(fallback),
            .doc = std::move(doc),
            .set = [member, words, names](S& section, const TomlValue& value) -> Problem {
                const auto* content = value.as<std::string>();
                if (content == nullptr) return expected(join(names, ", "), value);
                for (const auto& [word, meaning] : words) {
                    if (word != *content) continue;
                    section.*member = meaning;
                    return {};
                }
                const auto nearest = nearest_name(*content, names);
                return fmt::format("{} is none of {}{}", json_quote(*content), join(names, ", "),
                                   nearest ? fmt::format("; did you mean {}?", *nearest) : "");
            }};
}

// An account's user or password, in a member of the section.
template <typename S>
Field<S> account(std::string name, sql::Credentials S::*member, std::string sql::Credentials::*part,
                 std::string doc) {
    return {.name = std::move(name),
            .type = "text",
            .doc = std::move(doc),
            .set = [member, part](S& section, const TomlValue& value) -> Problem {
                const auto* content = value.as<std::string>();
                if (content == nullptr) return expected("a text in quotes", value);
                section.*member.*part = *content;
                return {};
            }};
}

template <typename S>
Field<S> password_file(std::string name, sql::Credentials S::*member, std::string doc) {
    return {.name = std::move(name),
            .type = "text",
            .doc = std::move(doc),
            .set = [member](S& section, const TomlValue& value) -> Problem {
                const auto* path = value.as<std::string>();
                if (path == nullptr) return expected("a path in quotes", value);
                const auto content = io::read_file(*path);
                if (!content) return content.error().what;
                (section.*member).password = std::string(trim(*content));
                if ((section.*member).password.empty()) return *path + " is empty";
                return {};
            }};
}

Problem add_server(std::vector<ServerId>& servers, const std::string& address) {
    const auto server = parse_server_id(address);
    if (!server) return fmt::format("{} is not host or host:port", json_quote(address));
    if (std::find(servers.begin(), servers.end(), *server) != servers.end()) {
        return fmt::format("{} is there twice", json_quote(address));
    }
    servers.push_back(*server);
    return {};
}

Problem valid_name(const std::string& name) {
    const bool good = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
    if (good && !name.empty() && name.size() <= 64) return {};
    return fmt::format("{} must have 1 to 64 letters, digits, dots, dashes or underscores",
                       json_quote(name));
}

// A text that is used in keys and paths.
template <typename S>
Field<S> name(std::string key, std::string S::*member, std::string doc) {
    Field<S> field = text(std::move(key), member, std::move(doc));
    field.type = "name";
    field.set = [set = field.set, member](S& section, const TomlValue& value) -> Problem {
        if (const Problem problem = set(section, value)) return problem;
        return valid_name(section.*member);
    };
    return field;
}

template <std::string sql::Tls::*Member>
Field<cdc::StreamConfig> tls_file(std::string name, std::string doc) {
    return text_at<cdc::StreamConfig>(
        std::move(name),
        [](cdc::StreamConfig& c) -> std::string& { return c.credentials.tls.*Member; },
        std::move(doc));
}

Field<cdc::StreamConfig> tls_mode(std::string name, std::string doc) {
    return {.name = std::move(name),
            .type = "text",
            .fallback = "\"DISABLED\"",
            .doc = std::move(doc),
            .set = [](cdc::StreamConfig& section, const TomlValue& value) -> Problem {
                const auto* word = value.as<std::string>();
                const auto mode = word != nullptr ? sql::parse_tls_mode(*word) : std::nullopt;
                if (!mode) return "say DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY";
                section.credentials.tls.mode = *mode;
                return {};
            }};
}

// Short for a filter.
Field<cdc::StreamConfig> include_databases() {
    using S = cdc::StreamConfig;
    using Names = std::vector<std::string>;
    return {.name = "include_databases",
            .type = "list of texts",
            .doc = "Only these databases; short for a `filter`.",
            .set = [](S& stream, const TomlValue& value) -> Problem {
                Names names;
                const auto list =
                    texts<Names>("", "", [](Names& all, const std::string& one) -> Problem {
                        if (one.empty()) return "a database's name must not be empty";
                        all.push_back(one);
                        return {};
                    });
                if (const Problem problem = list.set(names, value)) return problem;
                stream.filter = cdc::Filter::of_databases(names);
                return {};
            }};
}

// Where a stream reads.
std::vector<Field<cdc::StreamConfig>> source_fields() {
    using S = cdc::StreamConfig;
    using Account = sql::Credentials;
    return {
        name<S>("name", &S::name, "The stream's name; its checkpoint is kept under it."),
        text<S>("cluster", &S::cluster,
                "Follow this [[cluster]]: read from its replicas, go on behind a promotion."),
        {.name = "server",
         .type = "host:port",
         .fallback = "\"127.0.0.1:3306\"",
         .doc = "Read from this server only; excludes `cluster`.",
         .set = [](S& stream, const TomlValue& value) -> Problem {
             const auto* address = value.as<std::string>();
             if (address == nullptr) return expected("host:port in quotes", value);
             const auto server = parse_server_id(*address);
             if (!server) return fmt::format("{} is not host or host:port", json_quote(*address));
             stream.server = *server;
             return {};
         }},
        account<S>("user", &S::credentials, &Account::user,
                   "Account to read with. Default: that of `cluster`."),
        account<S>("password", &S::credentials, &Account::password, "Its password."),
        password_file<S>("password_file", &S::credentials,
                         "File with the password, in place of `password`."),
        tls_mode("ssl",
                 "Of the connections to servers: DISABLED, PREFERRED, REQUIRED, VERIFY_CA, "
                 "VERIFY_IDENTITY."),
        tls_file<&sql::Tls::ca>(
            "ssl_ca", "PEM file of the servers' authority. Default: those that this host trusts."),
        tls_file<&sql::Tls::cert>(
            "ssl_cert", "PEM file of a certificate to show, for accounts with REQUIRE X509."),
        tls_file<&sql::Tls::key>("ssl_key", "PEM file of its key."),
        choice<S>("source", &S::source,
                  {{"automatic", cdc::SourcePreference::automatic},
                   {"primary", cdc::SourcePreference::primary},
                   {"replica", cdc::SourcePreference::replica}},
                  "Where a stream of a `cluster` reads. automatic: a replica while there is one."),
        number<S>("replica_server_id", 1, 4'294'967'295, "a new one for each connection",
                  "Server id of the stream towards MySQL; unique among replicas.",
                  [](S& stream, std::int64_t id) {
                      stream.replica_server_id = static_cast<std::uint32_t>(id);
                  })};
}

// What it reads, and where that goes.
std::vector<Field<cdc::StreamConfig>> content_fields() {
    using S = cdc::StreamConfig;
    return {
        choice<S>("producer", &S::producer,
                  {{"stdout", cdc::Producer::stdout_lines}, {"file", cdc::Producer::file}},
                  "Where rows go."),
        text<S>("output_file", &S::output_file,
                "File of producer file; every node must reach the same one."),
        text<S>("init_gtid", &S::init_gtid,
                "Start behind this GTID position (MySQL: GTID set) when there is no checkpoint. "
                "Default: the end of the "
                "server's binlog."),
        text<S>("init_position", &S::init_position, "Start at FILE:POSITION, likewise."),
        parsed<S>("filter",
                  "Maxwell's filter: include, exclude, blacklist of DATABASE.TABLE or "
                  "DATABASE.TABLE.COLUMN=VALUE. Default: all but the server's own databases.",
                  [](S& stream, const std::string& text) -> Result<> {
                      EK_TRY(stream.filter, cdc::Filter::parse(text));
                      return {};
                  }),
        include_databases(),
        text<S>("dead_letter_file", &S::dead_letter_file,
                "Rows that cannot be written go there, and the stream goes on. Default: it stops."),
        flag<S>("ignore_missing_schema", &S::ignore_missing_schema,
                "Leave out rows whose columns cannot be known, instead of stopping."),
        millis<S>("checkpoint_interval_ms", &S::checkpoint_interval, 10, 60'000,
                  "How often the checkpoint is stored."),
        count<S>("transaction_bytes_max", &S::transaction_bytes_max, 0, std::int64_t{1} << 40,
                 "A larger transaction waits for its end in a temporary file."),
        choice<S>("bootstrapper", &S::bootstrapper,
                  {{"async", cdc::Bootstrapper::async},
                   {"sync", cdc::Bootstrapper::sync},
                   {"none", cdc::Bootstrapper::none}},
                  "async and sync: take requests for bootstraps; none: ignore them."),
        count<S>("bootstrap_chunk_rows", &S::bootstrap_chunk_rows, 1, 1'000'000,
                 "Rows that a bootstrap reads at once."),
        count<S>("bootstrap_rows_per_second", &S::bootstrap_rows_per_second, 0, 1'000'000'000,
                 "A bootstrap reads no faster; 0: as fast as it goes."),
        text<S>("schema_database", &S::schema_database,
                "Maxwell's own database: it is not streamed, and rows in its table bootstrap are "
                "requests.")};
}

}  // namespace

const std::vector<Field<Config>>& node_fields() {
    static const std::vector<Field<Config>> fields = [] {
        // [node] is about the whole process, so its keys land in several structs.
        std::vector<Field<Config>> all{
            text_at<Config>(
                "id", [](Config& c) -> std::string& { return c.coordination.node; },
                "This node's name, unique in its group. Default: `bind` of [coordination], or the "
                "host's name."),
            text_at<Config>(
                "data_dir", [](Config& c) -> std::string& { return c.node.data_dir; },
                "Folder of this node's state; made when missing. Never shared by two nodes. "
                "Required."),
            text_at<Config>(
                "log_level", [](Config& c) -> std::string& { return c.node.log_level; },
                "debug, info, warn or error.")};
        all[0].type = "name";
        all[0].set = [set = all[0].set](Config& config, const TomlValue& value) -> Problem {
            if (const Problem problem = set(config, value)) return problem;
            return valid_name(config.coordination.node);
        };
        all[2].set = [set = all[2].set](Config& config, const TomlValue& value) -> Problem {
            if (const Problem problem = set(config, value)) return problem;
            const std::vector<std::string> levels{"debug", "info", "warn", "error"};
            const std::string& level = config.node.log_level;
            if (std::find(levels.begin(), levels.end(), level) != levels.end()) return {};
            return fmt::format("{} is none of {}", json_quote(level), join(levels, ", "));
        };
        return all;
    }();
    return fields;
}

const std::vector<Field<coord::Config>>& coordination_fields() {
    using C = coord::Config;
    static const std::vector<Field<C>> fields{
        choice<C>("engine", &C::engine,
                  {{"local", coord::EngineKind::local},
                   {"raft", coord::EngineKind::raft},
                   {"etcd", coord::EngineKind::etcd},
                   {"zookeeper", coord::EngineKind::zookeeper}},
                  "local: this node alone. raft: three or five nodes agree, each with an etcd "
                  "member that evenkeel runs by itself. etcd, zookeeper: a cluster of these that "
                  "is already there."),
        name<C>("group", &C::group, "The group's name; nodes of another group are refused."),
        text<C>(
            "bind", &C::bind,
            "engine raft: this node's address as the others reach it, host:port. Port 10008 when "
            "omitted. Required."),
        texts<C>("nodes",
                 "engine raft: every node of the group, this one too; the same list on each. "
                 "Required.",
                 [](C& config, const std::string& address) -> Problem {
                     std::vector<ServerId> known;
                     for (const std::string& node : config.nodes) {
                         known.push_back(*parse_server_id(node, 10008));
                     }
                     const auto server = parse_server_id(address, 10008);
                     if (!server) return fmt::format("{} is not host:port", json_quote(address));
                     if (std::find(known.begin(), known.end(), *server) != known.end()) {
                         return fmt::format("{} is there twice", json_quote(address));
                     }
                     config.nodes.push_back(address);
                     return {};
                 }),
        number<C>(
            "client_port", 1, 65535, "the port of `bind` + 1",
            "engine raft: port of the etcd member for this node, on 127.0.0.1 only.",
            [](C& config, std::int64_t port) { config.client_port = static_cast<int>(port); }),
        choice<C>(
            "preset", &C::preset,
            {{"lan", coord::Preset::lan}, {"vm", coord::Preset::vm}, {"wan", coord::Preset::wan}},
            "Timings that fit together, for ttl_ms, heartbeat_ms and election_ms. lan: 800, "
            "30, 300, for quiet hardware in one place. vm: 1500, 50, 500, for shared "
            "machines. wan: 8000, 250, 2500, for hosts up to 100 ms apart."),
        millis<C>(
            "ttl_ms", &C::ttl, 200, 60'000,
            "How long a silent node keeps its duties before another takes them. It must outlive "
            "the engine's own change of leader."),
        millis<C>("heartbeat_ms", &C::heartbeat, 5, 5'000, "engine raft: heartbeat of the member."),
        millis<C>(
            "election_ms", &C::election, 50, 50'000,
            "engine raft: silence after which members elect a new leader of their own; at least "
            "five heartbeats."),
        count<C>("group_size", &C::size, 1, 99,
                 "engine etcd or zookeeper: how many nodes of evenkeel the group has; a failover "
                 "needs the agreement of more than half of them. Required there."),
        flag<C>("insecure", &C::insecure,
                "true: nodes on several hosts may talk to each other without [tls]. Whoever "
                "reaches their ports can then change everything."),
        texts<C>("etcd_endpoints", "engine etcd: the servers, \"https://etcd1:2379\". Required.",
                 [](C& config, const std::string& url) -> Problem {
                     if (!url.starts_with("http://") && !url.starts_with("https://")) {
                         return fmt::format("{} does not start with https:// or http://",
                                            json_quote(url));
                     }
                     config.etcd.endpoints.push_back(
                         url.ends_with('/') ? url.substr(0, url.size() - 1) : url);
                     return {};
                 }),
        text_at<C>(
            "etcd_user", [](C& c) -> std::string& { return c.etcd.user; },
            "engine etcd: user whose role may read and write the keys below /evenkeel/GROUP/."),
        text_at<C>(
            "etcd_password", [](C& c) -> std::string& { return c.etcd.password; }, "Its password."),
        password_file_at<C>(
            "etcd_password_file", [](C& c) -> std::string& { return c.etcd.password; },
            "File with the password, in place of `etcd_password`."),
        text_at<C>(
            "etcd_ca", [](C& c) -> std::string& { return c.etcd.tls.ca; },
            "engine etcd: authority of the servers' certificates (PEM); needed for https."),
        text_at<C>(
            "etcd_cert", [](C& c) -> std::string& { return c.etcd.tls.cert; },
            "engine etcd: certificate that this node shows, when the servers ask for one."),
        text_at<C>(
            "etcd_key", [](C& c) -> std::string& { return c.etcd.tls.key; }, "Its key."),
        text_at<C>(
            "zookeeper_server", [](C& c) -> std::string& { return c.zookeeper.servers; },
            "engine zookeeper: the ensemble, \"zk1:2181,zk2:2181,zk3:2181\". Required."),
        text_at<C>(
            "zookeeper_chroot", [](C& c) -> std::string& { return c.zookeeper.chroot; },
            "engine zookeeper: path below which everything is kept. Default: /evenkeel/GROUP."),
        text_at<C>(
            "zookeeper_user", [](C& c) -> std::string& { return c.zookeeper.user; },
            "engine zookeeper: user of digest authentication; what is written then belongs to it "
            "alone."),
        text_at<C>(
            "zookeeper_password", [](C& c) -> std::string& { return c.zookeeper.password; },
            "Its password."),
        password_file_at<C>(
            "zookeeper_password_file", [](C& c) -> std::string& { return c.zookeeper.password; },
            "File with the password, in place of `zookeeper_password`."),
        millis_at<C>(
            "zookeeper_session_timeout_ms",
            [](C& c) -> Millis& { return c.zookeeper.session_timeout; }, 100, 600'000,
            "engine zookeeper: silence after which the servers forget a session."),
        millis_at<C>(
            "zookeeper_connection_timeout_ms",
            [](C& c) -> Millis& { return c.zookeeper.connection_timeout; }, 10, 600'000,
            "engine zookeeper: longest wait for a connection."),
        number<C>("zookeeper_max_retries", 0, 1000, "3",
                  "engine zookeeper: how often a lost connection is tried anew before it is "
                  "reported.",
                  [](C& c, std::int64_t n) { c.zookeeper.max_retries = static_cast<int>(n); }),
        millis_at<C>(
            "zookeeper_retry_wait_ms", [](C& c) -> Millis& { return c.zookeeper.retry_wait; }, 1,
            600'000, "engine zookeeper: pause between these."),
        number<C>("join_limit_s", 1, 86'400, "120",
                  "A node that has not joined its group by then says what is missing and exits.",
                  [](C& config, std::int64_t value) { config.join_limit = Millis(value * 1000); })};
    return fields;
}

const std::vector<Field<io::TlsFiles>>& tls_fields() {
    using T = io::TlsFiles;
    static const std::vector<Field<T>> fields{
        text<T>("ca", &T::ca, "The group's authority, ca.pem. Required."),
        text<T>("cert", &T::cert, "This node's certificate. Required."),
        text<T>("key", &T::key, "Its key. Required.")};
    return fields;
}

const std::vector<Field<ApiConfig>>& api_fields() {
    static const std::vector<Field<ApiConfig>> fields{
        text<ApiConfig>("listen", &ApiConfig::listen, "Address of the HTTP API, host:port."),
        text<ApiConfig>("advertise", &ApiConfig::advertise,
                        "host:port at which the other nodes reach the HTTP API. Default: `listen`; "
                        "required when that is 0.0.0.0 and there are several nodes."),
        text<ApiConfig>("tls_cert", &ApiConfig::tls_cert,
                        "Certificate for HTTPS on `listen`. Default: plain HTTP."),
        text<ApiConfig>("tls_key", &ApiConfig::tls_key, "Its key."),
        text<ApiConfig>("peers", &ApiConfig::peers,
                        "host:port at which the other nodes reach this one over TLS, with the "
                        "certificates of [tls]. Default: `bind` of [coordination], its port + 2."),
        text<ApiConfig>("user", &ApiConfig::user,
                        "User that may change something through the API from another host (HTTP "
                        "basic authentication). Without one only this host may."),
        text<ApiConfig>("password", &ApiConfig::password, "Its password."),
        password_file_at<ApiConfig>(
            "password_file", [](ApiConfig& c) -> std::string& { return c.password; },
            "File with the password, in place of `password`.")};
    return fields;
}

const std::vector<Field<topology::ClusterConfig>>& cluster_fields() {
    using C = topology::ClusterConfig;
    using Account = sql::Credentials;
    static const std::vector<Field<C>> fields{
        name<C>("name", &C::name, "The cluster's name."),
        texts<C>(
            "seeds",
            "Servers of the cluster, host:port (3306 when omitted). One is enough: the others are "
            "discovered. Required.",
            [](C& c, const std::string& address) { return add_server(c.seeds, address); }),
        account<C>("user", &C::credentials, &Account::user, "evenkeel's account. Required."),
        account<C>("password", &C::credentials, &Account::password, "Its password."),
        password_file<C>("password_file", &C::credentials,
                         "File with the password, in place of `password`."),
        account<C>("replication_user", &C::replication, &Account::user,
                   "Account with which replicas connect to a new primary. Default: `user`."),
        account<C>("replication_password", &C::replication, &Account::password, "Its password."),
        password_file<C>("replication_password_file", &C::replication,
                         "File with that password, in place of `replication_password`."),
        flag<C>("failover", &C::failover, "false: analyse and report, change nothing."),
        flag<C>("allow_loss", &C::allow_loss,
                "true: fail over also while a replica cannot be reached that was healthy when the "
                "primary died; under semi-sync it may alone have acknowledged commits."),
        millis<C>("poll_interval_ms", &C::poll_interval, 50, 600'000,
                  "Full probe of every server."),
        millis<C>("heartbeat_interval_ms", &C::heartbeat_interval, 10, 60'000,
                  "Ping on an idle connection to every server."),
        count<C>("heartbeats_missed_max", &C::heartbeats_missed_max, 1, 1000,
                 "Silence of that many intervals makes a server suspicious."),
        millis<C>("probe_limit_ms", &C::probe_limit, 50, 60'000, "Longest wait for one probe."),
        millis<C>("recovery_limit_ms", &C::recovery_limit, 1000, 3'600'000,
                  "Longest wait for one step of a recovery."),
        millis<C>("drain_limit_ms", &C::drain_limit, 0, 3'600'000,
                  "Longest wait for the candidate to apply what it received."),
        millis<C>("failover_pause_ms", &C::failover_pause, 0, 86'400'000,
                  "No second automatic failover of the cluster before that.")};
    return fields;
}

const std::vector<Field<cdc::StreamConfig>>& stream_fields() {
    static const std::vector<Field<cdc::StreamConfig>> fields = [] {
        auto all = source_fields();
        for (auto& field : content_fields()) all.push_back(std::move(field));
        return all;
    }();
    return fields;
}

const std::vector<Field<cdc::OutputConfig>>& output_fields() {
    using O = cdc::OutputConfig;
    static const std::vector<Field<O>> fields{
        flag<O>("commit_info", &O::commit_info, "xid and commit in each row."),
        flag<O>("xoffset", &O::xoffset, "xoffset: the row's place in its transaction."),
        flag<O>("nulls", &O::nulls, "Columns that are NULL."),
        flag<O>("null_zerodates", &O::null_zerodates, "0000-00-00 as null."),
        flag<O>("binlog_position", &O::binlog_position, "position: FILE:POSITION of the event."),
        flag<O>("gtid_position", &O::gtid_position, "gtid of the transaction."),
        flag<O>("server_id", &O::server_id, "server_id of the writer."),
        flag<O>("primary_keys", &O::primary_keys, "primary_key: its values."),
        flag<O>("primary_key_columns", &O::primary_key_columns, "primary_key_columns: its names."),
        flag<O>("row_query", &O::row_query, "query: the statement that made the row."),
        flag<O>("push_timestamp", &O::push_timestamp, "push_ts: when the row was rendered."),
        flag<O>("thread_id", &O::thread_id,
                "thread_id of the client that wrote it, where the server says so."),
        flag<O>("schema_id", &O::schema_id, "schema_id: number of the definitions in force."),
        flag<O>("row_id", &O::row_id,
                "row_id: GTID:NUMBER, the same for a row that is written again after a restart."),
        flag<O>("ddl", &O::ddl, "Records of CREATE, ALTER and DROP, between the rows."),
        flag<O>("maxwell_quirks", &O::maxwell_quirks, "Maxwell's bytes also where they are wrong."),
        count<O>("row_query_max_length", &O::row_query_max_length, 0, UINT32_MAX,
                 "Longest query in characters; 0: all of it."),
        choice<O>("naming_strategy", &O::camel_case,
                  {{"none", false}, {"underscore_to_camelcase", true}},
                  "userId for user_id, in the envelope too."),
        parsed<O>("exclude_columns",
                  "Columns left out of data and old, with commas: names, or /regular expressions/ "
                  "for the whole name.",
                  [](O& output, const std::string& text) -> Result<> {
                      EK_TRY(output.exclude_columns, cdc::ColumnList::parse(text));
                      return {};
                  }),
        parsed<O>(
            "mask_columns",
            "DATABASE.TABLE.COLUMN=hash, =redact or =null, with commas; parts as in `filter`.",
            [](O& output, const std::string& text) -> Result<> {
                EK_TRY(output.mask_columns, cdc::MaskRules::parse(text));
                return {};
            }),
        text<O>("mask_secret", &O::mask_secret, "Key of hashed columns (HMAC-SHA-256)."),
        choice<O>("encrypt", &O::encrypt,
                  {{"none", cdc::Encryption::none},
                   {"data", cdc::Encryption::data},
                   {"all", cdc::Encryption::all}},
                  "AES-CBC of data and old, or of the whole line, as Maxwell's."),
        text<O>("secret_key", &O::secret_key, "Its key: 16, 24 or 32 bytes."),
        count<O>("max_row_bytes", &O::max_row_bytes, 0, std::int64_t{1} << 40,
                 "A row whose line is longer cannot be written; 0: no limit.")};
    return fields;
}

}  // namespace evenkeel::app
