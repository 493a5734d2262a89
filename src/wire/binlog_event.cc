#include "wire/binlog_event.h"

#include <fmt/format.h>

#include "wire/compressed.h"
#include "wire/crc32.h"
#include "wire/cursor.h"

namespace evenkeel::wire {
namespace {

constexpr std::size_t kChecksumSize = 4;
// FORMAT_DESCRIPTION in front of its list of event types, and how long that is at least with
// MariaDB, whose own types begin at 160. The version text would say it too, but can be configured.
constexpr std::size_t kFormatHeadSize = 57;
constexpr std::size_t kMariadbTypesMin = 100;
constexpr std::uint16_t kInUseFlag = 0x01;  // FORMAT_DESCRIPTION of a file that is being written.
constexpr std::uint16_t kIgnorableFlag = 0x80;  // Whoever does not know the type may skip it.

// Known by nature or by a parser; nullptr for others.
const char* name_of(EventType type) {
    switch (type) {
        case EventType::query: return "QUERY";
        case EventType::stop: return "STOP";
        case EventType::rotate: return "ROTATE";
        case EventType::intvar: return "INTVAR";
        case EventType::append_block: return "APPEND_BLOCK";
        case EventType::delete_file: return "DELETE_FILE";
        case EventType::rand: return "RAND";
        case EventType::user_var: return "USER_VAR";
        case EventType::format_description: return "FORMAT_DESCRIPTION";
        case EventType::xid: return "XID";
        case EventType::begin_load_query: return "BEGIN_LOAD_QUERY";
        case EventType::execute_load_query: return "EXECUTE_LOAD_QUERY";
        case EventType::table_map: return "TABLE_MAP";
        case EventType::write_rows_v1: return "WRITE_ROWS_V1";
        case EventType::update_rows_v1: return "UPDATE_ROWS_V1";
        case EventType::delete_rows_v1: return "DELETE_ROWS_V1";
        case EventType::incident: return "INCIDENT";
        case EventType::heartbeat: return "HEARTBEAT";
        case EventType::ignorable: return "IGNORABLE";
        case EventType::rows_query: return "ROWS_QUERY";
        case EventType::write_rows_v2: return "WRITE_ROWS_V2";
        case EventType::update_rows_v2: return "UPDATE_ROWS_V2";
        case EventType::delete_rows_v2: return "DELETE_ROWS_V2";
        case EventType::mysql_gtid: return "GTID_LOG";
        case EventType::anonymous_gtid: return "ANONYMOUS_GTID";
        case EventType::previous_gtids: return "PREVIOUS_GTIDS";
        case EventType::transaction_context: return "TRANSACTION_CONTEXT";
        case EventType::view_change: return "VIEW_CHANGE";
        case EventType::xa_prepare: return "XA_PREPARE";
        case EventType::partial_update_rows: return "PARTIAL_UPDATE_ROWS";
        case EventType::transaction_payload: return "TRANSACTION_PAYLOAD";
        case EventType::heartbeat_v2: return "HEARTBEAT_V2";
        case EventType::mysql_gtid_tagged: return "GTID_TAGGED";
        case EventType::annotate_rows: return "ANNOTATE_ROWS";
        case EventType::binlog_checkpoint: return "BINLOG_CHECKPOINT";
        case EventType::gtid: return "GTID";
        case EventType::gtid_list: return "GTID_LIST";
        case EventType::start_encryption: return "START_ENCRYPTION";
        case EventType::query_compressed: return "QUERY_COMPRESSED";
        case EventType::write_rows_compressed_v1: return "WRITE_ROWS_COMPRESSED_V1";
        case EventType::update_rows_compressed_v1: return "UPDATE_ROWS_COMPRESSED_V1";
        case EventType::delete_rows_compressed_v1: return "DELETE_ROWS_COMPRESSED_V1";
        case EventType::write_rows_compressed_v2: return "WRITE_ROWS_COMPRESSED_V2";
        case EventType::update_rows_compressed_v2: return "UPDATE_ROWS_COMPRESSED_V2";
        case EventType::delete_rows_compressed_v2: return "DELETE_ROWS_COMPRESSED_V2";
    }
    return nullptr;
}

constexpr std::size_t kSizeAt = 9;

void load_header(const char* at, EventHeader& header) {
    header.timestamp = load<std::uint32_t>(at);
    header.type = static_cast<EventType>(at[4]);
    header.server_id = load<std::uint32_t>(at + 5);
    header.size = load<std::uint32_t>(at + kSizeAt);
    header.next_position = load<std::uint32_t>(at + 13);
    header.flags = load<std::uint16_t>(at + 17);
}

// The server computes it as if the file were closed already.
std::uint32_t format_checksum(const EventHeader& header, std::string_view bytes) {
    if ((header.flags & kInUseFlag) == 0) return crc32(bytes);
    std::string closed(bytes);
    closed[17] = static_cast<char>(closed[17] & ~kInUseFlag);
    return crc32(closed);
}

// The session's variables at the statement. They come in the order of their codes as far as we need
// them, so the first one that is not known ends it.
void parse_status(std::string_view bytes, Query& query) {
    enum Code : std::uint8_t {
        flags = 0,
        sql_mode = 1,
        catalog = 2,
        increment = 3,
        charset = 4,
        time_zone = 5,
        catalog_without_zero = 6
    };
    Cursor cursor(bytes);
    while (cursor.ok() && cursor.left() > 0) {
        switch (cursor.u8()) {
            case flags:
            case increment: cursor.skip(4); break;
            case sql_mode: query.sql_mode = cursor.u64(); break;
            case catalog: cursor.skip(std::uint64_t{cursor.u8()} + 1); break;
            case time_zone:
            case catalog_without_zero: cursor.skip(cursor.u8()); break;
            case charset:
                query.client_collation = cursor.u16();
                cursor.skip(2);
                query.server_collation = cursor.u16();
                return;
            default: return;
        }
    }
}

Error cut(const Event& event, const Cursor& cursor) {
    return corrupt_event(event, fmt::format("cut at byte {} of its body", cursor.offset()));
}

// Finishes a parser: the value, or the error when something was cut.
template <typename T>
Result<T> whole(const Event& event, const Cursor& cursor, T value) {
    if (cursor.ok()) return value;
    return cut(event, cursor);
}

}  // namespace

std::string event_name(EventType type) {
    const char* name = name_of(type);
    return name != nullptr ? name : fmt::format("event type {}", static_cast<unsigned>(type));
}

bool is_rows_event(EventType type) {
    const auto number = static_cast<unsigned>(type);
    return (number >= 23 && number <= 25) || (number >= 30 && number <= 32) || number == 39 ||
           (number >= 166 && number <= 171);
}

Handling handling_of(const EventHeader& header) {
    if (name_of(header.type) != nullptr) return Handling::known;
    return (header.flags & kIgnorableFlag) != 0 ? Handling::ignorable : Handling::unknown;
}

Error corrupt_event(const Event& event, std::string_view what) {
    const EventHeader& header = event.header;
    if (header.next_position < header.size) {
        return {Errc::corrupt, fmt::format("parse {}: {}", event_name(header.type), what)};
    }
    return {Errc::corrupt, fmt::format("parse {} at {}: {}", event_name(header.type),
                                       header.next_position - header.size, what)};
}

Result<Event> EventReader::read(std::string_view bytes) {
    Event event;
    EK_TRY_VOID(read(bytes, event));
    return event;
}

Result<> EventReader::read(std::string_view bytes, Event& event) {
    if (bytes.size() < kEventHeaderSize) {
        return Error{Errc::corrupt, fmt::format("read event: {} bytes are no event", bytes.size())};
    }
    load_header(bytes.data(), event.header);
    event.bytes = bytes;
    const EventHeader& header = event.header;
    if (header.size != bytes.size()) {
        return corrupt_event(event,
                             fmt::format("it says {} bytes and has {}", header.size, bytes.size()));
    }
    if (header.type == EventType::format_description) return read_format(event);
    const std::size_t size = bytes.size() - (checksums_ ? kChecksumSize : 0);
    if (size < kEventHeaderSize) return corrupt_event(event, "no room for its checksum");
    if (verify_ && checksums_ &&
        crc32(bytes.substr(0, size)) != load<std::uint32_t>(bytes.data() + size)) {
        return corrupt_event(event, "its checksum is wrong");
    }
    event.body = {bytes.data() + kEventHeaderSize, size - kEventHeaderSize};
    event.mysql = mysql_;
    return {};
}

// It has room for a checksum even when the file goes without.
Result<> EventReader::read_format(Event& event) {
    const std::string_view bytes = event.bytes;
    if (bytes.size() < kEventHeaderSize + kChecksumSize + 1) {
        return corrupt_event(event, "no room for its checksum");
    }
    const std::string_view content = bytes.substr(0, bytes.size() - kChecksumSize);
    const char algorithm = content.back();
    if (algorithm != 0 && algorithm != 1) return corrupt_event(event, "unknown checksum");
    if (verify_ && algorithm == 1 &&
        format_checksum(event.header, content) !=
            load<std::uint32_t>(content.data() + content.size())) {
        return corrupt_event(event, "its checksum is wrong");
    }
    checksums_ = algorithm == 1;
    event.body = content.substr(kEventHeaderSize);
    mysql_ = event.body.size() < kFormatHeadSize + kMariadbTypesMin;
    event.mysql = mysql_;
    return {};
}

Result<std::optional<Event>> EventReader::read_front(std::string_view bytes) {
    if (bytes.size() < kEventHeaderSize) return std::optional<Event>{};
    const auto size = load<std::uint32_t>(bytes.data() + kSizeAt);
    if (size < kEventHeaderSize) {
        return Error{Errc::corrupt, fmt::format("read event: it says {} bytes", size)};
    }
    if (bytes.size() < size) return std::optional<Event>{};
    std::optional<Event> event(std::in_place);
    EK_TRY_VOID(read(bytes.substr(0, size), *event));
    return event;
}

Result<FormatDescription> parse_format_description(const Event& event) {
    Cursor cursor(event.body);
    FormatDescription format{.binlog_version = cursor.u16()};
    format.server_version = cursor.take(50);
    format.server_version = format.server_version.substr(0, format.server_version.find('\0'));
    format.created = cursor.u32();
    if (cursor.u8() != kEventHeaderSize) cursor.fail();
    if (cursor.rest().empty()) cursor.fail();
    if (cursor.ok()) format.checksums = event.body.back() == 1;
    return whole(event, cursor, format);
}

Result<Rotate> parse_rotate(const Event& event) {
    Cursor cursor(event.body);
    Rotate rotate{.position = cursor.u64()};
    rotate.file = cursor.rest();
    return whole(event, cursor, rotate);
}

Result<std::string_view> parse_heartbeat(const Event& event) {
    return event.body;
}

Result<GtidEvent> parse_gtid_event(const Event& event) {
    constexpr std::uint8_t kGroupCommit = 0x02;
    constexpr std::uint8_t kExtraEngines = 0x01;
    constexpr std::uint8_t kExtraAlterEnd = 0x04 | 0x08;
    constexpr std::uint8_t kExtraThread = 0x10;
    Cursor cursor(event.body);
    Result<GtidEvent> parsed;  // Filled where the caller has it: a copy would wait for the stores.
    GtidEvent& gtid = *parsed;
    gtid.gtid.sequence = cursor.u64();
    gtid.gtid.domain = cursor.u32();
    gtid.gtid.server = event.header.server_id;
    gtid.flags = cursor.u8();
    if ((gtid.flags & kGroupCommit) != 0) gtid.commit_id = cursor.u64();
    if (gtid.prepared_xa() || gtid.completed_xa()) {
        Cursor sizes(cursor.rest());
        sizes.skip(4);
        const std::size_t size = std::size_t{sizes.u8()} + sizes.u8();
        gtid.xa_id = cursor.take(6 + size);
    }
    const std::uint8_t extra = cursor.ok() && cursor.left() > 0 ? cursor.u8() : std::uint8_t{0};
    if ((extra & kExtraEngines) != 0) cursor.skip(1);
    if ((extra & kExtraAlterEnd) != 0) cursor.skip(8);
    if ((extra & kExtraThread) != 0) gtid.thread_id = cursor.u32();
    if (!cursor.ok()) parsed = cut(event, cursor);
    return parsed;
}

Result<std::vector<Gtid>> parse_gtid_list(const Event& event) {
    Cursor cursor(event.body);
    const std::uint32_t count = cursor.u32() & 0x0FFFFFFF;  // Flags in the four highest bits.
    if (count > cursor.left() / 16) return corrupt_event(event, "more GTIDs than bytes");
    std::vector<Gtid> list(count);
    for (Gtid& gtid : list) {
        gtid.domain = cursor.u32();
        gtid.server = cursor.u32();
        gtid.sequence = cursor.u64();
    }
    return whole(event, cursor, std::move(list));
}

Result<std::string_view> parse_annotate_rows(const Event& event) {
    if (event.header.type != EventType::rows_query) return event.body;
    // A byte for its length, as far as that fits into a byte.
    if (event.body.empty()) return corrupt_event(event, "it has no length");
    return event.body.substr(1);
}

Result<Query> parse_query(const Event& event, std::string& scratch) {
    Cursor cursor(event.body);
    Query query{.thread_id = cursor.u32()};
    cursor.skip(4);  // How long it took.
    const std::uint8_t schema_size = cursor.u8();
    query.error_code = cursor.u16();
    const std::uint16_t variables_size = cursor.u16();
    // Which file, where its name is in the statement, and what happens to duplicates.
    if (event.header.type == EventType::execute_load_query) cursor.skip(13);
    const std::string_view status = cursor.take(variables_size);
    query.schema = cursor.take(schema_size);
    cursor.skip(1);
    query.statement = cursor.rest();
    parse_status(status, query);
    if (cursor.ok() && event.header.type == EventType::query_compressed) {
        if (const auto done = uncompress_event_part(query.statement, scratch); !done) {
            return corrupt_event(event, done.error().what);
        }
        query.statement = scratch;
    }
    return whole(event, cursor, query);
}

Result<std::uint64_t> parse_xid(const Event& event) {
    Cursor cursor(event.body);
    const std::uint64_t xid = cursor.u64();
    return whole(event, cursor, xid);
}

Result<XaPrepare> parse_xa_prepare(const Event& event) {
    Cursor cursor(event.body);
    XaPrepare prepare{.one_phase = cursor.u8() != 0};
    prepare.format_id = cursor.u32();
    const std::uint32_t gtrid_size = cursor.u32();
    const std::uint32_t bqual_size = cursor.u32();
    prepare.gtrid = cursor.take(gtrid_size);
    prepare.bqual = cursor.take(bqual_size);
    return whole(event, cursor, prepare);
}

Result<std::string_view> parse_binlog_checkpoint(const Event& event) {
    Cursor cursor(event.body);
    const std::string_view file = cursor.take(cursor.u32());
    return whole(event, cursor, file);
}

Result<std::string> parse_incident(const Event& event) {
    Cursor cursor(event.body);
    const std::uint16_t number = cursor.u16();
    const std::string_view message = cursor.take(cursor.u8());
    return whole(event, cursor, fmt::format("incident {}: {}", number, message));
}

}  // namespace evenkeel::wire
