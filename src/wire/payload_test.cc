#include "wire/payload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "wire/rows_event.h"
#include "wire/table_map.h"
#include "wire/testdata/payload_event.h"

namespace evenkeel::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
void put(std::string& to, T value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string event_bytes(EventType type, std::string_view body) {
    std::string bytes;
    put(bytes, std::uint32_t{1});
    put(bytes, static_cast<std::uint8_t>(type));
    put(bytes, std::uint32_t{1});
    put(bytes, static_cast<std::uint32_t>(kEventHeaderSize + body.size()));
    put(bytes, std::uint32_t{0});
    put(bytes, std::uint16_t{0});
    return bytes.append(body);
}

void put_field(std::string& to, std::uint8_t field, std::uint64_t value) {
    put(to, field);
    put(to, std::uint8_t{9});
    put(to, std::uint8_t{254});
    put(to, value);
}

std::string compressed(std::string_view bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
    return out;
}

// The body of a payload event. `size`: what it says about its events.
std::string payload_body(std::string_view packed, std::uint64_t method, std::uint64_t size) {
    std::string body;
    put_field(body, 2, method);
    put_field(body, 3, size);
    put_field(body, 77, 1);  // Of a later server.
    put_field(body, 1, packed.size());
    put(body, std::uint8_t{0});
    return body.append(packed);
}

std::string zstd_payload(std::string_view events) {
    return payload_body(compressed(events), 0, events.size());
}

Event payload_event(std::string_view body) {
    return {.header = {.type = EventType::transaction_payload}, .body = body};
}

// The events as "TYPE" or "TYPE body"; the error behind them.
std::vector<std::string> read_all(PayloadReader& reader, const Event& event) {
    std::vector<std::string> found;
    auto done = reader.open(event);
    while (done) {
        const auto next = reader.next();
        if (!next) {
            done = next.error();
        } else if (*next) {
            found.push_back(event_name((*next)->header.type));
            if ((*next)->body.size() < 10) found.back().append(" ").append((*next)->body);
        } else if (reader.done()) {
            return found;
        } else {
            done = reader.refill();
        }
    }
    EXPECT_EQ(done.error().code, Errc::corrupt);
    found.push_back(done.error().what);
    return found;
}

std::vector<std::string> read_all(std::string_view body) {
    PayloadReader reader;
    return read_all(reader, payload_event(body));
}

TEST(Payload, HasTheEventsOfATransaction) {
    const std::string bytes = testdata::payload_event();
    const auto event = EventReader(true, true).read(bytes);
    ASSERT_TRUE(event) << event.error().what;
    PayloadReader reader;
    ASSERT_TRUE(reader.open(*event));
    ASSERT_TRUE(reader.refill());
    std::vector<Event> events;
    while (!reader.done()) events.push_back(reader.next()->value());
    ASSERT_EQ(events.size(), 6u);
    EXPECT_EQ(events[0].header.type, EventType::query);
    const auto map = parse_table_map(events[1]);
    ASSERT_TRUE(map) << map.error().what;
    EXPECT_TRUE(map->mysql);
    EXPECT_EQ(map->table, "p1");
    EXPECT_EQ(map->columns[1].name, "t");
    std::string scratch;
    const auto rows = parse_rows(events[2], scratch);
    ASSERT_TRUE(rows) << rows.error().what;
    EXPECT_EQ(rows->kind, RowsKind::update);
    EXPECT_EQ(rows->table_id, map->table_id);
    EXPECT_EQ(events[4].header.type, EventType::delete_rows_v2);
    EXPECT_GT(parse_xid(events[5]).value(), 0u);
}

TEST(Payload, MayBeUncompressed) {
    const std::string events =
        event_bytes(EventType::query, "one") + event_bytes(EventType::xid, "two");
    EXPECT_THAT(read_all(payload_body(events, 255, events.size())),
                ElementsAre("QUERY one", "XID two"));
}

TEST(Payload, ReaderIsUsedAgain) {
    PayloadReader reader;
    for (const char* text : {"one", "two"}) {
        const std::string body = zstd_payload(event_bytes(EventType::xid, text));
        EXPECT_THAT(read_all(reader, payload_event(body)), ElementsAre(std::string("XID ") + text));
    }
}

TEST(Payload, MemoryIsThatOfAPieceNotOfAllEvents) {
    std::string events;
    const std::string one = event_bytes(EventType::query, std::string(1000, 'x'));
    while (events.size() < 64u << 20) events += one;
    PayloadReader reader;
    const std::string body = zstd_payload(events);
    EXPECT_EQ(read_all(reader, payload_event(body)).size(), events.size() / one.size());
    EXPECT_LT(reader.memory_bytes(), 1u << 20);
}

TEST(Payload, AnEventMayBeLongerThanAPiece) {
    PayloadReader reader;
    const std::string body =
        zstd_payload(event_bytes(EventType::xid, "one") +
                     event_bytes(EventType::query, std::string(20u << 20, 'x')) +
                     event_bytes(EventType::xid, "two"));
    EXPECT_THAT(read_all(reader, payload_event(body)), ElementsAre("XID one", "QUERY", "XID two"));
    EXPECT_GT(reader.memory_bytes(), 20u << 20);
    const std::string small = zstd_payload(event_bytes(EventType::xid, "one"));
    EXPECT_THAT(read_all(reader, payload_event(small)), ElementsAre("XID one"));
    EXPECT_LT(reader.memory_bytes(), 1u << 20) << "one giant does not hold its memory for ever";
}

TEST(Payload, LengthsAreNotTakenAtTheirWord) {
    std::string event = event_bytes(EventType::xid, "one");
    const std::uint32_t huge = 0x3FFFFFFF;
    std::memcpy(event.data() + 9, &huge, 4);
    PayloadReader reader;
    const std::string body = zstd_payload(event);
    EXPECT_THAT(read_all(reader, payload_event(body)),
                ElementsAre(HasSubstr("its last event is cut")));
    EXPECT_LT(reader.memory_bytes(), 1u << 20);
    const std::uint32_t impossible = 0xFFFFFFFF;
    std::memcpy(event.data() + 9, &impossible, 4);
    const std::string endless = zstd_payload(event + std::string(64u << 20, '\0'));
    EXPECT_THAT(read_all(reader, payload_event(endless)),
                ElementsAre(HasSubstr("an event of 4294967295 bytes")));
    EXPECT_LT(reader.memory_bytes(), 1u << 20);
}

TEST(Payload, RefusesWhatIsNotWhatItSays) {
    const std::string events = event_bytes(EventType::xid, "one");
    const std::string packed = compressed(events);
    EXPECT_THAT(read_all(payload_body(packed, 0, events.size() + 1)).back(),
                HasSubstr("are not the"));
    EXPECT_THAT(read_all(payload_body(packed, 0, events.size() - 1)).back(),
                HasSubstr("are not the"));
    EXPECT_THAT(read_all(payload_body(packed, 7, events.size())).back(),
                HasSubstr("unknown compression 7"));
    EXPECT_THAT(read_all(zstd_payload(event_bytes(EventType::transaction_payload, "x"))).back(),
                HasSubstr("it holds a TRANSACTION_PAYLOAD"));
    EXPECT_THAT(read_all(zstd_payload(event_bytes(EventType::rotate, "x"))).back(),
                HasSubstr("it holds a ROTATE"));
}

// The body in memory of exactly its size.
void read_copy(PayloadReader& reader, std::string_view body) {
    const std::unique_ptr<char[]> memory(new char[body.size()]);
    std::memcpy(memory.get(), body.data(), body.size());
    if (!reader.open(payload_event({memory.get(), body.size()}))) return;
    for (int i = 0; i < 1000 && !reader.done(); ++i) {
        const auto event = reader.next();
        if (!event || (!*event && !reader.refill())) return;
    }
}

TEST(Payload, SurvivesCutsAndDamage) {
    const std::string bytes = testdata::payload_event();
    const std::string body = bytes.substr(kEventHeaderSize, bytes.size() - kEventHeaderSize - 4);
    PayloadReader reader;
    for (std::size_t size = 0; size < body.size(); ++size) {
        read_copy(reader, body.substr(0, size));
    }
    std::uint32_t state = 12345;
    const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = body;
        for (std::uint32_t flips = random() % 4 + 1; flips > 0; --flips) {
            damaged[random() % damaged.size()] = static_cast<char>(random());
        }
        read_copy(reader, damaged);
    }
    EXPECT_THAT(read_all(reader, payload_event(body)).size(), 6u) << "and can go on";
}

}  // namespace
}  // namespace evenkeel::wire
