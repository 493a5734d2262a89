// Binlog events of MariaDB and MySQL as values. Everything here is a view into the bytes that the
// caller passed, unless said otherwise, and lives as long as they do. Pure: no I/O, no clock, no
// locks.
//
// Errors of every function: corrupt  cut, checksum wrong, impossible content; the text names the
// event type and where. Nothing is ever read outside the given bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/gtid.h"

namespace evenkeel::wire {

enum class EventType : std::uint8_t {
    query = 2,
    stop = 3,
    rotate = 4,
    intvar = 5,
    append_block = 9,
    delete_file = 11,
    rand = 13,
    user_var = 14,
    format_description = 15,
    xid = 16,
    begin_load_query = 17,
    execute_load_query = 18,
    table_map = 19,
    write_rows_v1 = 23,
    update_rows_v1 = 24,
    delete_rows_v1 = 25,
    incident = 26,
    heartbeat = 27,
    ignorable = 28,
    rows_query = 29,
    write_rows_v2 = 30,
    update_rows_v2 = 31,
    delete_rows_v2 = 32,
    mysql_gtid = 33,  // These three: mysql_gtid.h.
    anonymous_gtid = 34,
    previous_gtids = 35,
    transaction_context = 36,  // Of group replication, as is the next.
    view_change = 37,
    xa_prepare = 38,
    partial_update_rows = 39,  // MySQL: binlog_row_value_options=PARTIAL_JSON.
    transaction_payload = 40,  // MySQL: binlog_transaction_compression=ON; see payload.h.
    heartbeat_v2 = 41,
    mysql_gtid_tagged = 42,
    annotate_rows = 160,
    binlog_checkpoint = 161,
    gtid = 162,
    gtid_list = 163,
    start_encryption = 164,
    query_compressed = 165,
    write_rows_compressed_v1 = 166,
    update_rows_compressed_v1 = 167,
    delete_rows_compressed_v1 = 168,
    write_rows_compressed_v2 = 169,
    update_rows_compressed_v2 = 170,
    delete_rows_compressed_v2 = 171,
};

// "WRITE_ROWS_V1"; "event type 40" for a type that is not known.
std::string event_name(EventType type);
bool is_rows_event(EventType type);

struct EventHeader {
    std::uint32_t timestamp = 0;  // Seconds since 1970; 0 in events that the server made up.
    EventType type{};
    std::uint32_t server_id = 0;
    std::uint32_t size = 0;  // Header and checksum included.
    std::uint32_t next_position =
        0;  // In the server's file, modulo 2^32; 0: made up, not in the file.
    std::uint16_t flags = 0;

    // The server made this event up for the connection: it is not in the file.
    bool artificial() const { return (flags & 0x20) != 0; }
};

// What a reader has to do with an event.
enum class Handling {
    known,      // This file can parse it, or it is harmless by nature.
    ignorable,  // Unknown, and flagged by its writer as safe to skip.
    unknown,    // Unknown, and data may depend on it: stop.
};
Handling handling_of(const EventHeader& header);

inline constexpr std::size_t kEventHeaderSize = 19;

struct Event {
    EventHeader header{};
    std::string_view bytes{};  // The whole event: what to keep for later.
    std::string_view body{};   // Without header and checksum.
    bool mysql = false;        // Written by MySQL: some bodies are not laid out as MariaDB's.
};

// Cuts events out of packets or files. It learns from FORMAT_DESCRIPTION whether the events behind
// it carry a checksum, and whose they are.
class EventReader {
public:
    // `checksums`: what the connection agreed on, for events before the first FORMAT_DESCRIPTION.
    // `verify`: compute and compare them too (about 5 % of the time of a stream).
    EventReader(bool checksums, bool verify) : checksums_(checksums), verify_(verify) {}
    // `bytes` is exactly one event (a packet's payload without its status byte).
    Result<Event> read(std::string_view bytes);
    // The same into `event`, which is of no use after an error.
    Result<> read(std::string_view bytes, Event& event);
    // The event at the front of `bytes`, which may hold more (a file). Nothing when it is not
    // complete there.
    Result<std::optional<Event>> read_front(std::string_view bytes);
    bool checksums() const { return checksums_; }

private:
    Result<> read_format(Event& event);

    bool checksums_;
    bool verify_;
    bool mysql_ = false;
};

struct FormatDescription {
    std::uint16_t binlog_version = 0;   // 4 for every supported server.
    std::string_view server_version{};  // "10.11.19-MariaDB-log"
    // When the file was made, seconds; 0: not the first event of a file that is read from its
    // start, or the server was not started just before it.
    std::uint32_t created = 0;
    bool checksums = false;  // CRC32 behind each event.
};
Result<FormatDescription> parse_format_description(const Event& event);

struct Rotate {
    std::uint64_t position = 0;
    std::string_view file{};
};
Result<Rotate> parse_rotate(const Event& event);

// The file name; the position is header.next_position.
Result<std::string_view> parse_heartbeat(const Event& event);

struct GtidEvent {
    Gtid gtid{};
    std::uint8_t flags = 0;
    std::optional<std::uint64_t> commit_id{};
    std::string_view xa_id{};  // formatID (4 bytes) + gtrid + bqual, for prepared and completed XA.
    std::optional<std::uint32_t> thread_id{};  // MariaDB 11.5 and later.

    // One event follows and no XID or COMMIT: DDL, or a change to a non-transactional table.
    bool standalone() const { return (flags & 0x01) != 0; }
    bool transactional() const { return (flags & 0x04) != 0; }
    bool ddl() const { return (flags & 0x20) != 0; }
    bool prepared_xa() const { return (flags & 0x40) != 0; }
    bool completed_xa() const { return (flags & 0x80) != 0; }
};
Result<GtidEvent> parse_gtid_event(const Event& event);

// The GTIDs that the files before this one hold: the last of each (domain, server).
Result<std::vector<Gtid>> parse_gtid_list(const Event& event);

// The statement that the row events behind it come from: ANNOTATE_ROWS, MySQL's ROWS_QUERY.
Result<std::string_view> parse_annotate_rows(const Event& event);

struct Query {
    std::uint32_t thread_id = 0;
    std::uint16_t error_code = 0;
    std::string_view schema{};
    std::string_view statement{};
    // Of the session; 0 when the event does not say.
    std::uint64_t sql_mode = 0;
    std::uint16_t client_collation = 0;  // How the statement is encoded.
    std::uint16_t server_collation = 0;  // What a new database takes.
};
// QUERY, EXECUTE_LOAD_QUERY and QUERY_COMPRESSED; `scratch` receives the statement of the last and
// must outlive it.
Result<Query> parse_query(const Event& event, std::string& scratch);

// The transaction number of XID.
Result<std::uint64_t> parse_xid(const Event& event);

struct XaPrepare {
    bool one_phase = false;  // It commits at once.
    std::uint32_t format_id = 0;
    std::string_view gtrid{};
    std::string_view bqual{};
};
Result<XaPrepare> parse_xa_prepare(const Event& event);

// The oldest file that crash recovery needs.
Result<std::string_view> parse_binlog_checkpoint(const Event& event);

// Why the server says that its binlog has a hole.
Result<std::string> parse_incident(const Event& event);

// `what` as a corrupt error of `event`, with its type and place. For parsers of other event types.
Error corrupt_event(const Event& event, std::string_view what);

}  // namespace evenkeel::wire
