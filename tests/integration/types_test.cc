// Every column type of MariaDB and MySQL with its edge values: written by real servers, read from
// their binlog files, and compared with what the server itself says the value is.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "cdc/render/json_writer.h"
#include "tests/integration/types_fixture.h"
#include "wire/charset.h"

namespace evenkeel::test {
namespace {

// How a rendered value is compared with the server's.
enum class As {
    exact,
    bits,
    quoted,
    text,
    real,
    single_real,
    bytes,
    wkt,
    wkt_xy,
    set,
    json,
    numbers
};

// The first version that has a type: 10.7 is 1007.
constexpr int kAlways = 0;
constexpr int kNever = 99999;
struct Since {
    int mariadb = kAlways;
    int mysql = kAlways;
};
constexpr Since kMariadbOnly{kAlways, kNever};
constexpr Since kMysqlOnly{kNever, kAlways};

struct Case {
    std::string type;
    As as;
    std::vector<std::string> values;  // SQL literals; NULL is added to each.
    Since since{};
};

std::string select_of(As as, bool mysql) {
    switch (as) {
        case As::exact:
        case As::quoted:
        case As::set: return "CAST(v AS CHAR)";
        case As::json: return "CAST(v AS CHAR CHARACTER SET utf8mb4)";
        case As::bits: return "v + 0";
        case As::text: return "CONVERT(v USING utf8mb4)";
        case As::real:
        case As::single_real: return "v + 0e0";
        case As::bytes: return "HEX(v)";
        case As::wkt: return "ST_AsText(v)";
        // The server swaps what it prints of geographic systems, not what it stores.
        case As::wkt_xy: return "ST_AsText(v, 'axis-order=long-lat')";
        case As::numbers: return mysql ? "VECTOR_TO_STRING(v)" : "VEC_ToText(v)";
    }
    return {};
}

// "POINT (3 2)" and "POINT(3 2)" alike; the server has no parentheses around MULTIPOINT's points.
std::string plain_wkt(std::string text) {
    const bool points = text.find("MULTIPOINT") != std::string::npos;
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char before = i > 0 ? text[i - 1] : ' ';
        if (text[i] == ' ' && (before == ',' || (i + 1 < text.size() && text[i + 1] == '('))) {
            continue;
        }
        if (points && (text[i] == '(' || text[i] == ')')) continue;
        plain += text[i];
    }
    return plain;
}

std::string expected_json(As as, const std::string& said) {
    if (as == As::quoted || as == As::text) return cdc::json_string(said);
    if (as != As::set) return said;
    std::vector<std::string> labels;
    for (const std::string& label : split(said, ',')) labels.push_back(cdc::json_string(label));
    return "[" + join(labels, ",") + "]";
}

std::string with_question_marks(std::string text) {
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
    for (std::size_t at = 0; (at = text.find(kReplacement, at)) != std::string::npos;) {
        text.replace(at, kReplacement.size(), "?");
    }
    return text;
}

testing::AssertionResult same_value(As as, const std::string& rendered, const std::string& said) {
    bool same = false;
    if (as == As::real) {
        same = std::strtod(rendered.c_str(), nullptr) == std::strtod(said.c_str(), nullptr);
    } else if (as == As::single_real) {
        same = std::strtof(rendered.c_str(), nullptr) == std::strtof(said.c_str(), nullptr);
    } else if (as == As::bytes) {
        const auto bytes = base64_decode(rendered.substr(1, rendered.size() - 2));
        std::string hex = hex_encode(bytes.value_or("not base64"));
        std::transform(hex.begin(), hex.end(), hex.begin(),
                       [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
        same = hex == said;
    } else if (as == As::json || as == As::numbers) {
        return same_json(rendered, said);
    } else if (as == As::wkt || as == As::wkt_xy) {
        same = plain_wkt(rendered) == "\"" + plain_wkt(said) + "\"";
    } else if (as == As::text) {
        // What a byte without meaning becomes is a matter of taste.
        same = rendered == expected_json(as, said) ||
               with_question_marks(rendered) == with_question_marks(expected_json(as, said));
    } else {
        same = rendered == expected_json(as, said);
    }
    if (same) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "rendered " << rendered << ", the server says " << said;
}

class TypeCases : public Types {
protected:
    bool has(const Case& test) const {
        return mysql() ? is_mysql(test.since.mysql) : is_mariadb(test.since.mariadb);
    }

    void create(const std::string& table, const Case& test) {
        run(fmt::format("CREATE TABLE {} (id INT PRIMARY KEY, v {})", table, test.type));
        std::string rows;
        int id = 0;
        for (const std::string& value : test.values) rows += fmt::format("({}, {}),", ++id, value);
        run(fmt::format("INSERT INTO {} VALUES {}({}, NULL)", table, rows, id + 1));
    }

    void compare(const std::string& table, const Case& test,
                 const std::vector<std::string>& lines) {
        SCOPED_TRACE(test.type);
        const auto said = run(fmt::format("SELECT id, {} AS said FROM {} ORDER BY id",
                                          select_of(test.as, mysql()), table));
        ASSERT_EQ(said.rows.size(), test.values.size() + 1);
        ASSERT_EQ(lines.size(), said.rows.size());
        for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
            EXPECT_TRUE(same_value(test.as, value_of(lines[i], "v"), said.text(i, "said")))
                << test.values[i];
        }
        // A TIMESTAMP turns NULL into now.
        if (said.get(lines.size() - 1, "said").has_value()) return;
        EXPECT_EQ(value_of(lines.back(), "v"), "null");
    }

    void check(const std::vector<Case>& all) {
        const std::string binlog = new_binlog();
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (has(all[i])) create(fmt::format("t{}", i), all[i]);
        }
        (void)new_binlog();
        auto lines = render(binlog);
        EXPECT_EQ(render_error_, "");
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::string table = fmt::format("t{}", i);
            if (has(all[i])) compare(table, all[i], lines[table]);
        }
    }
};

std::vector<Case> number_cases() {
    return {
        {"TINYINT", As::exact, {"0", "-128", "127", "-1"}},
        {"TINYINT UNSIGNED", As::exact, {"0", "255", "128"}},
        {"BOOL", As::exact, {"0", "1"}},
        {"SMALLINT", As::exact, {"0", "-32768", "32767", "100"}},
        {"SMALLINT UNSIGNED", As::exact, {"0", "65535"}},
        {"MEDIUMINT", As::exact, {"0", "-8388608", "8388607", "-1"}},
        {"MEDIUMINT UNSIGNED", As::exact, {"0", "16777215", "8388608"}},
        {"INT", As::exact, {"0", "-2147483648", "2147483647", "99", "100"}},
        {"INT UNSIGNED", As::exact, {"0", "4294967295", "2147483648"}},
        {"INT ZEROFILL", As::real, {"0", "4000000000", "7"}},
        {"BIGINT", As::exact, {"0", "-9223372036854775808", "9223372036854775807"}},
        {"BIGINT UNSIGNED", As::exact, {"0", "18446744073709551615", "9223372036854775808"}},
        {"DECIMAL(5,2)", As::exact, {"0", "999.99", "-999.99", "0.01", "-0.01", "3.5"}},
        {"DECIMAL(5,2) UNSIGNED", As::exact, {"0", "999.99"}},
        {"DECIMAL(10,0)", As::exact, {"0", "9999999999", "-1"}},
        {"DECIMAL(20,10)",
         As::exact,
         {"0", "0.0000000001", "-1234567890.0123456789", "1000000000"}},
        {"DECIMAL(65,30)",
         As::exact,
         {"0", "99999999999999999999999999999999999.999999999999999999999999999999", "-1.000000001",
          "0.000000000000000000000000000001", "1000000000000000000"}},
        {"DECIMAL(38,38)",
         As::exact,
         {"0", "-0.00000000000000000000000000000000000001", "0.5"},
         kMariadbOnly},
        {"DECIMAL(4,4)", As::exact, {"0", "-0.0001", "0.9999"}},
        {"DECIMAL(9,9)", As::exact, {"0", "-0.000000001", "0.999999999"}},
        {"DECIMAL(18,9)", As::exact, {"0", "-123456789.987654321", "1", "0.000000001"}},
        {"DECIMAL(1,0)", As::exact, {"0", "9", "-9"}},
        {"FLOAT",
         As::single_real,
         {"0", "-1.5", "3.4028235e38", "1.17549435e-38", "16777216", "0.1"}},
        {"DOUBLE",
         As::real,
         {"0", "-1.5", "1.7976931348623157e308", "2.2250738585072014e-308", "0.1", "1e7",
          "9999999.999", "0.001", "0.000999", "123456.789", "1e22", "0.30000000000000004"}},
        {"DOUBLE(10,2)", As::real, {"0", "12345678.91"}},
        {"BIT(1)", As::bits, {"0", "1"}},
        {"BIT(10)", As::bits, {"0", "515", "1023"}},
        {"BIT(33)", As::bits, {"0", "b'111111111111111111111111111111111'", "1 << 31"}},
        {"BIT(64)", As::bits, {"0", "18446744073709551615", "1 << 39"}},
        {"YEAR", As::bits, {"1901", "2155", "2024", "0"}},
        {"FLOAT(7,3)", As::single_real, {"0", "-1234.567"}},
        {"FLOAT UNSIGNED", As::single_real, {"0", "1e10"}},
        {"DOUBLE UNSIGNED", As::real, {"0", "1e-10"}},
        {"SMALLINT(4) ZEROFILL", As::real, {"0", "65535"}},
    };
}

std::vector<Case> temporal_cases() {
    const std::vector<std::string> times = {
        "'00:00:00'",        "'-01:02:03'",   "'838:59:59'",    "'-838:59:59'",      "'25:00:00'",
        "'23:59:59.999999'", "'-00:00:00.5'", "'-00:00:01.25'", "'100:00:00.000001'"};
    const std::vector<std::string> moments = {
        "'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2024-02-29 12:34:56.789012'",
        "'2012-00-00 00:00:00'", "'2012-05-00 01:02:03'", "'0001-01-01 00:00:00'",
        "'2024-02-30 00:00:00'"};
    const std::vector<std::string> stamps = {
        "'0000-00-00 00:00:00'",        "'1970-01-01 00:00:01'",   "'2038-01-19 03:14:07'",
        "'2024-02-29 12:34:56.789012'", "'1999-12-31 23:59:59.5'", "'2000-03-01 00:00:00'"};
    std::vector<Case> all = {
        {"DATE",
         As::quoted,
         {"'0000-00-00'", "'9999-12-31'", "'2024-02-29'", "'2012-00-00'", "'2012-07-00'",
          "'0000-01-01'", "'1000-01-01'"}},
    };
    for (const char* digits : {"", "(1)", "(2)", "(3)", "(4)", "(5)", "(6)"}) {
        all.push_back({std::string("TIME") + digits, As::quoted, times});
        all.push_back({std::string("DATETIME") + digits, As::quoted, moments});
        all.push_back({std::string("TIMESTAMP") + digits + " NULL", As::quoted, stamps});
        all.push_back({std::string("TIMESTAMP") + digits + " NULL",
                       As::quoted,
                       {"'2038-01-19 03:14:08'", "'2106-02-07 06:28:15'"},
                       {1105, kNever}});
    }
    return all;
}

std::vector<Case> text_cases(bool mysql) {
    const auto vector_of = [mysql](const char* text) {
        return fmt::format("{}('{}')", mysql ? "STRING_TO_VECTOR" : "VEC_FromText", text);
    };
    const std::string escapes =
        "'quote \" backslash \\\\ newline \\n tab \\t null \\0 bell \\Z del'";
    return {
        {"CHAR(10)", As::text, {"''", "'a'", "'ünïcödé'", "'€'"}},
        {"CHAR(200)", As::text, {"''", "'a'", "REPEAT('€', 200)"}},
        {"VARCHAR(10)", As::text, {"''", "'  x '", "'😀'"}},
        {"VARCHAR(300)", As::text, {"''", escapes, "REPEAT('x', 300)", "REPEAT('\\\"', 300)"}},
        {"VARCHAR(63)", As::text, {"REPEAT('x', 15)", "REPEAT('x', 16)", "REPEAT('x', 17)"}},
        {"TINYTEXT", As::text, {"''", "'tiny'"}},
        {"TEXT", As::text, {"''", escapes, "REPEAT('ö', 30000)"}},
        {"MEDIUMTEXT", As::text, {"''", "REPEAT('0123456789', 10000)"}},
        {"LONGTEXT", As::text, {"''", "'long'"}},
        {"VARCHAR(200) COMPRESSED",
         As::text,
         {"''", "'short'", "REPEAT('hello ', 30)"},
         kMariadbOnly},
        {"TEXT COMPRESSED", As::text, {"''", "'short'", "REPEAT('hällo ', 300)"}, kMariadbOnly},
        {"BLOB COMPRESSED", As::bytes, {"''", "x'00'", "REPEAT('hello ', 300)"}, kMariadbOnly},
        {"BINARY(4)", As::bytes, {"''", "'a'", "x'00'", "x'61626364'", "x'00000001'", "x'20'"}},
        {"BINARY(255)", As::bytes, {"''", "REPEAT('a', 255)"}},
        {"VARBINARY(300)", As::bytes, {"''", "x'00'", "x'ff00fe'", "REPEAT(x'ff', 300)"}},
        {"TINYBLOB", As::bytes, {"''", "x'00'", "x'0001'", "x'000102'"}},
        {"BLOB", As::bytes, {"''", "REPEAT(x'80', 1000)"}},
        {"MEDIUMBLOB", As::bytes, {"''", "REPEAT('abc', 30000)"}},
        {"LONGBLOB", As::bytes, {"''", "x'deadbeef'"}},
        {"ENUM('a','b''c','d\\\\e','é','x,y')",
         As::text,
         {"'a'", "'b''c'", "'d\\\\e'", "'é'", "'x,y'", "'not there'"}},
        {"ENUM('ä','ö') CHARACTER SET latin1", As::text, {"'ä'", "'ö'"}},
        {"SET('a','b','ü')", As::set, {"''", "'a'", "'b,ü'", "'a,b,ü'"}},
        {"SET('ä','ö') CHARACTER SET latin1", As::set, {"'ö'"}},
        {"JSON",
         As::exact,
         {"'{\"a\": [1, 2.50, \"x\"]}'", "'null'", "'\"text\"'", "'[]'"},
         kMariadbOnly},
        {"UUID",
         As::quoted,
         {"'123e4567-e89b-12d3-a456-426655440000'", "'00000000-0000-0000-0000-000000000000'",
          "'018f3c8a-0b7a-7abc-8def-000000000000'", "'ffffffff-ffff-1fff-bfff-ffffffffffff'",
          "'12345678-1234-6234-8234-123456789abc'", "'12345678-1234-1234-0234-123456789abc'",
          "'12345678-0000-8000-c000-000000000000'"},
         {1007, kNever}},
        {"INET4", As::quoted, {"'0.0.0.0'", "'1.2.3.0'", "'255.255.255.255'"}, {1010, kNever}},
        {"INET6",
         As::quoted,
         {"'::'", "'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:1.2.3.4'", "'::1.2.3.4'",
          "'1:0:2:0:3:4:5:6'", "'0:1:0:0:0:0:0:0'", "'1:2:3:4:5:6:7:0'", "'0:1:2:3:4:5:6:7'",
          "'::ffff:0.0.0.0'", "'1:0:0:2:3:0:0:6'", "'fe80:0:0:0:1:0:0:1'", "'1:2:3:4:5:6:7:8'",
          "'1::'", "'::2:3'", "'1:0:2:3:4:5:6:7'"},
         kMariadbOnly},
        {"VECTOR(3)",
         As::numbers,
         {vector_of("[1,2.5,-3]"), vector_of("[0,1e10,-1e-10]"), vector_of("[0.1,0.3,1e-5]")},
         {1107, 900}},
    };
}

std::vector<Case> geometry_cases() {
    const auto of = [](const char* text) { return fmt::format("ST_GeomFromText('{}')", text); };
    const std::string point = of("POINT(3 2)");
    const std::string line = of("LINESTRING(0 0, 1 1, 2.5 -3)");
    const std::string polygon = of("POLYGON((0 0, 10 0, 10 10, 0 10, 0 0), (1 1, 2 1, 2 2, 1 1))");
    const std::string points = of("MULTIPOINT(0 0, 1 1)");
    const std::string lines = of("MULTILINESTRING((0 0, 1 1), (2 2, 3 3))");
    const std::string polygons = of("MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))");
    const std::string all = of("GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))");
    return {
        {"POINT", As::wkt, {point, of("POINT(-0.5 123456789.25)"), of("POINT(0 0)")}},
        {"LINESTRING", As::wkt, {line}},
        {"POLYGON", As::wkt, {polygon}},
        {"MULTIPOINT", As::wkt, {points}},
        {"MULTILINESTRING", As::wkt, {lines}},
        {"MULTIPOLYGON", As::wkt, {polygons}},
        {"GEOMETRYCOLLECTION", As::wkt, {all}},
        {"GEOMETRY", As::wkt, {point, line, polygon, points, lines, polygons, all}},
        {"POINT",
         As::wkt_xy,
         {"ST_GeomFromText('POINT(13.5 -52.25)', 4326, 'axis-order=long-lat')",
          "ST_GeomFromText('POINT(7 8)', 3857)"},
         {kNever, 800}},
    };
}

// A text of each charset: all of the upper half that means something, or a sample for the big ones.
std::vector<Case> charset_cases() {
    std::string upper;
    for (int byte = 0x80; byte <= 0xFF; ++byte) upper += fmt::format("{:02x}", byte);
    std::vector<Case> all;
    for (const char* charset :
         {"armscii8", "cp1250",  "cp1251", "cp1256", "cp1257", "cp850",    "cp852", "cp866",
          "dec8",     "geostd8", "greek",  "hebrew", "hp8",    "keybcs2",  "koi8r", "koi8u",
          "latin1",   "latin2",  "latin5", "latin7", "macce",  "macroman", "tis620"}) {
        all.push_back({fmt::format("VARCHAR(200) CHARACTER SET {}", charset),
                       As::text,
                       {"'plain \"ASCII\"'", fmt::format("_{} x'{}'", charset, upper)}});
    }
    for (const char* charset : {"swe7", "ascii"}) {
        all.push_back({fmt::format("VARCHAR(200) CHARACTER SET {}", charset),
                       As::text,
                       {"'plain ASCII'", "'ÄÖÅäöåÉéÜü @[]'"}});
    }
    for (const char* charset : {"ujis", "sjis", "cp932", "eucjpms"}) {
        all.push_back({fmt::format("VARCHAR(200) CHARACTER SET {}", charset),
                       As::text,
                       {"'plain \\\\ ~ ASCII'", "'日本語テキスト かな ｶﾅ 一二三'", "'表示ソ能'"}});
    }
    for (const char* charset : {"big5", "gb2312", "gbk", "gb18030"}) {
        all.push_back({fmt::format("VARCHAR(200) CHARACTER SET {}", charset),
                       As::text,
                       {"'plain \\\\ ~ ASCII'", "'中文 一二三'"},
                       charset == std::string("gb18030") ? kMysqlOnly : Since{}});
    }
    all.push_back(
        {"VARCHAR(200) CHARACTER SET euckr", As::text, {"'한국어 텍스트'", "'똠방각하'"}});
    for (const char* charset : {"ucs2", "utf16", "utf16le", "utf32", "utf8mb3", "utf8mb4"}) {
        all.push_back({fmt::format("VARCHAR(200) CHARACTER SET {}", charset),
                       As::text,
                       {"''", "'plain ASCII'", "'ünïcödé € 日本 \\\\ \\\"'"}});
        all.push_back({fmt::format("CHAR(20) CHARACTER SET {}", charset), As::text, {"'ab€'"}});
    }
    all.push_back({"TEXT CHARACTER SET utf16", As::text, {"'😀 beyond the BMP'"}});
    const auto collated = [&](const char* collation, Since since) {
        all.push_back({fmt::format("TEXT COLLATE {}", collation), As::text, {"'é'"}, since});
    };
    collated("utf8mb4_uca1400_ai_ci", {1010, kNever});
    collated("latin1_swedish_nopad_ci", kMariadbOnly);
    collated("latin1_german1_ci", {});
    collated("utf8mb4_0900_ai_ci", {1104, 800});
    collated("utf8mb4_0900_bin", {kNever, 800});
    collated("utf8mb4_ja_0900_as_cs", {kNever, 800});
    collated("gb18030_unicode_520_ci", kMysqlOnly);
    return all;
}

std::vector<Case> json_cases() {
    const auto cast = [](const char* text) { return fmt::format("CAST({} AS JSON)", text); };
    return {
        {"JSON",
         As::json,
         {"'null'",
          "'true'",
          "'false'",
          "'\"\"'",
          "'\"text\"'",
          "'{}'",
          "'[]'",
          "'0'",
          "'-1'",
          "'32767'",
          "'-32768'",
          "'32768'",
          "'65535'",
          "'65536'",
          "'-32769'",
          "'2147483647'",
          "'-2147483648'",
          "'2147483648'",
          "'4294967295'",
          "'4294967296'",
          "'9223372036854775807'",
          "'-9223372036854775808'",
          "'9223372036854775808'",
          "'18446744073709551615'",
          "'1.5'",
          "'-0.25'",
          "'1e10'",
          "'1e300'",
          "'1e-7'",
          "'12345678.9'",
          "'1e21'",
          "'0.1'",
          "'1.0'"},
         kMysqlOnly},
        {"JSON",
         As::json,
         {"'[1, -1, 32768, -32769, 65536, 4294967296, 1.5, true, false, null, \"x\", {}, []]'",
          "'{\"a\": 1, \"bb\": -1, \"c\": 100000, \"é€😀\": \"é€😀\", \"\": 0}'",
          "'{\"deep\": {\"deep\": {\"deep\": [[[[\"x\"]]]]}}}'",
          "'[\"quote \\\\\" backslash \\\\\\\\ newline \\\\n tab \\\\t null \\\\u0000 del\"]'",
          "JSON_ARRAY(REPEAT('x', 127), REPEAT('y', 128), REPEAT('z', 16384))",
          // Large: more than 64 KiB; numbers of four bytes are then in their entries.
          "JSON_ARRAY(REPEAT('x', 70000), 1, 100000, -100000, 4294967295, 1.5, null)",
          "JSON_OBJECT('a', REPEAT('x', 70000), 'b', JSON_ARRAY(1, 100000), 'c', 70000)",
          fmt::format("'{}1{}'", std::string(99, '['), std::string(99, ']'))},
         kMysqlOnly},
        {"JSON",
         As::json,
         {cast("CAST('2024-02-29' AS DATE)"), cast("CAST('12:34:56.120000' AS TIME(6))"),
          cast("CAST('-838:59:59' AS TIME)"), cast("CAST('-00:00:01.5' AS TIME(1))"),
          cast("CAST('2024-02-29 12:34:56.000001' AS DATETIME(6))"),
          cast("CAST('2024-02-29 12:34:56' AS DATETIME)"), cast("TIMESTAMP'2024-02-29 01:02:03'"),
          cast("x'00ff10'"), cast("b'1010'"), cast("CAST('-12.50' AS DECIMAL(10,2))"),
          cast("CAST('0.000000001' AS DECIMAL(30,20))"), cast("CAST(0 AS DECIMAL(5,0))"),
          "JSON_ARRAY(CAST('2024-02-29' AS DATE), 1.10, x'', b'0')",
          "JSON_OBJECT('t', CAST('01:02:03' AS TIME), 'd', CAST('99.99' AS DECIMAL(4,2)))",
          cast("ST_GeomFromText('POINT(1 2)')")},
         kMysqlOnly},
    };
}

TEST_P(TypeCases, Numbers) {
    check(number_cases());
}
TEST_P(TypeCases, Temporals) {
    check(temporal_cases());
}
TEST_P(TypeCases, TemporalsInTheFormatBeforeMysql56) {
    if (mysql()) GTEST_SKIP() << "only an old data folder has them";
    run("SET GLOBAL mysql56_temporal_format = OFF");
    const std::vector<std::string> moments = {"'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'",
                                              "'2012-05-00 01:02:03'"};
    check({{"TIME", As::quoted, {"'00:00:00'", "'-838:59:59'", "'838:59:59'", "'-00:00:01'"}},
           {"DATETIME", As::quoted, moments},
           {"TIMESTAMP NULL", As::quoted, {"'0000-00-00 00:00:00'", "'2038-01-19 03:14:07'"}}});
    run("SET GLOBAL mysql56_temporal_format = ON");
}
TEST_P(TypeCases, Texts) {
    check(text_cases(mysql()));
}
TEST_P(TypeCases, Geometries) {
    check(geometry_cases());
}
TEST_P(TypeCases, Charsets) {
    check(charset_cases());
}
TEST_P(TypeCases, Json) {
    check(json_cases());
}

// Which charset a column has is known by the metadata alone: every collation of every server.
TEST_P(TypeCases, Collations) {
    const bool applicability = is_mariadb(1010);  // There an id has several names.
    const auto known = run(
        fmt::format("SELECT ID, CHARACTER_SET_NAME FROM information_schema.{} WHERE ID IS NOT NULL",
                    applicability ? "COLLATION_CHARACTER_SET_APPLICABILITY" : "COLLATIONS"));
    EXPECT_GT(known.rows.size(), 200u);
    for (std::size_t i = 0; i < known.rows.size(); ++i) {
        const std::string id = known.text(i, "ID");
        const auto charset =
            wire::charset_of_collation(static_cast<std::uint32_t>(parse_number(id).value_or(0)));
        ASSERT_TRUE(charset) << charset.error().what;
        const auto named = wire::charset_by_name(known.text(i, "CHARACTER_SET_NAME"));
        ASSERT_TRUE(named) << named.error().what;
        EXPECT_EQ(charset->name, named->name) << id;
    }
}

INSTANTIATE_TEST_SUITE_P(Servers, TypeCases, testing::ValuesIn(types_setups()), setup_name);

}  // namespace
}  // namespace evenkeel::test
