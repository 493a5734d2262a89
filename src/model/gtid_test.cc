#include "model/gtid.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

TEST(Gtid, ReadsAndWritesItsText) {
    EXPECT_EQ(parse_gtid("0-1-42")->str(), "0-1-42");
    for (const char* bad : {"", "0-1", "0-1-2-3", "a-1-2", "0-1-", "4294967296-1-1", " 0-1-1"}) {
        EXPECT_FALSE(parse_gtid(bad)) << bad;
    }
}

TEST(GtidPosition, RefusesADomainTwice) {
    EXPECT_EQ(parse_gtid_position("7-3-9, 0-1-42")->str(), "0-1-42,7-3-9");
    EXPECT_TRUE(parse_gtid_position("")->empty());
    EXPECT_FALSE(parse_gtid_position("0-1-1,0-2-2"));
}

TEST(GtidPosition, ReachesWhatItHasInEveryDomain) {
    const auto at = [](const char* text) { return *parse_gtid_position(text); };
    EXPECT_TRUE(at("0-1-5,1-1-3").reaches(at("0-2-5")));
    EXPECT_FALSE(at("0-1-5").reaches(at("0-1-4,1-1-1")));
    EXPECT_TRUE(at("0-1-5").reaches(at("")));
}

TEST(GtidState, TellsDivergedFromBehind) {
    // Server 1 died after writing 11; server 2 was promoted at 8 and wrote 9 and 10 itself.
    const auto old_primary = *parse_gtid_state("0-1-11");
    const auto new_primary = *parse_gtid_state("0-1-8,0-2-10");
    EXPECT_FALSE(new_primary.contains(*parse_gtid_position("0-1-9")));
    EXPECT_TRUE(new_primary.contains(*parse_gtid_position("0-1-8")));
    EXPECT_EQ(old_primary.missing_in(new_primary), "0-1-(9..11)");
    EXPECT_EQ(parse_gtid_state("0-1-8")->missing_in(new_primary), "");
    EXPECT_EQ(parse_gtid_state("0-1-9")->missing_in(new_primary), "0-1-9");
}

}  // namespace
}  // namespace evenkeel
