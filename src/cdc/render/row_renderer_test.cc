#include "cdc/render/row_renderer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "cdc/render/row_treatment.h"
#include "wire/rows_event.h"
#include "wire/testdata/shop_binlog.h"

namespace evenkeel::cdc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The row events of a recorded file, with the plan of each.
class ShopRows : public testing::Test {
protected:
    struct Recorded {
        TablePlan plan;
        wire::Event event;
    };

    void SetUp() override {
        wire::EventReader reader(false, true);
        for (std::string_view rest = bytes_; !rest.empty();) {
            const wire::Event event = reader.read_front(rest).value().value();
            rest.remove_prefix(event.bytes.size());
            if (event.header.type == wire::EventType::table_map) map_event_ = event;
            if (!wire::is_rows_event(event.header.type)) continue;
            const auto map = wire::parse_table_map(map_event_);
            ASSERT_TRUE(map);
            auto plan = make_table_plan(*map, nullptr);
            ASSERT_TRUE(plan) << plan.error().what;
            rows_.push_back({*std::move(plan), event});
        }
        ASSERT_EQ(rows_.size(), 9u);
    }

    static std::vector<std::string> lines_of(const ByteBuffer& out) {
        EXPECT_TRUE(out.empty() || out.view().back() == '\n');
        return split(trim(out.view()), '\n');
    }

    // The lines of event `index`.
    std::vector<std::string> render(std::size_t index, const RowContext& context = {},
                                    const OutputConfig& options = {},
                                    const std::string& filter = {}) const {
        RowRenderer renderer(options);
        ByteBuffer out;
        TablePlan plan = rows_[index].plan;
        treat(plan, options, Filter::parse(filter).value());
        const auto count = renderer.append_rows(plan, rows_[index].event, context, out);
        EXPECT_TRUE(count) << count.error().what;
        return lines_of(out);
    }

    static constexpr std::size_t kInsertTwo = 0;
    static constexpr std::size_t kUpdate = 1;
    static constexpr std::size_t kDelete = 2;
    static constexpr std::size_t kInsertOfXa = 3;
    static constexpr std::size_t kMinimalUpdate = 4;
    static constexpr std::size_t kNoBlobUpdate = 5;
    static constexpr std::size_t kCompressedInsert = 6;

    std::string bytes_ = wire::testdata::shop_events();
    wire::Event map_event_{};
    std::vector<Recorded> rows_{};
};

TEST_F(ShopRows, RendersATransaction) {
    RowRenderer renderer(OutputConfig{});
    ByteBuffer out;
    RowContext context{.xid = 812};
    for (std::size_t i = 0; i < 3; ++i) {
        context.last_event = i == 2;
        const auto count = renderer.append_rows(rows_[i].plan, rows_[i].event, context, out);
        ASSERT_TRUE(count);
        context.first_xoffset += *count;
    }
    const std::string head = R"({"database":"shop","table":"item","type":)";
    EXPECT_THAT(
        lines_of(out),
        ElementsAre(
            head + R"("insert","ts":1763769600,"xid":812,"xoffset":0,"data":{"id":7,)" +
                R"("name":"bolt","qty":3,"price":0.25,"note":"é \"x\"","kind":"b",)" +
                R"("tags":["x","y"]}})",
            head + R"("insert","ts":1763769600,"xid":812,"xoffset":1,"data":{"id":8,)" +
                R"("name":"nut","qty":null,"price":12.50,"note":null,"kind":"a","tags":[]}})",
            head + R"("update","ts":1763769600,"xid":812,"xoffset":2,"data":{"id":7,)" +
                R"("name":"bolt","qty":2,"price":0.25,"note":"é \"x\"","kind":"b",)" +
                R"("tags":["x","y"]},"old":{"qty":3}})",
            head + R"("delete","ts":1763769600,"xid":812,"commit":true,"data":{"id":8,)" +
                R"("name":"nut","qty":null,"price":12.50,"note":null,"kind":"a","tags":[]}})"));
}

TEST_F(ShopRows, OnlyTheLastRowOfTheLastEventCommits) {
    const auto lines = render(kInsertTwo, {.last_event = true});
    EXPECT_THAT(lines[0], HasSubstr(",\"xoffset\":0,"));
    EXPECT_THAT(lines[0], Not(HasSubstr("commit")));
    EXPECT_THAT(lines[1], HasSubstr(",\"ts\":1763769600,\"commit\":true,\"data\":{"));
    EXPECT_THAT(lines[1], Not(HasSubstr("xoffset")));
}

TEST_F(ShopRows, ResumesBehindRowsAlreadyWritten) {
    const auto whole = render(kInsertTwo, {.first_xoffset = 5, .last_event = true});
    const auto rest = render(kInsertTwo, {.first_xoffset = 5, .last_event = true, .skip_rows = 1});
    EXPECT_THAT(rest, ElementsAre(whole[1]));
    EXPECT_TRUE(render(kInsertTwo, {.last_event = true, .skip_rows = ~std::uint64_t{0}}).empty());
}

TEST_F(ShopRows, SaysHowManyRowsAnEventHas) {
    RowRenderer renderer(OutputConfig{});
    ByteBuffer out;
    for (const std::uint64_t skipped : {0, 1, 2, 9}) {
        EXPECT_EQ(renderer.append_rows(rows_[kInsertTwo].plan, rows_[kInsertTwo].event,
                                       {.skip_rows = skipped}, out),
                  2u);
        EXPECT_EQ(renderer.append_rows(rows_[kUpdate].plan, rows_[kUpdate].event,
                                       {.skip_rows = skipped}, out),
                  1u);
    }
}

TEST_F(ShopRows, MinimalImagesLackColumns) {
    EXPECT_THAT(render(kMinimalUpdate)[0],
                testing::EndsWith(R"("data":{"id":7,"qty":9,"note":null}})"));
    EXPECT_THAT(
        render(kNoBlobUpdate)[0],
        testing::EndsWith(R"("data":{"id":7,"name":"bolt","qty":10,"price":0.25,"kind":"b",)"
                          R"("tags":["x","y"]},"old":{"qty":9}})"));
}

TEST_F(ShopRows, RendersCompressedRows) {
    EXPECT_THAT(render(kCompressedInsert)[0], HasSubstr("\"note\":\"long text long text"));
}

TEST_F(ShopRows, OptionsAddFieldsInMaxwellsOrder) {
    const OutputConfig all{.binlog_position = true,
                           .gtid_position = true,
                           .server_id = true,
                           .thread_id = true,
                           .primary_keys = true,
                           .primary_key_columns = true,
                           .row_query = true,
                           .push_timestamp = true,
                           .schema_id = true,
                           .row_id = true};
    const RowContext context{.xid = 1,
                             .position = "binlog.000001:4",
                             .gtid = "0-1-5",
                             .query = "DELETE \"x\"",
                             .thread_id = 9,
                             .schema_id = 3,
                             .push_ts = "1763769600.000001"};
    EXPECT_THAT(
        render(kDelete, context, all)[0],
        StartsWith(
            R"({"database":"shop","table":"item","query":"DELETE \"x\"","type":"delete",)"
            R"("ts":1763769600,"xid":1,"xoffset":0,"position":"binlog.000001:4","gtid":"0-1-5",)"
            R"("server_id":1,"thread_id":9,"schema_id":3,"push_ts":1763769600.000001,)"
            R"("row_id":"0-1-5:0","primary_key":[8],)"
            R"("primary_key_columns":["id"],"data":{"id":8,)"));
}

TEST_F(ShopRows, OptionsThatAreOffAddNothing) {
    const RowContext context{.position = "b:4",
                             .gtid = "0-1-5",
                             .query = "x",
                             .thread_id = 9,
                             .schema_id = 3,
                             .push_ts = "1.0"};
    EXPECT_THAT(render(kDelete, context)[0],
                StartsWith(R"({"database":"shop","table":"item","type":"delete","ts":1763769600,)"
                           R"("xoffset":0,"data":{)"));
}

TEST_F(ShopRows, TheQueryCanBeCut) {
    const auto query_of = [&](std::string_view query, std::uint64_t most) {
        const OutputConfig options{.row_query = true, .row_query_max_length = most};
        const std::string line = render(kDelete, {.query = query}, options)[0];
        const auto begin = line.find("\"query\":") + 8;
        return line.substr(begin, line.find(",\"type\"") - begin);
    };
    EXPECT_EQ(query_of("DELETE", 3), "\"DEL\"");
    EXPECT_EQ(query_of("DELETE", 0), "\"DELETE\"");
    EXPECT_EQ(query_of("DELETE", 6), "\"DELETE\"");
    EXPECT_EQ(query_of("\xc3\xa9\xc3\xa9x", 2), "\"\xc3\xa9\xc3\xa9\"");
    // Two characters for Java, of which it would leave half.
    EXPECT_EQ(query_of("a\xf0\x9f\x98\x80z", 2), "\"a\"");
    EXPECT_EQ(query_of("a\xf0\x9f\x98\x80z", 3), "\"a\xf0\x9f\x98\x80\"");
}

TEST_F(ShopRows, PrimaryKeysOfUpdatesAreTheNewOnes) {
    const OutputConfig options{.primary_keys = true};
    EXPECT_THAT(render(kUpdate, {}, options)[0], HasSubstr(R"("primary_key":[7],"data":)"));
    EXPECT_THAT(render(kMinimalUpdate, {}, options)[0], HasSubstr(R"("primary_key":[7],)"));
}

TEST_F(ShopRows, CommitInformationCanBeLeftOut) {
    const RowContext context{.xid = 1, .last_event = true};
    EXPECT_THAT(render(kInsertTwo, context, {.commit_info = false})[1],
                HasSubstr("\"ts\":1763769600,\"data\""));
    const auto lines = render(kInsertTwo, context, {.xoffset = false});
    EXPECT_THAT(lines[0], HasSubstr("\"xid\":1,\"data\""));
    EXPECT_THAT(lines[1], HasSubstr("\"xid\":1,\"commit\":true,\"data\""));
}

TEST_F(ShopRows, NullsCanBeLeftOut) {
    EXPECT_THAT(render(kInsertOfXa, {}, {.nulls = false})[0],
                testing::EndsWith(R"("data":{"id":20,"kind":"a"}})"));
    EXPECT_THAT(render(kMinimalUpdate, {}, {.nulls = false})[0],
                testing::EndsWith(R"("data":{"id":7,"qty":9}})"));
}

TEST_F(ShopRows, GtidIsNullWhenUnknown) {
    EXPECT_THAT(render(kDelete, {}, {.gtid_position = true})[0], HasSubstr("\"gtid\":null,"));
}

TEST_F(ShopRows, AppendsBehindWhatIsThere) {
    RowRenderer renderer(OutputConfig{});
    ByteBuffer out;
    out.append("kept\n");
    ASSERT_TRUE(renderer.append_rows(rows_[kDelete].plan, rows_[kDelete].event, {}, out));
    EXPECT_THAT(std::string(out.view()), StartsWith("kept\n{\"database\":\"shop\""));
}

TEST_F(ShopRows, KeepsTheOutputWhenAnEventIsDamaged) {
    RowRenderer renderer(OutputConfig{});
    ByteBuffer out;
    out.append("kept\n");
    wire::Event cut = rows_[kInsertTwo].event;
    cut.body.remove_suffix(1);
    const auto count = renderer.append_rows(rows_[kInsertTwo].plan, cut, {}, out);
    ASSERT_FALSE(count);
    EXPECT_EQ(count.error().code, Errc::corrupt);
    EXPECT_THAT(count.error().what, HasSubstr("shop.item"));
    EXPECT_EQ(out.view(), "kept\n");
}

TEST_F(ShopRows, RefusesAPlanOfAnotherTable) {
    TablePlan other = rows_[kDelete].plan;
    other.columns.pop_back();
    RowRenderer renderer(OutputConfig{});
    ByteBuffer out;
    EXPECT_EQ(renderer.append_rows(other, rows_[kDelete].event, {}, out).error().code,
              Errc::corrupt);
}

TEST_F(ShopRows, CutRowsNeverPassAsWhole) {
    RowRenderer renderer(OutputConfig{});
    for (const Recorded& recorded : rows_) {
        ByteBuffer whole;
        const auto all = renderer.append_rows(recorded.plan, recorded.event, {}, whole);
        ASSERT_TRUE(all);
        for (std::size_t size = 0; size < recorded.event.body.size(); ++size) {
            const std::string exact(recorded.event.body.substr(0, size));
            wire::Event cut = recorded.event;
            cut.body = exact;
            ByteBuffer out;
            const auto count = renderer.append_rows(recorded.plan, cut, {}, out);
            // A cut between two rows cannot be seen here; checksum and size of the event can.
            if (count) {
                EXPECT_LT(*count, *all);
                EXPECT_TRUE(whole.view().starts_with(out.view()));
            }
        }
    }
}

TEST_F(ShopRows, SurvivesDamagedMapsAndRows) {
    std::uint32_t state = 99;
    const auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    const auto damage = [&](std::string_view body) {
        std::string bytes(body);
        for (std::uint32_t flips = next() % 3 + 1; flips > 0; --flips) {
            bytes[next() % bytes.size()] = static_cast<char>(next());
        }
        return bytes;
    };
    const OutputConfig options{.primary_keys = true};
    RowRenderer renderer(options);
    ByteBuffer out;
    for (const Recorded& recorded : rows_) {
        for (int round = 0; round < 2000; ++round) {
            const std::string map_body = damage(map_event_.body);
            wire::Event map_event = map_event_;
            map_event.body = map_body;
            const auto map = wire::parse_table_map(map_event);
            const std::string body = damage(recorded.event.body);
            wire::Event event = recorded.event;
            event.body = body;
            if (map) {
                const auto plan = make_table_plan(*map, nullptr);
                if (plan) (void)renderer.append_rows(*plan, recorded.event, {}, out);
                if (plan) (void)renderer.append_rows(*plan, event, {}, out);
            }
            (void)renderer.append_rows(recorded.plan, event, {}, out);
            out.clear();
        }
    }
}

}  // namespace
}  // namespace evenkeel::cdc
