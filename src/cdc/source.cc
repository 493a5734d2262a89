#include "cdc/source.h"

#include <fmt/core.h>

#include <cstring>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "io/byte_socket.h"
#include "io/clock.h"
#include "io/fd.h"
#include "wire/packet_reader.h"

namespace evenkeel::cdc {
namespace {

constexpr std::size_t kReceiveBytes = 1u << 20;
constexpr Millis kSilenceMax{3000};
constexpr const char* kHeartbeatNanoseconds = "1000000000";
constexpr char kDumpCommand = 0x12;
constexpr std::uint16_t kSendAnnotateRows = 2;

template <typename T>
void put(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// COM_BINLOG_DUMP with its packet header. With a GTID position set, file and offset mean nothing.
std::string dump_packet(std::uint32_t server_id, bool annotate) {
    std::string body(1, kDumpCommand);
    put(body, std::uint32_t{4});
    put(body, static_cast<std::uint16_t>(annotate ? kSendAnnotateRows : 0));
    put(body, server_id);
    std::string packet;
    put(packet, static_cast<std::uint32_t>(body.size()));
    return packet + body;
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
        return {Errc::conflict, fmt::format("{}. The stream is at {}", text, from.str())};
    }
    return {Errc::unavailable, text};
}

Result<> check(const ServerId& server, const sql::Table& row) {
    if (row.text(0, "log_bin") != "1") {
        return setting(server, "log_bin is off there: set log_bin and restart the server");
    }
    const std::string format = row.text(0, "binlog_format");
    if (format != "ROW") {
        return setting(server, fmt::format("binlog_format is {} there: SET GLOBAL "
                                           "binlog_format=ROW, also in its configuration file, and "
                                           "reconnect the clients",
                                           format));
    }
    const std::string image = row.text(0, "row_image");
    if (image != "FULL") {
        log::warn("cdc",
                  "stream from {}: binlog_row_image is {}: columns that a statement did not "
                  "touch are missing in its rows; FULL has them all",
                  server.str(), image);
    }
    const std::string metadata = row.text(0, "row_metadata");
    if (metadata != "FULL") {
        log::warn(
            "cdc",
            "stream from {}: binlog_row_metadata is {}: column names are those that the server "
            "has when rows are read, which are not the rows' own after a rename; FULL puts them "
            "into the binlog",
            server.str(), metadata);
    }
    return {};
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
    io::Fd socket{};
    wire::PacketReader packets{};
    wire::EventReader events{false, true};
    std::vector<char> buffer = std::vector<char>(kReceiveBytes);
    std::size_t begin = 0;  // Of what is in the buffer and not read.
    std::size_t end = 0;
    Instant heard{};
    bool caught_up = false;
    std::uint64_t bytes = 0;

    Result<> ask_facts(Deadline deadline);
    void make_room();
    Result<> hand_out(EventHandler& handler);
    Result<> hand_out(EventHandler& handler, const wire::Packet& packet);
    bool in_buffer(std::string_view bytes_of_packet) const {
        return bytes_of_packet.data() >= buffer.data() &&
               bytes_of_packet.data() < buffer.data() + buffer.size();
    }
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
    auto row = connection.query(
        "SELECT @@version AS version, @@global.server_id AS server_id, @@log_bin AS log_bin, "
        "@@global.binlog_format AS binlog_format, @@global.binlog_checksum AS checksum, "
        "@@global.binlog_row_image AS row_image, @@global.binlog_row_metadata AS row_metadata, "
        "@@global.gtid_binlog_state AS state, @@global.gtid_binlog_pos AS binlog_end, "
        "@@global.log_slave_updates AS logs_replicated",
        deadline);
    if (!row && row.error().code == Errc::invalid) {
        return setting(server,
                       fmt::format("it is not MariaDB 10.5 or later ({})", row.error().what));
    }
    if (!row) return row.error();
    EK_TRY_VOID(check(server, *row));
    const auto state = parse_gtid_state(row->text(0, "state"));
    const auto last = parse_gtid_position(row->text(0, "binlog_end"));
    const auto id = parse_number(row->text(0, "server_id"));
    if (!state || !last || !id) {
        return Error{Errc::corrupt,
                     fmt::format("look at {}: gtid_binlog_state {} is not understood", server.str(),
                                 row->text(0, "state"))};
    }
    facts = {.version = row->text(0, "version"),
             .server_id = static_cast<std::uint32_t>(*id),
             .checksums = row->text(0, "checksum") == "CRC32",
             .logs_replicated = row->text(0, "logs_replicated") == "1",
             .row_image = row->text(0, "row_image"),
             .row_metadata = row->text(0, "row_metadata"),
             .history = {.state = *state, .end = *last}};
    return {};
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
    EK_TRY(const sql::Table row,
           impl_->connection.query(fmt::format("SELECT BINLOG_GTID_POS({}, {}) AS position",
                                               sql::quote(place.file), place.offset),
                                   deadline));
    const auto text = row.get(0, "position");
    const auto position = text ? parse_gtid_position(*text) : std::nullopt;
    if (position) return BinlogPosition(*position);
    return setting(impl_->server,
                   fmt::format("its binlog has no place {} (see SHOW BINARY LOGS)", place.str()));
}

Result<> Source::start(const BinlogPosition& position, Deadline deadline) {
    sql::Connection& connection = impl_->connection;
    EK_TRY_VOID(connection.execute(
        "SET @master_binlog_checksum = @@global.binlog_checksum, @mariadb_slave_capability = 4, "
        "@slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0, "
        "@master_heartbeat_period = " +
            std::string(kHeartbeatNanoseconds) +
            ", @slave_connect_state = " + sql::quote(position.str()),
        deadline));
    impl_->socket = io::Fd(connection.release_socket());
    if (!impl_->socket.valid()) {
        return Error{Errc::unavailable,
                     fmt::format("stream from {}: the connection is gone", impl_->server.str())};
    }
    impl_->from = position;
    impl_->events = wire::EventReader(impl_->facts.checksums, true);
    impl_->heard = io::now();
    return io::send_all(impl_->socket.get(),
                        dump_packet(impl_->dump_id, impl_->config.output.row_query), deadline);
}

// The unread rest moves to the front; the buffer grows when one packet needs more.
void Source::Impl::make_room() {
    const std::size_t left = end - begin;
    if (begin > 0 && left > 0) std::memmove(buffer.data(), buffer.data() + begin, left);
    begin = 0;
    end = left;
    const std::size_t wanted = wire::PacketReader::wanted({buffer.data(), left});
    if (wanted > buffer.size()) buffer.resize(wanted + kReceiveBytes);
}

Result<> Source::Impl::hand_out(EventHandler& handler, const wire::Packet& packet) {
    if (packet.kind == wire::PacketKind::error) {
        EK_TRY(const wire::ServerError error, wire::parse_server_error(packet.payload));
        return dump_error(server, from, error);
    }
    if (packet.kind == wire::PacketKind::end) {
        return Error{Errc::unavailable,
                     fmt::format("read the binlog of {}: the server ended it", server.str())};
    }
    if (packet.payload.empty() || packet.payload[0] != 0) {
        return Error{Errc::corrupt,
                     fmt::format("read the binlog of {}: a packet that is no event", server.str())};
    }
    EK_TRY(const wire::Event event, events.read(packet.payload.substr(1)));
    caught_up = event.header.type == wire::EventType::heartbeat;
    EK_TRY_VOID(handler.on_event(event));
    // A packet that was joined from parts lives only until the next one.
    return in_buffer(packet.payload) ? Result<>{} : handler.before_reuse();
}

Result<> Source::Impl::hand_out(EventHandler& handler) {
    std::string_view unread(buffer.data() + begin, end - begin);
    while (const auto packet = packets.next(unread)) {
        EK_TRY_VOID(hand_out(handler, *packet));
    }
    begin = end - unread.size();
    return handler.before_reuse();
}

Result<> Source::read(EventHandler& handler, Deadline deadline) {
    impl_->make_room();
    const auto got = io::receive(impl_->socket.get(), impl_->buffer.data() + impl_->end,
                                 impl_->buffer.size() - impl_->end, deadline);
    if (got) {
        impl_->heard = io::now();
        impl_->end += *got;
        impl_->bytes += *got;
        return impl_->hand_out(handler);
    }
    if (got.error().code == Errc::timed_out && io::now() - impl_->heard < kSilenceMax) {
        return got.error();
    }
    const std::string why =
        got.error().code == Errc::timed_out ? "no heartbeat for 3 s" : got.error().what;
    return Error{Errc::unavailable,
                 fmt::format("read the binlog of {}: {}", impl_->server.str(), why)};
}

}  // namespace evenkeel::cdc
