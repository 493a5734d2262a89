#include "cdc/schema/ddl_parser.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "base/text.h"
#include "cdc/schema/ddl_apply.h"

namespace evenkeel::cdc {
namespace {

using testing::HasSubstr;

// The cases of a text file: see its head.
constexpr std::string_view kCases =
#include "cdc/schema/testdata/ddl_cases.txt"
    ;

// What comes before every case.
constexpr const char* kGiven[] = {
    "CREATE DATABASE d CHARACTER SET latin1",
    "CREATE DATABASE u CHARACTER SET utf8mb4",
    "CREATE TABLE d.t (id INT PRIMARY KEY, a VARCHAR(10), b TEXT CHARACTER SET utf8mb4)",
    "CREATE TABLE d.two (x INT, y INT, PRIMARY KEY (y, x))",
};

SqlDialect dialect_from(const std::string& line) {
    SqlDialect dialect;
    for (const std::string& word : split(line, ' ')) {
        if (word == "mysql") dialect = {.mariadb = false, .version = 80033};
        if (word == "mariadb") dialect = {};
        if (const auto number = parse_number(word))
            dialect.version = static_cast<unsigned>(*number);
        if (word == "ansi_quotes") dialect.ansi_quotes = true;
        if (word == "no_backslash_escapes") dialect.no_backslash_escapes = true;
        if (word == "real_as_float") dialect.real_as_float = true;
        if (word == "oracle") dialect.oracle = true;
    }
    return dialect;
}

std::string text_of(const SchemaTable& table) {
    if (table.knowledge == Knowledge::unknown) return "unknown";
    std::vector<std::string> columns;
    for (const SchemaColumn& c : table.columns) {
        std::string text = c.name + " " + c.column_type;
        if (!c.charset.empty()) text += " " + c.charset;
        if (c.json) text += " json";
        if (c.generated) text += " generated";
        if (c.invisible) text += " invisible";
        columns.push_back(text);
    }
    return fmt::format("{} ({}) key ({})", table.charset, join(columns, ", "),
                       join(table.primary_key, ", "));
}

std::string text_of(const SchemaChange& change) {
    const std::string name =
        change.table.empty() ? change.database : change.database + "." + change.table;
    if (change.kind == SchemaChange::Kind::database_drop) return "gone " + name;
    if (change.table.empty()) return name + " " + change.charset;
    if (!change.after) return "gone " + name;
    const std::string now = change.after->database + "." + change.after->name;
    return (now == name ? name : name + " -> " + now) + " " + text_of(*change.after);
}

std::vector<std::string> outcome(const std::string& statement, const SqlDialect& dialect) {
    Schema schema;
    for (const char* given : kGiven) {
        const auto ddl = parse_ddl(given, {.database = "d"});
        EXPECT_TRUE(ddl);
        (void)apply_ddl(*ddl, {}, schema);
    }
    const auto ddl = parse_ddl(statement, {.dialect = dialect, .database = "d"});
    if (!ddl) return {"error"};
    std::vector<std::string> lines;
    for (const SchemaChange& change : apply_ddl(*ddl, {.server_charset = "utf8mb4"}, schema)) {
        lines.push_back(text_of(change));
    }
    if (lines.empty()) lines.push_back("nothing");
    return lines;
}

TEST(DdlParser, DoesWhatTheCasesSay) {
    SqlDialect dialect;
    std::string statement;
    std::vector<std::string> wanted;
    int cases = 0;
    const auto finish = [&] {
        if (statement.empty()) return;
        ++cases;
        EXPECT_EQ(join(outcome(statement, dialect), "\n"), join(wanted, "\n")) << statement;
        statement.clear();
        wanted.clear();
    };
    for (const std::string& line : split(kCases, '\n')) {
        if (line.starts_with("    ")) {
            wanted.push_back(std::string(trim(line)));
        } else if (line.empty() || line.starts_with("## ")) {
            finish();
        } else if (line.starts_with("server ")) {
            finish();
            dialect = dialect_from(line);
        } else {
            if (!wanted.empty()) finish();
            statement += (statement.empty() ? "" : "\n") + line;
        }
    }
    finish();
    EXPECT_GT(cases, 200);
}

TEST(DdlParser, SaysWhereItGaveUp) {
    const auto ddl = parse_ddl("ALTER TABLE t ADD a FANCYTYPE", {.database = "d"});
    ASSERT_TRUE(ddl);
    const auto* unclear = std::get_if<NotUnderstood>(&*ddl);
    ASSERT_NE(unclear, nullptr);
    EXPECT_THAT(unclear->why, HasSubstr("FANCYTYPE"));
    EXPECT_EQ(unclear->tables.at(0).str(), "d.t");
}

TEST(DdlParser, TakesAnyBytes) {
    std::string hostile;
    for (const char* text :
         {"", "\xff\xfe", "CREATE TABLE", "CREATE TABLE t (", "ALTER TABLE `", "/*!", "/*!50000",
          "/*!99999 /*", "CREATE TABLE t (a ENUM(", "RENAME TABLE a TO", "DROP TABLE a,",
          "ALTER TABLE t ADD a INT DEFAULT", "CREATE TABLE t (a INT", "SET STATEMENT",
          "ALTER TABLE t ORDER BY"}) {
        (void)parse_ddl(text, {});
        hostile += text;
    }
    for (std::size_t i = 0; i < hostile.size(); ++i) (void)parse_ddl(hostile.substr(i), {});
}

// Doubling the text may double the time, not more: this would take minutes otherwise.
TEST(DdlParser, IsLinear) {
    for (const char* piece : {"(", "/*!", "/*", "a,", "'", "`", "a INT, ", "/*!99999 ", "''"}) {
        std::string text = "CREATE TABLE t (";
        while (text.size() < 2'000'000) text += piece;
        (void)parse_ddl(text, {.database = "d"});
    }
}

}  // namespace
}  // namespace evenkeel::cdc
