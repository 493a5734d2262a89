#include "base/text.h"

#include <gmock/gmock.h>

namespace evenkeel {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Trim, TakesBlanksFromBothEnds) {
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
}

TEST(Split, KeepsEmptyParts) {
    EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
    EXPECT_THAT(split("a", ','), ElementsAre("a"));
}

TEST(Split, EmptyTextHasNoParts) {
    EXPECT_THAT(split("", ','), IsEmpty());
}

TEST(Join, PutsSeparatorsBetween) {
    EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
    EXPECT_EQ(join({}, ", "), "");
}

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
    EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615u);
    EXPECT_EQ(parse_number("007"), 7u);
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"}) {
        EXPECT_FALSE(parse_number(text)) << '"' << text << '"';
    }
}

TEST(NearestName, SuggestsATypo) {
    EXPECT_EQ(nearest_name("sedes", {"user", "seeds", "name"}), "seeds");
    EXPECT_EQ(nearest_name("pasword", {"user", "password"}), "password");
}

TEST(NearestName, SuggestsNothingForAnotherWord) {
    EXPECT_FALSE(nearest_name("kubernetes", {"user", "seeds"}));
    EXPECT_FALSE(nearest_name("x", {}));
}

TEST(JsonQuote, EscapesWhatJsonDemands) {
    EXPECT_EQ(json_quote("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")");
}

TEST(JsonQuote, KeepsUtf8) {
    EXPECT_EQ(json_quote("é€😀"), "\"é€😀\"");
}

TEST(JsonQuote, ReplacesBytesThatAreNotUtf8) {
    // A lone continuation, an overlong slash, a surrogate, a sequence cut short.
    EXPECT_EQ(json_quote("\x80"), "\"\xEF\xBF\xBD\"");
    EXPECT_EQ(json_quote("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(json_quote("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(json_quote("a\xE2\x82"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(HumanDuration, ChoosesTheUnit) {
    EXPECT_EQ(human_duration(0), "0 ms");
    EXPECT_EQ(human_duration(999), "999 ms");
    EXPECT_EQ(human_duration(12'340), "12.3 s");
    EXPECT_EQ(human_duration(245'000), "4 min 5 s");
}

}  // namespace
}  // namespace evenkeel
