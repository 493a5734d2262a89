#include "cdc/bootstrap/row_image.h"

#include <gtest/gtest.h>

#include "cdc/bootstrap/table_layout.h"
#include "cdc/render/row_renderer.h"

namespace evenkeel::cdc {
namespace {

// What the renderer of the stream makes of a selected value.
struct Case {
    const char* type;
    const char* charset;
    std::string selected;
    std::string printed;
};

std::string print(const Case& test) {
    const TableDefinition definition{
        .database = "d",
        .table = "t",
        .columns = {{.name = "v", .column_type = test.type, .charset = test.charset}}};
    const auto layout = lay_out(definition, {});
    if (!layout) return layout.error().what;
    std::string images;
    const auto added = append_image(*layout, {test.selected}, images);
    if (!added) return added.error().what;
    ImageEvent event;
    ByteBuffer out;
    RowRenderer renderer({.commit_info = false});
    const auto rows = renderer.append_rows(layout->rows, event.make(1, images, 5), {}, out);
    if (!rows) return rows.error().what;
    const std::string line(out.view());
    const std::size_t start = line.find("\"v\":") + 4;
    return line.substr(start, line.size() - start - 3);
}

TEST(RowImage, ComesOutAsTheStreamPrintsIt) {
    const std::vector<Case> cases = {
        {"tinyint(4)", "", "-128", "-128"},
        {"tinyint(3) unsigned", "", "255", "255"},
        {"mediumint(9)", "", "-8388608", "-8388608"},
        {"int(10) unsigned zerofill", "", "4000000000", "4000000000"},
        {"bigint(20) unsigned", "", "18446744073709551615", "18446744073709551615"},
        {"decimal(5,2)", "", "-0.01", "-0.01"},
        {"decimal(5,2)", "", "999.99", "999.99"},
        {"decimal(18,9)", "", "-123456789.987654321", "-123456789.987654321"},
        {"decimal(4,4)", "", "0.9999", "0.9999"},
        {"decimal(10,0)", "", "9999999999", "9999999999"},
        {"decimal(30,10)", "", "-10000000000.0000000001", "-10000000000.0000000001"},
        {"float", "", "0.10000000149011612", "0.1"},
        {"double", "", "2.2250738585072014e-308", "2.2250738585072014E-308"},
        {"bit(10)", "", "515", "515"},
        {"year(4)", "", "2155", "2155"},
        {"year(4)", "", "0000", "0"},
        {"date", "", "2012-00-00", "\"2012-00-00\""},
        {"datetime", "", "9999-12-31 23:59:59", "\"9999-12-31 23:59:59\""},
        {"datetime(3)", "", "2024-02-29 12:34:56.789", "\"2024-02-29 12:34:56.789\""},
        {"timestamp", "", "1709210096", "\"2024-02-29 12:34:56\""},
        {"timestamp(6)", "", "1709210096.000001", "\"2024-02-29 12:34:56.000001\""},
        {"timestamp(2)", "", "0.00", "\"0000-00-00 00:00:00.00\""},
        {"time", "", "-838:59:59", "\"-838:59:59\""},
        {"time(1)", "", "-00:00:00.5", "\"-00:00:00.5\""},
        {"time(5)", "", "01:02:03.00001", "\"01:02:03.00001\""},
        {"enum('a','b''c')", "utf8mb4", "2", "\"b'c\""},
        {"set('x','y','z')", "utf8mb4", "5", "[\"x\",\"z\"]"},
        {"char(3)", "latin1", "\xE4", "\"ä\""},
        {"varchar(9)", "utf8mb4", "a\"b", "\"a\\\"b\""},
        {"binary(3)", "", std::string("a\0\0", 3), "\"YQAA\""},
        {"longblob", "", "abc", "\"YWJj\""},
        {"uuid", "", "123e4567-e89b-12d3-a456-426655440000",
         "\"123e4567-e89b-12d3-a456-426655440000\""},
    };
    for (const Case& test : cases) EXPECT_EQ(print(test), test.printed) << test.type;
}

TEST(RowImage, RefusesWhatIsNoValue) {
    for (const Case& test : std::vector<Case>{{"int(11)", "", "1x", ""},
                                              {"decimal(5,2)", "", "12345.1", ""},
                                              {"date", "", "2012-01", ""},
                                              {"time", "", "soon", ""},
                                              {"year(4)", "", "1800", ""}}) {
        EXPECT_NE(print(test).find("is no value of its type"), std::string::npos) << test.type;
    }
}

TEST(CompactJson, IsAsTheStreamPrintsIt) {
    const auto compact = [](std::string_view text) {
        std::string out;
        append_compact_json(text, out);
        return out;
    };
    EXPECT_EQ(compact(R"({"a": [1, 2.50, -1e20], "b, \"c\": \u001f": null, "d": ""})"),
              R"({"a":[1,2.5,-1.0E20],"b, \"c\": \u001F":null,"d":""})");
    EXPECT_EQ(compact("12"), "12");
    EXPECT_EQ(compact(R"("x \\")"), R"("x \\")");
    EXPECT_EQ(compact("[]"), "[]");
}

TEST(RowImage, HasNulls) {
    const TableDefinition definition{.database = "d",
                                     .table = "t",
                                     .columns = {{.name = "a", .column_type = "int(11)"},
                                                 {.name = "b", .column_type = "int(11)"}}};
    const auto layout = lay_out(definition, {});
    ASSERT_TRUE(layout) << layout.error().what;
    std::string images;
    ASSERT_TRUE(append_image(*layout, {std::nullopt, "7"}, images));
    ASSERT_TRUE(append_image(*layout, {"8", std::nullopt}, images));
    ImageEvent event;
    ByteBuffer out;
    RowRenderer renderer({.commit_info = false});
    ASSERT_TRUE(renderer.append_rows(layout->rows, event.make(2, images, 5), {}, out));
    const std::string head =
        R"({"database":"d","table":"t","type":"bootstrap-insert","ts":5,"data":)";
    EXPECT_EQ(out.view(),
              head + R"({"a":null,"b":7}})" + "\n" + head + R"({"a":8,"b":null}})" + "\n");
}

}  // namespace
}  // namespace evenkeel::cdc
