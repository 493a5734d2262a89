#include "cdc/filter/filter.h"

#include <gmock/gmock.h>

namespace evenkeel::cdc {
namespace {

using testing::HasSubstr;

Filter filter_of(const std::string& text) {
    const auto filter = Filter::parse(text);
    EXPECT_TRUE(filter) << filter.error().what;
    return filter.value_or(Filter());
}

struct NameCase {
    const char* filter;
    const char* database;
    const char* table;
    bool included;
};

TEST(Filter, DecidesByName) {
    for (const NameCase& c : std::initializer_list<NameCase>{
             {"", "shop", "item", true},
             {"exclude: shop.*", "shop", "item", false},
             {"exclude: shop.*", "shop2", "item", true},
             {"exclude: *.*, include: shop.*", "shop", "item", true},
             {"exclude: *.*, include: shop.*", "other", "item", false},
             // The last that matches wins.
             {"include: shop.item, exclude: shop.*", "shop", "item", false},
             {"exclude: shop.*, include: shop.item", "shop", "item", true},
             {"exclude:shop.item", "SHOP", "item", true},
             // An expression is looked for anywhere, a name is the whole name.
             {"exclude: *./tmp/", "shop", "my_tmp_1", false},
             {"exclude: *./^tmp/", "shop", "my_tmp_1", true},
             {"exclude: *./_\\d+$/", "shop", "log_20", false},
             {"exclude: /^a\\/b$/.*", "a/b", "t", false},
             {"exclude: *.tmp", "shop", "my_tmp_1", true},
             {"exclude: *./(?i)TMP/", "shop", "tmp", false},
             // Quoted names, digits, dashes, dollars, UTF-8.
             {"exclude: `my db`.\"a.b\"", "my db", "a.b", false},
             {"exclude: 'my-db'.2020_x", "my-db", "2020_x", false},
             {"exclude: my-db.a$b", "my-db", "a$b", false},
             {"exclude: caf\xc3\xa9.*", "caf\xc3\xa9", "t", false},
             {"exclude: `a\\`b`.*", "a`b", "t", false},
             // A dot in a name is no wildcard.
             {"exclude: `a.b`.*", "axb", "t", true},
             {"EXCLUDE : shop . * , Include:shop.item", "shop", "item", true},
             {"exclude: shop.* include: shop.item", "shop", "item", true},
             // A blacklist cannot be taken back.
             {"blacklist: shop.*, include: shop.item", "shop", "item", false},
             // Rows of it may be included, so it has to be read.
             {"exclude: *.*, include: shop.item.id=5", "shop", "item", true},
             {"exclude: *.*, include: shop.item.id=5", "shop", "other", false},
             {"include: shop.item.id=5, exclude: *.*", "shop", "item", false},
             {"exclude: shop.item.id=5", "shop", "item", true},
             {"blacklist: shop.item.id=5", "shop", "item", true},
         }) {
        EXPECT_EQ(filter_of(c.filter).includes(c.database, c.table), c.included)
            << c.filter << " on " << c.database << "." << c.table;
    }
}

TEST(Filter, BlacklistsByNameOnly) {
    const Filter filter = filter_of("blacklist: logs.*, exclude: shop.*, blacklist: a.b.c=1");
    EXPECT_TRUE(filter.blacklists("logs", "t"));
    EXPECT_FALSE(filter.blacklists("shop", "t"));
    EXPECT_FALSE(filter.blacklists("a", "b"));
}

struct ValueCase {
    const char* value;  // Of the rule.
    std::optional<std::string_view> text;
    bool applies;
};

TEST(Filter, ComparesValues) {
    for (const ValueCase& c : std::initializer_list<ValueCase>{
             {"5", "5", true},
             {"5", "55", false},
             {"5", std::nullopt, false},
             {"'1.50'", "1.50", true},
             {"-7", "-7", true},
             {"\"two words\"", "two words", true},
             {"*", "x", true},
             {"*", "", true},
             {"*", std::nullopt, false},
             {"null", std::nullopt, true},
             {"NULL", std::nullopt, true},
             {"null", "null", true},
             {"null", "nul", false},
             {"/^ab/", "abc", true},
             {"/^ab/", "cab", false},
             {"/ab/", std::nullopt, false},
             {"''", "", true},
         }) {
        const Filter filter = filter_of(std::string("exclude: d.t.c = ") + c.value);
        const RowFilter rows = filter.rows_of("d", "t");
        ASSERT_EQ(rows.rules.size(), 1u) << c.value;
        const auto applies = rows.rules[0].applies(c.text);
        ASSERT_TRUE(applies);
        EXPECT_EQ(*applies, c.applies) << c.value << " on " << c.text.value_or("NULL");
    }
}

TEST(Filter, OnlyRulesBehindTheLastOneByNameDecideAboutRows) {
    const Filter filter =
        filter_of("exclude: *.*.a=1, include: d.*, exclude: d.t.b=2, include: d.t.c=3");
    const RowFilter rows = filter.rows_of("d", "t");
    EXPECT_TRUE(rows.include);
    ASSERT_EQ(rows.rules.size(), 2u);
    EXPECT_EQ(rows.rules[0].column, "b");
    EXPECT_FALSE(rows.rules[0].include);
    EXPECT_EQ(rows.rules[1].column, "c");
    EXPECT_EQ(filter.rows_of("x", "t").rules.size(), 1u);
    EXPECT_TRUE(filter.has_value_rules());
    EXPECT_FALSE(filter_of("exclude: a.b").has_value_rules());
}

TEST(Filter, FaultsHaveTheirColumn) {
    struct Fault {
        const char* filter;
        std::size_t column;
        const char* word;
    };
    for (const Fault& f : std::initializer_list<Fault>{
             {"includ: a.b", 1, "did you mean include?"},
             {"include a.b", 9, "expected :"},
             {"include: a", 11, "DATABASE.TABLE"},
             {"include: a b", 12, "expected ."},
             {"include: a.", 12, "a table"},
             {"include: a.b.", 14, "a column"},
             {"include: a.b.c", 15, "expected ="},
             {"include: a.b.c=", 16, "a value"},
             {"include: a.b, , ", 15, "a rule starts with"},
             {"include: a./x", 12, "no / at its end"},
             {"include: a./x(/", 15, "not a regular expression"},
             {"include: a.`b", 12, "no end"},
             {"include: a.tmp*", 15, "* stands alone"},
             {"exclude: a.b.c=1.5", 17, "a rule starts with"},
         }) {
        const auto filter = Filter::parse(f.filter);
        ASSERT_FALSE(filter) << f.filter;
        EXPECT_THAT(filter.error().what, HasSubstr(f.word)) << f.filter;
        EXPECT_THAT(filter.error().what, HasSubstr("column " + std::to_string(f.column) + ":"));
        EXPECT_TRUE(filter.error().what.ends_with("\n  " + std::string(f.column - 1, ' ') + "^"))
            << filter.error().what;
    }
}

TEST(Filter, OfDatabasesReadsItsOwnText) {
    for (const Filter& filter : {Filter::of_databases({"shop", "a`b"}),
                                 filter_of(Filter::of_databases({"shop", "a`b"}).text())}) {
        EXPECT_TRUE(filter.includes("shop", "t"));
        EXPECT_TRUE(filter.includes("a`b", "t"));
        EXPECT_FALSE(filter.includes("other", "t"));
    }
}

TEST(Filter, SaysWhenAnExpressionGivesUp) {
    const RowFilter rows = filter_of("exclude: d.t.c=/^(a+)+$/").rows_of("d", "t");
    const std::string hard = std::string(40, 'a') + "!";
    const auto applies = rows.rules[0].applies(hard);
    // Decided or refused, but never taken for "no" because a limit was hit.
    if (applies) {
        EXPECT_FALSE(*applies);
    } else {
        EXPECT_THAT(applies.error().what, HasSubstr("backtracking"));
    }
}

}  // namespace
}  // namespace evenkeel::cdc
