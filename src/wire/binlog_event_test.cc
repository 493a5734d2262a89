#include "wire/binlog_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "wire/rows_event.h"
#include "wire/table_map.h"
#include "wire/testdata/shop_binlog.h"

namespace evenkeel::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// All events of a recorded file.
class ShopBinlog : public testing::Test {
protected:
    void SetUp() override {
        EventReader reader(false, true);
        std::string_view rest = bytes_;
        while (!rest.empty()) {
            const auto event = reader.read_front(rest);
            ASSERT_TRUE(event) << event.error().what;
            ASSERT_TRUE(event->has_value());
            events_.push_back(**event);
            rest.remove_prefix((*event)->bytes.size());
        }
    }

    std::vector<Event> all(EventType type) const {
        std::vector<Event> found;
        for (const Event& event : events_) {
            if (event.header.type == type) found.push_back(event);
        }
        return found;
    }
    Event first(EventType type) const { return all(type).at(0); }

    std::string bytes_ = testdata::shop_events();
    std::vector<Event> events_{};
};

TEST_F(ShopBinlog, DescribesItself) {
    const auto format = parse_format_description(first(EventType::format_description));
    ASSERT_TRUE(format);
    EXPECT_EQ(format->binlog_version, 4);
    EXPECT_THAT(std::string(format->server_version), HasSubstr("10.11."));
    EXPECT_TRUE(format->checksums);
}

TEST_F(ShopBinlog, ListsTheGtidsBeforeIt) {
    const auto list = parse_gtid_list(first(EventType::gtid_list));
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), 1u);
    EXPECT_EQ(list->at(0).domain, 0u);
    EXPECT_EQ(list->at(0).server, 1u);
}

TEST_F(ShopBinlog, HasAGtidForEachTransaction) {
    const auto gtid = parse_gtid_event(first(EventType::gtid));
    ASSERT_TRUE(gtid);
    EXPECT_EQ(gtid->gtid.server, 1u);
    EXPECT_TRUE(gtid->transactional());
    EXPECT_FALSE(gtid->standalone());
    EXPECT_TRUE(gtid->xa_id.empty());
    EXPECT_EQ(gtid->gtid.sequence,
              parse_gtid_list(first(EventType::gtid_list))->at(0).sequence + 1);
}

TEST_F(ShopBinlog, MarksDdlAsStandalone) {
    const auto gtid = parse_gtid_event(all(EventType::gtid).back());
    ASSERT_TRUE(gtid);
    EXPECT_TRUE(gtid->standalone());
    EXPECT_TRUE(gtid->ddl());
}

TEST_F(ShopBinlog, NamesXaTransactions) {
    const auto gtids = all(EventType::gtid);
    const auto prepared = parse_gtid_event(gtids.at(1));
    ASSERT_TRUE(prepared);
    EXPECT_TRUE(prepared->prepared_xa());
    EXPECT_EQ(prepared->xa_id.substr(6), "gtbr");
    const auto completed = parse_gtid_event(gtids.at(2));
    ASSERT_TRUE(completed);
    EXPECT_TRUE(completed->completed_xa());
    const auto prepare = parse_xa_prepare(first(EventType::xa_prepare));
    ASSERT_TRUE(prepare);
    EXPECT_EQ(prepare->gtrid, "gt");
    EXPECT_EQ(prepare->bqual, "br");
    EXPECT_FALSE(prepare->one_phase);
}

TEST_F(ShopBinlog, TellsTheStatementBehindRows) {
    const auto statement = parse_annotate_rows(first(EventType::annotate_rows));
    ASSERT_TRUE(statement);
    EXPECT_THAT(std::string(*statement), testing::StartsWith("insert into item values"));
}

TEST_F(ShopBinlog, ReadsQueriesCompressedOrNot) {
    std::string scratch;
    const auto query = parse_query(all(EventType::query).back(), scratch);
    ASSERT_TRUE(query);
    EXPECT_EQ(query->schema, "shop");
    EXPECT_THAT(std::string(query->statement), HasSubstr("DROP TABLE"));
    const auto compressed = parse_query(first(EventType::query_compressed), scratch);
    ASSERT_TRUE(compressed);
    EXPECT_EQ(compressed->schema, "shop");
    EXPECT_THAT(std::string(compressed->statement),
                testing::StartsWith("create table item2 (id int) comment"));
}

TEST_F(ShopBinlog, EndsTransactionsWithAnXid) {
    EXPECT_GT(parse_xid(first(EventType::xid)).value(), 0u);
}

TEST_F(ShopBinlog, PointsToTheNextFile) {
    const auto rotate = parse_rotate(first(EventType::rotate));
    ASSERT_TRUE(rotate);
    EXPECT_EQ(rotate->position, 4u);
    EXPECT_THAT(std::string(rotate->file), testing::StartsWith("binlog.0000"));
    EXPECT_EQ(parse_binlog_checkpoint(first(EventType::binlog_checkpoint))->substr(0, 7),
              "binlog.");
}

TEST_F(ShopBinlog, MapsTheTable) {
    const auto map = parse_table_map(first(EventType::table_map));
    ASSERT_TRUE(map);
    EXPECT_EQ(map->database, "shop");
    EXPECT_EQ(map->table, "item");
    EXPECT_EQ(map->table_id, table_id_of(first(EventType::table_map)).value());
    std::vector<std::string> names;
    for (const MapColumn& column : map->columns) names.push_back(column.name);
    EXPECT_THAT(names, ElementsAre("id", "name", "qty", "price", "note", "kind", "tags"));
    EXPECT_TRUE(map->columns[0].is_unsigned);
    EXPECT_FALSE(map->columns[0].nullable);
    EXPECT_FALSE(map->columns[2].is_unsigned);
    EXPECT_TRUE(map->columns[2].nullable);
    EXPECT_EQ(map->columns[3].meta, 10 << 8 | 2);
    EXPECT_EQ(map->columns[4].collation, 8u);  // latin1_swedish_ci
    EXPECT_EQ(map->columns[5].type, ColumnType::enumeration);
    EXPECT_THAT(map->columns[5].labels, ElementsAre("a", "b"));
    EXPECT_EQ(map->columns[6].type, ColumnType::set);
    EXPECT_THAT(map->columns[6].labels, ElementsAre("x", "y"));
    ASSERT_EQ(map->primary_key.size(), 1u);
    EXPECT_EQ(map->primary_key[0].column, 0u);
}

TEST_F(ShopBinlog, KeepsRowsRaw) {
    std::string scratch;
    const auto insert = parse_rows(first(EventType::write_rows_v1), scratch);
    ASSERT_TRUE(insert);
    EXPECT_EQ(insert->kind, RowsKind::insert);
    EXPECT_EQ(insert->columns, 7u);
    EXPECT_EQ(insert->after_columns, "\x7F");
    EXPECT_TRUE(insert->before_columns.empty());
    const auto update = parse_rows(first(EventType::update_rows_v1), scratch);
    ASSERT_TRUE(update);
    EXPECT_EQ(update->kind, RowsKind::update);
    EXPECT_TRUE(update->end_of_statement());
    EXPECT_EQ(update->table_id, insert->table_id);
    EXPECT_EQ(rows_table_id(first(EventType::update_rows_v1)).value(), insert->table_id);
}

TEST_F(ShopBinlog, UncompressesRows) {
    std::string scratch;
    const auto rows = parse_rows(first(EventType::write_rows_compressed_v1), scratch);
    ASSERT_TRUE(rows) << rows.error().what;
    EXPECT_EQ(rows->kind, RowsKind::insert);
    EXPECT_THAT(std::string(rows->rows), HasSubstr("long text long text"));
    EXPECT_EQ(parse_rows(first(EventType::update_rows_compressed_v1), scratch)->kind,
              RowsKind::update);
    EXPECT_EQ(parse_rows(first(EventType::delete_rows_compressed_v1), scratch)->kind,
              RowsKind::remove);
}

TEST_F(ShopBinlog, NeedsItsChecksums) {
    for (const Event& event : events_) {
        std::string damaged(event.bytes);
        damaged[damaged.size() / 2] ^= 1;
        EventReader reader(true, true);
        const auto read = reader.read(damaged);
        ASSERT_FALSE(read) << event_name(event.header.type);
        EXPECT_EQ(read.error().code, Errc::corrupt);
    }
}

TEST_F(ShopBinlog, RefusesEveryTruncation) {
    for (const Event& event : events_) {
        for (std::size_t size = 0; size < event.bytes.size(); ++size) {
            EventReader reader(true, false);
            const auto read = reader.read(event.bytes.substr(0, size));
            ASSERT_FALSE(read);
            EXPECT_EQ(read.error().code, Errc::corrupt);
            const auto front = EventReader(true, false).read_front(event.bytes.substr(0, size));
            ASSERT_TRUE(front);
            EXPECT_FALSE(front->has_value()) << "the rest may still come";
        }
    }
}

TEST(EventReader, NamesTypeAndPlaceOfADamagedEvent) {
    std::string bytes(30, '\0');
    bytes[4] = 16;    // XID
    bytes[9] = 30;    // Its size.
    bytes[13] = 100;  // It ends there.
    const auto event = EventReader(false, false).read(bytes.substr(0, 30));
    ASSERT_TRUE(event);
    Event cut = *event;
    cut.body = cut.body.substr(0, 5);
    const auto xid = parse_xid(cut);
    ASSERT_FALSE(xid);
    EXPECT_THAT(xid.error().what, HasSubstr("XID at 70"));
}

TEST(EventReader, LearnsTheChecksumFromTheFormat) {
    const std::string bytes = testdata::shop_events();
    EventReader reader(false, true);
    EXPECT_FALSE(reader.checksums());
    ASSERT_TRUE(reader.read_front(bytes));
    EXPECT_TRUE(reader.checksums());
}

TEST(Handling, StopsAtWhatItDoesNotKnow) {
    EXPECT_EQ(handling_of({.type = EventType::xid}), Handling::known);
    EXPECT_EQ(handling_of({.type = static_cast<EventType>(99)}), Handling::unknown);
    EXPECT_EQ(handling_of({.type = static_cast<EventType>(99), .flags = 0x80}),
              Handling::ignorable);
    EXPECT_EQ(event_name(static_cast<EventType>(99)), "event type 99");
}

TEST(GtidEvent, HasAThreadIdInNewServers) {
    Event event{.header = {.type = EventType::gtid, .server_id = 3}};
    std::string body(13, '\0');
    body[0] = 42;
    body[8] = 5;
    body += '\x10';  // Extra flags: thread id.
    body += std::string("\x39\x30\0\0", 4);
    event.body = body;
    const auto gtid = parse_gtid_event(event);
    ASSERT_TRUE(gtid);
    EXPECT_EQ(gtid->gtid.str(), "5-3-42");
    EXPECT_EQ(gtid->thread_id, 12345u);
}

// Whatever the bytes, a parser answers; sanitizers see what it reads.
void parse_anyhow(const Event& event) {
    std::string scratch;
    (void)parse_format_description(event);
    (void)parse_gtid_list(event);
    (void)parse_gtid_event(event);
    (void)parse_query(event, scratch);
    (void)parse_rotate(event);
    (void)parse_xid(event);
    (void)parse_xa_prepare(event);
    (void)parse_binlog_checkpoint(event);
    (void)parse_incident(event);
    (void)parse_table_map(event);
    (void)table_id_of(event);
    (void)parse_rows(event, scratch);
    (void)rows_table_id(event);
}

// The body in memory of exactly its size.
void parse_copy(Event event, std::string_view body) {
    const std::unique_ptr<char[]> memory(new char[body.size()]);
    std::memcpy(memory.get(), body.data(), body.size());
    event.body = {memory.get(), body.size()};
    parse_anyhow(event);
}

TEST_F(ShopBinlog, SurvivesEveryCutBody) {
    for (const Event& event : events_) {
        for (std::size_t size = 0; size < event.body.size(); ++size) {
            parse_copy(event, event.body.substr(0, size));
        }
    }
}

TEST_F(ShopBinlog, SurvivesDamagedBodies) {
    std::uint32_t state = 12345;
    const auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    for (const Event& event : events_) {
        for (int round = 0; round < 300; ++round) {
            std::string body(event.body);
            for (std::uint32_t flips = next() % 4 + 1; flips > 0 && !body.empty(); --flips) {
                body[next() % body.size()] = static_cast<char>(next());
            }
            parse_copy(event, body);
        }
    }
}

TEST_F(ShopBinlog, CutTableMapsAndQueriesAreCorrupt) {
    const Event map = first(EventType::table_map);
    Event query = first(EventType::query_compressed);
    std::string scratch;
    for (std::size_t size = 0; size + 1 < query.body.size(); ++size) {
        Event cut = query;
        cut.body = query.body.substr(0, size);
        EXPECT_FALSE(parse_query(cut, scratch)) << size;
    }
    for (std::size_t size = 0; size < 30; ++size) {  // Before the optional part.
        Event cut = map;
        cut.body = map.body.substr(0, size);
        EXPECT_FALSE(parse_table_map(cut)) << size;
    }
}

}  // namespace
}  // namespace evenkeel::wire
