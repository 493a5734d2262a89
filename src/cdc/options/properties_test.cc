#include "cdc/options/properties.h"

#include <gmock/gmock.h>

namespace evenkeel::cdc {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(std::string_view text) {
    Pairs pairs;
    const auto properties = parse_properties(text);
    EXPECT_TRUE(properties) << properties.error().what;
    for (const Property& p : properties.value_or(std::vector<Property>{})) {
        pairs.emplace_back(p.key, p.value);
    }
    return pairs;
}

TEST(Properties, AreReadAsJavaDoes) {
    struct Case {
        const char* text;
        Pairs pairs;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"", {}},
             {"# a\n! b\n  # c\n\n \t\n", {}},
             {"host=db1", {{"host", "db1"}}},
             {"host = db1\nport:3306\nuser me\n",
              {{"host", "db1"}, {"port", "3306"}, {"user", "me"}}},
             {"a=b=c\nx: = y\n", {{"a", "b=c"}, {"x", "= y"}}},
             {"  a\t=\tb  \n", {{"a", "b  "}}},
             {"bare\nempty=\n", {{"bare", ""}, {"empty", ""}}},
             {"filter=exclude: a.*, \\\n    include: a.b\n",
              {{"filter", "exclude: a.*, include: a.b"}}},
             {"a=1\\\n#no comment\n", {{"a", "1#no comment"}}},
             {"a=c:\\\\\nb=2", {{"a", "c:\\"}, {"b", "2"}}},
             {"a\\ b\\=c\\:d=1", {{"a b=c:d", "1"}}},
             {"p=\\u00e9\\u20AC\\ud83d\\ude00\\t\\q",
              {{"p", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\tq"}}},
             {"p=\\ud83dx", {{"p", "\xef\xbf\xbdx"}}},
             {"a=1\r\nb=2\rc=3", {{"a", "1"}, {"b", "2"}, {"c", "3"}}},
             {"a=# no comment", {{"a", "# no comment"}}},
             {"\xef\xbb\xbf"
              "a=1",
              {{"a", "1"}}},
             {"a=1\\", {{"a", "1"}}},
             {"kafka.bootstrap.servers=h:9092", {{"kafka.bootstrap.servers", "h:9092"}}},
         }) {
        EXPECT_EQ(pairs_of(c.text), c.pairs) << c.text;
    }
}

TEST(Properties, KnowTheirLine) {
    const auto properties = parse_properties("# x\na=1\\\n  2\n\r\nb=3");
    ASSERT_EQ(properties->size(), 2u);
    EXPECT_EQ((*properties)[0].line, 2);
    EXPECT_EQ((*properties)[1].line, 5);
}

TEST(Properties, RefuseHalfEscapes) {
    for (const char* text : {"\na=\\u12", "\na=\\u12g4", "\n\\u=1"}) {
        const auto properties = parse_properties(text);
        ASSERT_FALSE(properties) << text;
        EXPECT_TRUE(properties.error().what.starts_with("2: ")) << properties.error().what;
    }
}

}  // namespace
}  // namespace evenkeel::cdc
