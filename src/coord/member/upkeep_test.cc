#include "coord/member/upkeep.h"

#include <gtest/gtest.h>

namespace evenkeel::coord {
namespace {

constexpr std::uint64_t kMega = 1u << 20;

TEST(MemberFact, SurvivesJson) {
    const MemberFact fact{.id = 0xf3a9ade91b0352aa,
                          .address = "h1:10008",
                          .db_bytes = 5,
                          .db_bytes_used = 4,
                          .version = "3.4.23"};
    EXPECT_EQ(member_fact_from_json(to_json(fact)), fact);
    for (const char* text : {"", "{}", "[]", R"({"id":7})", R"({"id":"zz"})"}) {
        EXPECT_FALSE(member_fact_from_json(text)) << text;
    }
}

TEST(Handover, SurvivesJson) {
    const auto handover = handover_from_json(to_json(Handover{.from = ~0ull, .to = 3}));
    ASSERT_TRUE(handover);
    EXPECT_EQ(handover->from, ~0ull);
    EXPECT_EQ(handover->to, 3u);
    EXPECT_FALSE(handover_from_json("{}"));
}

TEST(WorthDefragmenting, OnlyMuchWaste) {
    EXPECT_FALSE(worth_defragmenting({.db_bytes = 10 * kMega, .db_bytes_used = kMega}));
    EXPECT_FALSE(worth_defragmenting({.db_bytes = 100 * kMega, .db_bytes_used = 60 * kMega}));
    EXPECT_TRUE(worth_defragmenting({.db_bytes = 100 * kMega, .db_bytes_used = 40 * kMega}));
}

TEST(WorthTelling, NotEveryByte) {
    const MemberFact told{.id = 1, .address = "h:1", .db_bytes = 10 * kMega, .version = "3"};
    MemberFact now = told;
    EXPECT_FALSE(worth_telling(told, now));
    now.db_bytes += kMega;
    EXPECT_FALSE(worth_telling(told, now));
    now.db_bytes += 4 * kMega;
    EXPECT_TRUE(worth_telling(told, now));
    now = told;
    now.id = 2;
    EXPECT_TRUE(worth_telling(told, now));
}

}  // namespace
}  // namespace evenkeel::coord
