#include "cdc/filter/column_rules.h"

#include <gmock/gmock.h>

namespace evenkeel::cdc {
namespace {

using testing::HasSubstr;

TEST(ColumnList, HasNamesAndWholeExpressions) {
    const auto list = ColumnList::parse("secret, /pin_?(old|new){1,2}/ , Note");
    ASSERT_TRUE(list) << list.error().what;
    for (const char* column : {"secret", "Note", "pin_old", "pinnew", "pin_oldnew"}) {
        EXPECT_TRUE(list->contains(column)) << column;
    }
    for (const char* column : {"secrets", "note", "my_pin_old", "pin", ""}) {
        EXPECT_FALSE(list->contains(column)) << column;
    }
    EXPECT_TRUE(ColumnList().empty());
}

TEST(ColumnList, RefusesWhatIsNone) {
    for (const char* text : {"", "a,,b", "/a", "/(/", "a,"}) {
        EXPECT_FALSE(ColumnList::parse(text)) << text;
    }
}

TEST(MaskRules, TheLastThatMatchesWins) {
    const auto masks =
        MaskRules::parse("shop.customer.email=hash, *.*./phone/=null, shop.*.phone_id = redact");
    ASSERT_TRUE(masks) << masks.error().what;
    EXPECT_EQ(masks->of("shop", "customer", "email"), Mask::hash);
    EXPECT_EQ(masks->of("shop", "customer", "work_phone"), Mask::null);
    EXPECT_EQ(masks->of("shop", "customer", "phone_id"), Mask::redact);
    EXPECT_EQ(masks->of("x", "y", "phone_id"), Mask::null);
    EXPECT_EQ(masks->of("shop", "order", "email"), std::nullopt);
    EXPECT_TRUE(masks->needs_secret());
    EXPECT_FALSE(MaskRules::parse("a.b.c=null")->needs_secret());
    EXPECT_TRUE(MaskRules::parse("")->empty());
}

TEST(MaskRules, FaultsHaveTheirColumn) {
    for (const auto& [text, where] : std::initializer_list<std::pair<const char*, const char*>>{
             {"a.b=hash", "column 4:"},
             {"a.b.c", "column 6:"},
             {"a.b.c=sha", "column 7: say hash, redact or null"},
             {"a.b.c=hash d.e.f=null", "column 12:"},
             {"a.b./(/=hash", "column 7: not a regular expression"}}) {
        const auto masks = MaskRules::parse(text);
        ASSERT_FALSE(masks) << text;
        EXPECT_THAT(masks.error().what, HasSubstr(where));
    }
}

}  // namespace
}  // namespace evenkeel::cdc
