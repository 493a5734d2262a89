// Table maps as servers wrote them: d.t1 (id INT UNSIGNED PRIMARY KEY, y YEAR, g POINT, c CHAR(3)
// CHARACTER SET latin1, v VARCHAR(10), b VARBINARY(4), bi BIT(9), e ENUM('a','b') CHARACTER SET
// latin1, s SET('x','y'), j JSON, bb BLOB, ge GEOMETRY, t TEXT CHARACTER SET latin1, si INT, u
// BIGINT UNSIGNED, de DECIMAL(5,2) UNSIGNED, f FLOAT UNSIGNED) with binlog_row_metadata=FULL.
#include "wire/table_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

namespace evenkeel::wire {
namespace {

using testing::ElementsAre;

constexpr const char* kMysql =
    "a8f9076b1301000000a60000001605000000006a000000000001000164000274310011030dfffe0f0f10fefef5fcff"
    "fc0308f6041404fe03280004000101f701f80104020402050204feff010101dc030708fcff003f3f08070201000428"
    "0269640179016701630176016202626901650173016a0262620267650174027369017502646501660b0408fcff0005"
    "050201780179060502016101620801000c03ffff809526287f";
constexpr const char* kMariadb =
    "c5f9076b1301000000a40000000000000000001c000000000001000164000274310011030dfffe0f0f10fefefcfcff"
    "fc0308f6041404fe03280004000101f701f80104020402050204feff010101dc030a3f08fc00093f2e3f3f08070201"
    "0004280269640179016701630176016202626901650173016a0262620267650174027369017502646501660b0408fc"
    "00090505020178017906050201610162080100b1b02d0d";
// MySQL 9.7: d.v (id INT PRIMARY KEY, a VECTOR(3), b VECTOR(2), c CHAR(4)).
constexpr const char* kVectors =
    "d2f9076b13010000004f000000d803000000006a000000000001000164000176000403f2f2fe040404fe100e010100"
    "02053f02fcff000d02030204090269640161016201630801000c01f0639ef7e2";

std::string hex(std::string_view digits) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        bytes += static_cast<char>(value(digits[i]) << 4 | value(digits[i + 1]));
    }
    return bytes;
}

Event event_of(const std::string& bytes, bool mysql) {
    auto event = EventReader(true, true).read(bytes);
    EXPECT_TRUE(event) << event.error().what;
    event->mysql = mysql;
    return *event;
}

TableMap parse(const char* digits, bool mysql) {
    const std::string bytes = hex(digits);
    auto map = parse_table_map(event_of(bytes, mysql));
    EXPECT_TRUE(map) << map.error().what;
    return map ? *std::move(map) : TableMap{};
}

template <typename T>
std::vector<std::uint32_t> all(const TableMap& map, T MapColumn::*field) {
    std::vector<std::uint32_t> values;
    for (const MapColumn& column : map.columns) {
        values.push_back(static_cast<std::uint32_t>(column.*field));
    }
    return values;
}

TEST(TableMap, OfMysqlHasNoCharsetForGeometry) {
    const TableMap map = parse(kMysql, true);
    EXPECT_TRUE(map.has_names && map.has_signs && map.has_charsets && map.has_labels);
    EXPECT_THAT(all(map, &MapColumn::collation),
                ElementsAre(0, 0, 0, 8, 255, 63, 0, 8, 255, 0, 63, 0, 8, 0, 0, 0, 0));
    EXPECT_THAT(all(map, &MapColumn::is_unsigned),
                ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1));
    EXPECT_THAT(all(map, &MapColumn::geometry),
                ElementsAre(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    EXPECT_EQ(map.columns[9].type, ColumnType::json_mysql);
    EXPECT_EQ(map.columns[9].meta, 4);
    EXPECT_THAT(map.columns[7].labels, ElementsAre("a", "b"));
    EXPECT_THAT(map.columns[8].labels, ElementsAre("x", "y"));
    EXPECT_EQ(map.columns[16].name, "f");
    ASSERT_EQ(map.primary_key.size(), 1u);
}

TEST(TableMap, OfMariadbHasACharsetForGeometry) {
    const TableMap map = parse(kMariadb, false);
    EXPECT_THAT(all(map, &MapColumn::collation),
                ElementsAre(0, 0, 63, 8, 2304, 63, 0, 8, 2304, 46, 63, 63, 8, 0, 0, 0, 0));
    EXPECT_THAT(all(map, &MapColumn::is_unsigned),
                ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1));
}

TEST(TableMap, HasTheDimensionsOfVectors) {
    const TableMap map = parse(kVectors, true);
    EXPECT_THAT(all(map, &MapColumn::dimensions), ElementsAre(0, 3, 2, 0));
    EXPECT_THAT(all(map, &MapColumn::collation), ElementsAre(0, 63, 63, 255));
    EXPECT_EQ(map.columns[1].type, ColumnType::vector_mysql);
}

// A map of one column of `type` with these bytes of type metadata, and what stands behind.
Event small_map(std::string& body, char type, const std::string& meta, const std::string& rest) {
    body = std::string(6, '\1') + std::string(2, '\0');
    body.append({1, 'd', 0, 1, 't', 0, 1, type, static_cast<char>(meta.size())});
    body.append(meta).append(1, '\1').append(rest);
    return {.header = {.type = EventType::table_map}, .body = body, .mysql = true};
}

TEST(TableMap, SkipsFieldsOfLaterServers) {
    std::string body;
    const auto map = parse_table_map(small_map(body, 3, "", {99, 2, 'x', 'y', 4, 2, 1, 'a'}));
    ASSERT_TRUE(map) << map.error().what;
    EXPECT_EQ(map->columns[0].name, "a");
}

TEST(TableMap, KnowsTypedArrays) {
    std::string body;
    const auto of_numbers = parse_table_map(small_map(body, 20, {8}, ""));
    ASSERT_TRUE(of_numbers) << of_numbers.error().what;
    EXPECT_EQ(of_numbers->columns[0].type, ColumnType::typed_array);
    EXPECT_TRUE(parse_table_map(small_map(body, 20, {15, 80, 0, 0}, "")));
    EXPECT_TRUE(parse_table_map(small_map(body, 20, {18, 6}, "")));
    EXPECT_FALSE(parse_table_map(small_map(body, 20, {20, 20, 20}, "")));
}

TEST(TableMap, SurvivesCutsAndDamage) {
    for (const char* digits : {kMysql, kMariadb, kVectors}) {
        const std::string bytes = hex(digits);
        Event event = event_of(bytes, digits != kMariadb);
        const std::string body(event.body);
        const auto parse_copy = [&](std::string_view damaged) {
            const std::unique_ptr<char[]> memory(new char[damaged.size()]);
            std::memcpy(memory.get(), damaged.data(), damaged.size());
            event.body = {memory.get(), damaged.size()};
            (void)parse_table_map(event);
        };
        for (std::size_t size = 0; size < body.size(); ++size) parse_copy(body.substr(0, size));
        std::uint32_t state = 12345;
        const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
        for (int round = 0; round < 3000; ++round) {
            std::string damaged = body;
            damaged[random() % damaged.size()] = static_cast<char>(random());
            damaged[random() % damaged.size()] = static_cast<char>(random());
            parse_copy(damaged);
        }
    }
}

}  // namespace
}  // namespace evenkeel::wire
