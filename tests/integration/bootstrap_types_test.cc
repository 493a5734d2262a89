// A bootstrap prints a row as the stream prints it: every type, byte for byte.
#include <fmt/core.h>

#include "tests/integration/bootstrap_fixture.h"

namespace evenkeel {
namespace {

using test::BootstrapTest;
using test::OneNode;

class BootstrapTypes : public BootstrapTest {
protected:
    struct Column {
        std::string type;
        std::vector<std::string> values;  // SQL literals.
    };

    static std::string data_of(const std::string& line) {
        const std::size_t start = line.find("\"data\":");
        return start == std::string::npos ? line : line.substr(start);
    }

    // The data of this table's lines of that type, in order.
    std::vector<std::string> data(const std::string& table, const std::string& type) const {
        std::vector<std::string> found;
        const std::string head = fmt::format(R"("table":"{}","type":"{}")", table, type);
        for (const std::string& line : lines()) {
            if (line.find(head) != std::string::npos) found.push_back(data_of(line));
        }
        return found;
    }

    bool is_mariadb() const { return GetParam().starts_with("mariadb"); }
    std::vector<Column> columns() const;
};

std::vector<BootstrapTypes::Column> BootstrapTypes::columns() const {
    std::vector<Column> all = {
        {"TINYINT", {"0", "-128", "127"}},
        {"TINYINT UNSIGNED", {"0", "255"}},
        {"SMALLINT", {"-32768", "32767"}},
        {"SMALLINT UNSIGNED", {"65535"}},
        {"MEDIUMINT", {"-8388608", "8388607", "-1"}},
        {"MEDIUMINT UNSIGNED", {"16777215"}},
        {"INT", {"-2147483648", "2147483647"}},
        {"INT UNSIGNED ZEROFILL", {"4000000000", "7"}},
        {"BIGINT", {"-9223372036854775808", "9223372036854775807"}},
        {"BIGINT UNSIGNED", {"18446744073709551615"}},
        {"DECIMAL(5,2)", {"0", "999.99", "-999.99", "-0.01", "3.5"}},
        {"DECIMAL(10,0)", {"9999999999", "-1"}},
        {"DECIMAL(65,30)",
         {"0", "99999999999999999999999999999999999.999999999999999999999999999999", "-1.000000001",
          "0.000000000000000000000000000001"}},
        {"DECIMAL(30,30)", {"0", "-0.000000000000000000000000000001", "0.5"}},
        {"DECIMAL(18,9)", {"-123456789.987654321", "0.000000001"}},
        {"FLOAT", {"0", "-1.5", "3.4028235e38", "1.17549435e-38", "16777216", "0.1", "1.1234567"}},
        {"FLOAT(7,2)", {"0.1", "-12345.67"}},
        {"DOUBLE",
         {"-1.5", "1.7976931348623157e308", "2.2250738585072014e-308", "0.1", "0.30000000000000004",
          "-1.2345678901234567e-200"}},
        {"DOUBLE(10,2)", {"12345678.91", "0.1"}},
        {"BIT(1)", {"0", "1"}},
        {"BIT(10)", {"515"}},
        {"BIT(64)", {"18446744073709551615", "1 << 39"}},
        {"YEAR", {"0", "1901", "2155"}},
        {"DATE", {"'0000-00-00'", "'9999-12-31'", "'2012-00-00'", "'2024-02-29'"}},
        {"CHAR(10)", {"''", "'a'", "'ünïcödé'", "'trail  '"}},
        {"CHAR(200)", {"REPEAT('€', 200)"}},
        {"VARCHAR(300)", {"''", "'quote \" back \\\\ nl \\n nul \\0'", "'  x  '"}},
        {"TINYTEXT", {"'tiny'"}},
        {"TEXT", {"REPEAT('ö', 30000)"}},
        {"MEDIUMTEXT", {"REPEAT('0123456789', 10000)"}},
        {"LONGTEXT", {"'long'"}},
        {"VARCHAR(50) CHARACTER SET latin1", {"'ä€'"}},
        {"VARCHAR(50) CHARACTER SET utf16", {"'ä😀'"}},
        {"VARCHAR(50) CHARACTER SET sjis", {"'日本語'"}},
        {"BINARY(4)", {"''", "'a'", "x'00'", "x'00000001'", "x'20'"}},
        {"VARBINARY(300)", {"''", "x'00'", "x'ff00fe'"}},
        {"TINYBLOB", {"x'000102'"}},
        {"BLOB", {"REPEAT(x'80', 1000)"}},
        {"LONGBLOB", {"x'deadbeef'"}},
        {"ENUM('a','b''c','d\\\\e','é','x,y')", {"'a'", "'b''c'", "'d\\\\e'", "'é'", "'nope'"}},
        {"SET('a','b','ü')", {"''", "'a'", "'a,b,ü'"}},
        {"JSON", {"'{\"a\": [1, 2.5, \"x, y: z\"], \"b\": null}'", "'[]'", "'\"text\"'"}},
        {"POINT", {"ST_GeomFromText('POINT(3 2)')", "ST_GeomFromText('POINT(-0.5 1e9)')"}},
        {"POLYGON", {"ST_GeomFromText('POLYGON((0 0, 10 0, 10 10, 0 0))')"}},
        {"GEOMETRYCOLLECTION",
         {"ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1), LINESTRING(0 0, 1 1))')"}},
        {"INT AS (id * 2) STORED", {"DEFAULT"}},
    };
    for (const char* digits : {"", "(1)", "(3)", "(4)", "(6)"}) {
        all.push_back({std::string("TIME") + digits,
                       {"'00:00:00'", "'-01:02:03.5'", "'838:59:59'", "'-00:00:00.25'"}});
        all.push_back({std::string("DATETIME") + digits,
                       {"'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2012-00-00 00:00:00'",
                        "'2024-02-29 12:34:56.789012'"}});
        all.push_back({std::string("TIMESTAMP") + digits + " NULL",
                       {"'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'",
                        "'2024-02-29 12:34:56.789012'", "'2038-01-19 03:14:07'"}});
    }
    if (is_mariadb()) {
        const std::vector<Column> own = {
            {"UUID", {"'123e4567-e89b-12d3-a456-426655440000'"}},
            {"INET6", {"'::'", "'::1'", "'2001:db8::ff00:42:8329'", "'::ffff:1.2.3.4'"}},
            {"INET4", {"'0.0.0.0'", "'255.255.255.255'"}},
            {"VARCHAR(200) COMPRESSED", {"''", "REPEAT('hello ', 30)"}},
            {"TEXT COMPRESSED", {"REPEAT('hällo ', 300)"}},
            {"INT INVISIBLE", {"7"}},
        };
        all.insert(all.end(), own.begin(), own.end());
    }
    return all;
}

TEST_P(BootstrapTypes, AreRenderedAsTheStreamRendersThem) {
    OneNode node(group());
    cdc::StreamConfig stream_config = config();
    stream_config.output.primary_keys = true;
    cdc::StreamService stream(stream_config, &node.coordinator());
    stream.start();
    ASSERT_TRUE(test::eventually(test::kLong, [&] { return stream.report().state == "streaming"; }))
        << stream.report().text;
    const std::vector<Column> all = columns();
    std::vector<std::string> statements = {
        "SET NAMES utf8mb4", "SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'",
        "USE shop"};
    std::vector<std::string> made;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string table = fmt::format("t{}", i);
        // 10.5 has no UUID and INET4.
        const bool known = db().query({"USE shop", fmt::format("CREATE TABLE {} (id INT PRIMARY "
                                                               "KEY, v {})",
                                                               table, all[i].type)},
                                      within())
                               .has_value();
        made.push_back(known ? table : "");
        if (!known) continue;
        int id = 0;
        for (const std::string& literal : all[i].values) {
            statements.push_back(
                fmt::format("INSERT INTO {} (id, v) VALUES ({}, {})", table, ++id, literal));
        }
        if (all[i].values[0] != "DEFAULT") {
            statements.push_back(
                fmt::format("INSERT INTO {} (id, v) VALUES ({}, NULL)", table, ++id));
        }
    }
    run(statements);
    catch_up();
    const std::string id = ask(node, {.database = "shop", .table = "t%"});
    ASSERT_TRUE(ends(node, id, cdc::JobState::complete));
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (made[i].empty()) continue;
        const auto streamed = data(made[i], "insert");
        EXPECT_GE(streamed.size(), all[i].values.size()) << all[i].type;
        EXPECT_EQ(data(made[i], "bootstrap-insert"), streamed) << all[i].type;
    }
}

INSTANTIATE_TEST_SUITE_P(Releases, BootstrapTypes, testing::ValuesIn(test::server_releases()),
                         test::release_name);

}  // namespace
}  // namespace evenkeel
