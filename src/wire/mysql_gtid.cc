#include "wire/mysql_gtid.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "wire/cursor.h"

namespace evenkeel::wire {
namespace {

constexpr std::size_t kUuidSize = 16;
constexpr std::size_t kTagMax = 32;

Uuid take_uuid(Cursor& cursor) {
    Uuid uuid;
    const std::string_view bytes = cursor.take(kUuidSize);
    if (!bytes.empty()) std::memcpy(uuid.bytes.data(), bytes.data(), kUuidSize);
    return uuid;
}

// Numbers as MySQL's serialization library writes them: as many ones at the low end of the first
// byte as bytes follow it, then a zero, then the number; or a byte of ones and eight bytes.
std::uint64_t take_varlen(Cursor& cursor) {
    const std::uint8_t first = cursor.u8();
    const auto more = static_cast<unsigned>(std::countr_one(first));
    if (more == 8) return cursor.u64();
    const std::uint64_t high = cursor.number(more);
    const unsigned shift = more + 1;
    return std::uint64_t{first} >> shift | high << (8 - shift);
}

// Its lowest bit is the sign.
std::int64_t take_signed_varlen(Cursor& cursor) {
    const std::uint64_t coded = take_varlen(cursor);
    const auto magnitude = static_cast<std::int64_t>(coded >> 1);
    return (coded & 1) == 0 ? magnitude : -magnitude - 1;
}

std::string take_tag(Cursor& cursor) {
    const std::uint64_t size = take_varlen(cursor);
    if (size > kTagMax) cursor.fail();
    const std::string_view tag = cursor.take(size);
    if (size > 0 && !is_gtid_tag(tag)) cursor.fail();
    return std::string(tag);
}

bool is_sequence(std::uint64_t number) {
    return number >= 1 && number <= kGtidSequenceMax;
}

MysqlGtid take_plain(Cursor& cursor) {
    cursor.skip(1);  // Flags.
    MysqlGtid gtid{.source = {.uuid = take_uuid(cursor)}};
    gtid.sequence = cursor.u64();
    return gtid;
}

// A message of numbered fields in order, of which only the first four matter; the others (clock,
// times, length, versions) may be missing or be more than we know.
MysqlGtid take_tagged(Cursor& cursor) {
    constexpr std::uint64_t kUuidField = 1;
    constexpr std::uint64_t kSequenceField = 2;
    constexpr std::uint64_t kTagField = 3;
    MysqlGtid gtid;
    if (take_varlen(cursor) != 1) cursor.fail();  // Of the serialization.
    (void)take_varlen(cursor);                    // Size of the message.
    (void)take_varlen(cursor);                    // The last field that one has to know.
    std::uint64_t field = take_varlen(cursor);
    if (field == 0) {
        (void)take_varlen(cursor);  // Flags.
        field = take_varlen(cursor);
    }
    if (field != kUuidField) cursor.fail();
    for (std::uint8_t& byte : gtid.source.uuid.bytes) {
        byte = static_cast<std::uint8_t>(take_varlen(cursor));
    }
    if (take_varlen(cursor) != kSequenceField) cursor.fail();
    gtid.sequence = static_cast<std::uint64_t>(take_signed_varlen(cursor));
    if (take_varlen(cursor) != kTagField) cursor.fail();
    gtid.source.tag = take_tag(cursor);
    return gtid;
}

struct SetHead {
    std::uint64_t sources = 0;
    bool tagged = false;
};

SetHead take_head(Cursor& cursor) {
    const std::uint64_t head = cursor.u64();
    const std::uint64_t format = head >> 56;
    if (format > 1) cursor.fail();
    if (format == 0) return {.sources = head};
    return {.sources = head << 8 >> 16, .tagged = true};
}

void take_source(Cursor& cursor, bool tagged, GtidSet& set) {
    GtidSource source{.uuid = take_uuid(cursor)};
    if (tagged) source.tag = take_tag(cursor);
    const std::uint64_t ranges = cursor.u64();
    for (std::uint64_t i = 0; i < ranges && cursor.ok(); ++i) {
        const std::uint64_t first = cursor.u64();
        const std::uint64_t end = cursor.u64();
        if (!is_sequence(first) || end <= first || !is_sequence(end - 1)) cursor.fail();
        if (cursor.ok()) set.add(source, {first, end - 1});
    }
}

}  // namespace

bool is_mysql_gtid_event(EventType type) {
    return type == EventType::mysql_gtid || type == EventType::anonymous_gtid ||
           type == EventType::mysql_gtid_tagged;
}

Result<MysqlGtidEvent> parse_mysql_gtid(const Event& event) {
    if (event.header.type == EventType::anonymous_gtid) return MysqlGtidEvent{};
    Cursor cursor(event.body);
    const bool tagged = event.header.type == EventType::mysql_gtid_tagged;
    MysqlGtidEvent found{.gtid = tagged ? take_tagged(cursor) : take_plain(cursor)};
    if (!cursor.ok() || !is_sequence(found.gtid->sequence)) {
        return corrupt_event(event, fmt::format("no GTID at byte {} of its body", cursor.offset()));
    }
    return found;
}

Result<GtidSet> parse_previous_gtids(const Event& event) {
    Cursor cursor(event.body);
    const SetHead head = take_head(cursor);
    GtidSet set;
    for (std::uint64_t i = 0; i < head.sources && cursor.ok(); ++i) {
        take_source(cursor, head.tagged, set);
    }
    if (cursor.ok()) return set;
    return corrupt_event(event, fmt::format("no GTID set at byte {} of its body", cursor.offset()));
}

}  // namespace evenkeel::wire
