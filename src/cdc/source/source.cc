#include "cdc/source/source.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "cdc/source/event_batches.h"
#include "cdc/source/gtid_scan.h"
#include "cdc/source/source_checks.h"
#include "cdc/source/source_dialect.h"
#include "io/byte_stream.h"
#include "io/clock.h"
#include "wire/packet_reader.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kSilenceMax{3000};
constexpr std::uint64_t kHeartbeatNs = 1'000'000'000;

std::string packet_of(const std::string& command) {
    std::string packet;
    const auto size =
        static_cast<std::uint32_t>(command.size());  // The fourth byte is a number, 0.
    packet.append(reinterpret_cast<const char*>(&size), sizeof size);
    return packet + command;
}

Error setting(const ServerId& server, std::string_view what) {
    return {Errc::invalid, fmt::format("stream from {}: {}", server.str(), what)};
}

// What the dump's error packet means for a stream.
Error dump_error(const ServerId& server, const BinlogPosition& from,
                 const wire::ServerError& error) {
    const std::string text = fmt::format("read the binlog of {}: {} (error {})", server.str(),
                                         error.message, error.number);
    const auto says = [&](const char* word) {
        return error.message.find(word) != std::string::npos;
    };
    if (error.number == 1227 || error.number == 1045) {
        return {Errc::denied, text + ": GRANT REPLICATION SLAVE ON *.* to the stream's user"};
    }
    if (says("same server_uuid") || says("same server_id")) {
        return {Errc::unavailable, text +
                                       ": another reader uses this replica_server_id; give each "
                                       "stream and replica its own"};
    }
    if (says("purged")) {
        return {
            Errc::conflict,
            fmt::format("{}. The stream needs all transactions behind {}: restore these binlogs, "
                        "or accept the gap and remove the stream's checkpoint to start anew",
                        text, from.empty() ? "the very first" : from.str())};
    }
    if (error.number == 1236 || error.number == 1945 || error.number == 1955) {
        return {Errc::conflict,
                fmt::format("{}. The stream is at {}. If the server was rebuilt or its binlogs "
                            "were reset, remove the stream's checkpoint to start anew",
                            text, from.empty() ? "the very beginning" : from.str())};
    }
    return {Errc::unavailable, text};
}

// A server knows its readers by this since MySQL 5.6.
std::string dump_uuid(const StreamConfig& config, std::uint32_t dump_id) {
    Uuid uuid;
    std::uint64_t hash = 14695981039346656037u;  // FNV-1a
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
        for (const char c : fmt::format("{}/{}/{}", config.name, dump_id, i)) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
        }
        uuid.bytes[i] = static_cast<std::uint8_t>(hash >> 32);
    }
    return uuid.str();
}

Result<ServerVariables> ask_variables(sql::Connection& connection, Deadline deadline) {
    std::string names;
    for (const std::string& name : wanted_variables()) {
        names += (names.empty() ? "" : ", ") + sql::quote(name);
    }
    EK_TRY(
        const sql::Table table,
        connection.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN (" + names + ")", deadline));
    ServerVariables variables;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        variables[table.text(i, "Variable_name")] = table.text(i, "Value");
    }
    return variables;
}

}  // namespace

std::uint32_t dump_server_id(const StreamConfig& config, std::uint64_t number) {
    if (config.replica_server_id != 0) return config.replica_server_id;
    std::uint32_t hash = 2166136261u;  // FNV-1a
    for (const char c : fmt::format("{}/{}", config.name, number)) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    }
    // Far above what people give their servers.
    return 0x40000000u | (hash & 0x3fffffffu);
}

struct Source::Impl {
    StreamConfig config{};
    ServerId server{};
    SourceFacts facts{};
    BinlogPosition from{};
    std::uint32_t dump_id = 0;
    sql::Connection connection{};
    std::unique_ptr<SourceDialect> dialect{};
    std::unique_ptr<EventBatches> batches{};  // Since start().
    Instant heard{};
    bool caught_up = false;
    std::uint64_t bytes = 0;

    Result<> ask_facts(Deadline deadline);
    Result<> hand_out(const EventBatch& batch, EventHandler& handler);
    Error no_event(const wire::Packet& packet) const;
};

Source::Source(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Source::~Source() = default;
Source::Source(Source&&) noexcept = default;
Source& Source::operator=(Source&&) noexcept = default;

const ServerId& Source::server() const {
    return impl_->server;
}
const SourceFacts& Source::facts() const {
    return impl_->facts;
}
bool Source::caught_up() const {
    return impl_->caught_up;
}
std::uint64_t Source::bytes() const {
    return impl_->bytes;
}

Result<> Source::Impl::ask_facts(Deadline deadline) {
    EK_TRY(const ServerVariables variables, ask_variables(connection, deadline));
    const auto fit = check_settings(variables);
    if (!fit) return setting(server, fit.error().what);
    if (dialect == nullptr) dialect = is_mariadb(variables) ? mariadb_dialect() : mysql_dialect();
    facts = facts_from(variables);
    auto history = dialect->ask_history(connection, facts, deadline);
    if (!history)
        history.error().what = fmt::format("look at {}: {}", server.str(), history.error().what);
    return history;
}

Result<Source> Source::connect(const StreamConfig& config, const ServerId& server,
                               Deadline deadline) {
    auto impl = std::make_unique<Impl>();
    impl->config = config;
    impl->server = server;
    // Nanoseconds: the same on two hosts at once is not to be feared.
    const auto number = io::now().time_since_epoch().count();
    impl->dump_id = dump_server_id(config, static_cast<std::uint64_t>(number));
    EK_TRY(impl->connection, sql::Connection::open(server, config.credentials, deadline));
    EK_TRY_VOID(impl->ask_facts(deadline));
    for (const std::string& warning : warnings_of(impl->facts)) {
        log::warn("cdc", "stream from {}: {}", server.str(), warning);
    }
    if (impl->facts.server_id == impl->dump_id) {
        return setting(server, fmt::format("replica_server_id {} is the server's own server_id: "
                                           "choose another one",
                                           impl->facts.server_id));
    }
    return Source(std::move(impl));
}

Result<> Source::refresh(Deadline deadline) {
    return impl_->ask_facts(deadline);
}

Result<BinlogPosition> Source::position_at(const FilePosition& place, Deadline deadline) {
    auto found = impl_->dialect->position_at(impl_->connection, impl_->facts, place, deadline);
    if (!found && found.error().code == Errc::invalid) {
        return setting(impl_->server, found.error().what);
    }
    if (!found || impl_->facts.history.kind != PositionKind::mysql_gtid) return found;
    return scan_gtids(impl_->config, impl_->server, *found->file(), deadline);
}

Result<> Source::start(const BinlogPosition& position, Deadline deadline) {
    Impl& impl = *impl_;
    const DumpRequest request{.kind = impl.facts.history.kind,
                              .from = position,
                              .server_id = impl.dump_id,
                              .uuid = dump_uuid(impl.config, impl.dump_id),
                              .heartbeat_ns = kHeartbeatNs,
                              .row_query = impl.config.output.row_query};
    EK_TRY(const std::string command, impl.dialect->dump_command(request));
    EK_TRY_VOID(impl.connection.execute(impl.dialect->introduction(request), deadline));
    auto stream = impl.connection.release_stream();
    if (stream == nullptr) {
        return Error{Errc::unavailable,
                     fmt::format("stream from {}: the connection is gone", impl.server.str())};
    }
    impl.from = position;
    impl.heard = io::now();
    EK_TRY_VOID(stream->send_all(packet_of(command), deadline));
    impl.batches = std::make_unique<EventBatches>(
        std::move(stream), impl.facts.checksums,
        [&impl](const wire::Packet& packet) { return impl.no_event(packet); });
    return {};
}

// What a packet means that holds no event.
Error Source::Impl::no_event(const wire::Packet& packet) const {
    if (packet.kind == wire::PacketKind::error) {
        const auto error = wire::parse_server_error(packet.payload);
        return error ? dump_error(server, from, *error) : error.error();
    }
    if (packet.kind == wire::PacketKind::end) {
        return {Errc::unavailable,
                fmt::format("read the binlog of {}: the server ended it", server.str())};
    }
    return {Errc::corrupt,
            fmt::format("read the binlog of {}: a packet that is no event", server.str())};
}

Result<> Source::Impl::hand_out(const EventBatch& batch, EventHandler& handler) {
    for (const wire::Event& event : batch.events) {
        caught_up = event.header.type == wire::EventType::heartbeat ||
                    event.header.type == wire::EventType::heartbeat_v2;
        EK_TRY_VOID(handler.on_event(event));
    }
    EK_TRY_VOID(handler.before_reuse());
    return batch.fault ? Result<>(*batch.fault) : Result<>{};
}

Result<> Source::read(EventHandler& handler, Deadline deadline) {
    const auto batch = impl_->batches->next(deadline);
    if (batch) {
        impl_->heard = io::now();
        impl_->bytes += (*batch)->received;
        return impl_->hand_out(**batch, handler);
    }
    if (batch.error().code == Errc::timed_out && io::now() - impl_->heard < kSilenceMax) {
        return batch.error();
    }
    const std::string why =
        batch.error().code == Errc::timed_out ? "no heartbeat for 3 s" : batch.error().what;
    return Error{Errc::unavailable,
                 fmt::format("read the binlog of {}: {}", impl_->server.str(), why)};
}

}  // namespace evenkeel::cdc
