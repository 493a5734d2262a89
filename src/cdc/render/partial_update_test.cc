// PARTIAL_UPDATE_ROWS of MySQL 8.0.31 (binlog_row_value_options=PARTIAL_JSON) on d.f1 (id INT
// PRIMARY KEY, name VARCHAR(20), j JSON, k JSON), as bytes of its binlog.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "cdc/event_maker.h"
#include "cdc/render/row_renderer.h"
#include "wire/table_map.h"

namespace evenkeel::cdc {
namespace {

constexpr const char* kMap =
    "a8f9076b13010000004d0000008808000000006e000000000001000164000266310004030ff5f504500004040e01"
    "01000203fcff00040c026964046e616d65016a016b0801000c01f06513e148";
// j = JSON_SET(j, '$.b', 'x'), k = JSON_SET(k, '$[1]', TRUE, '$[2]', 3); k is written whole.
constexpr const char* kUpdate =
    "a8f9076b27010000007e0000000609000000006e00000000000100020004ffff00010000000341424317000000000"
    "10016000b000100020c006102000a0005010005020008000000020100070005010001010001000000034142430900"
    "00000103242e62030c01780e0000000203000d00050100040100050300da9ec0be";
// name = 'z' with row image NOBLOB: no change to either document. k has a gap where "abc" was.
constexpr const char* kOther =
    "a8f9076b2701000000830000003414000000006e000000000001000200043f3f000100000001782d000000000300"
    "2c00190001001a0001001b0005000220000c2a000400006162712278207902000a00050100050700017812000000"
    "02020011000505000503000503000361626301030001000000017a0000000000000000fee73d53";
// k = JSON_SET(k, '$[0]', 6) with row image MINIMAL.
constexpr const char* kMinimal =
    "a8f9076b27010000003a0000007a15000000006e00000000000100020004013800010000000102000a0000000004"
    "245b305d0305060076a54567";

wire::Event read_event(const std::string& bytes) {
    auto event = wire::EventReader(true, true).read(bytes);
    EXPECT_TRUE(event) << event.error().what;
    event->mysql = true;
    return *event;
}

class PartialUpdate : public testing::Test {
protected:
    void SetUp() override {
        const std::string bytes = test::hex(kMap);
        const auto map = wire::parse_table_map(read_event(bytes));
        ASSERT_TRUE(map) << map.error().what;
        auto plan = make_table_plan(*map, nullptr);
        ASSERT_TRUE(plan) << plan.error().what;
        plan_ = *std::move(plan);
    }

    // From "data" on; the error.
    std::string render(const wire::Event& event, const RowContext& context = {}) {
        ByteBuffer out;
        const auto count = renderer_.append_rows(plan_, event, context, out);
        if (!count) return count.error().what;
        const std::string line(out.view());
        const std::size_t at = line.find("\"data\"");
        return at == std::string::npos ? line : line.substr(at, line.size() - at - 2);
    }
    std::string render(const char* digits, const RowContext& context = {}) {
        const std::string bytes = test::hex(digits);
        return render(read_event(bytes), context);
    }

    OutputConfig options_;
    RowRenderer renderer_{options_};
    TablePlan plan_;
};

TEST_F(PartialUpdate, ShowsTheWholeDocumentAfterTheChange) {
    EXPECT_EQ(render(kUpdate),
              R"("data":{"id":1,"name":"ABC","j":{"a":[1,2],"b":"x"},"k":[1,true,3]},)"
              R"("old":{"j":{"a":[1,2]},"k":[1]})");
}

TEST_F(PartialUpdate, ADocumentThatStaysIsNotOld) {
    EXPECT_EQ(render(kOther), R"("data":{"id":1,"name":"z","j":{"a":[1,7],"b":"x","q\"x y":null},)"
                              R"("k":[5,3]},"old":{"name":"x"})");
}

TEST_F(PartialUpdate, NeedsTheDocumentBefore) {
    const std::string what = render(kMinimal);
    EXPECT_NE(what.find("set binlog_row_image=FULL"), std::string::npos) << what;
}

TEST_F(PartialUpdate, SkipsRowsThatWereWritten) {
    EXPECT_EQ(render(kUpdate, {.skip_rows = 1}), "");
    EXPECT_EQ(render(kMinimal, {.skip_rows = 1}), "");
}

TEST_F(PartialUpdate, SurvivesCutsAndDamage) {
    for (const char* digits : {kUpdate, kOther, kMinimal}) {
        const std::string bytes = test::hex(digits);
        wire::Event event = read_event(bytes);
        const std::string body(event.body);
        const auto render_copy = [&](std::string_view damaged) {
            const std::unique_ptr<char[]> memory(new char[damaged.size()]);
            std::memcpy(memory.get(), damaged.data(), damaged.size());
            event.body = {memory.get(), damaged.size()};
            (void)render(event);
        };
        for (std::size_t size = 0; size < body.size(); ++size) render_copy(body.substr(0, size));
        std::uint32_t state = 12345;
        const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
        for (int round = 0; round < 2000; ++round) {
            std::string damaged = body;
            damaged[random() % damaged.size()] = static_cast<char>(random());
            damaged[random() % damaged.size()] = static_cast<char>(random());
            render_copy(damaged);
        }
    }
}

}  // namespace
}  // namespace evenkeel::cdc
