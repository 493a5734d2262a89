#include "model/gtid_set.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

const std::string kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string kB = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

GtidSet set(const std::string& text) {
    const auto parsed = parse_gtid_set(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(GtidSet{});
}

TEST(GtidSet, ReadsAndWritesTheServersText) {
    struct Case {
        std::string given;
        std::string printed;
    };
    for (const Case& row : {
             Case{"", ""},
             Case{kA + ":1", kA + ":1"},
             Case{kA + ":1-3:5", kA + ":1-3:5"},
             Case{kA + ":5:1-3", kA + ":1-3:5"},
             Case{kA + ":1-3:4-7", kA + ":1-7"},
             Case{kA + ":1-5:3-9", kA + ":1-9"},
             Case{kA + ":9-3:1", kA + ":1"},
             Case{"3E11FA47-71CA-11E1-9E33-C80AA9429562:1", kA + ":1"},
             Case{"3E11FA4771CA11E19E33C80AA9429562:1", kA + ":1"},
             Case{kB + ":1,\n " + kA + " : 2 - 4 ,", kA + ":2-4," + kB + ":1"},
             Case{kA + ":1," + kA + ":2", kA + ":1-2"},
             // Untagged first, then by tag; a tag holds for the ranges behind it.
             Case{kA + ":tag_b:1-3:8:Tag_A:1:4-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:x:1," + kA +
                      ":7",
                  kA + ":7:tag_a:1:4-5:tag_b:1-3:8," + kB + ":x:1"},
         }) {
        EXPECT_EQ(set(row.given).str(), row.printed) << row.given;
        EXPECT_EQ(set(row.printed), set(row.given));
    }
}

TEST(GtidSet, RefusesWhatIsNone) {
    for (const std::string& bad :
         {std::string("0-1-42"), std::string("x"), kA, kA + ":", kA + ":0", kA + ":1-2-3",
          kA + ":-1", kA + ":9223372036854775807", kA + ":tag", kA + ":tag:other:1", kA + ":1tag:1",
          kA + ":" + std::string(33, 't') + ":1", kA.substr(1) + ":1", "g" + kA.substr(1) + ":1",
          std::string("binlog.000001:4")}) {
        EXPECT_FALSE(parse_gtid_set(bad)) << bad;
    }
}

TEST(GtidSet, SaysWhatIsMissing) {
    const GtidSet published = set(kA + ":1-105:tag:1-3," + kB + ":1-7");
    const GtidSet executed = set(kA + ":1-100:103:tag:2," + kB + ":1-9");
    EXPECT_EQ(published.minus(executed).str(), kA + ":101-102:104-105:tag:1:3");
    EXPECT_EQ(executed.minus(published).str(), kB + ":8-9");
    EXPECT_FALSE(executed.contains(published));
    EXPECT_TRUE(published.contains(set(kA + ":3-5," + kB + ":7")));
    EXPECT_TRUE(published.contains(GtidSet{}));
    EXPECT_EQ(published.count(), 115u);
}

TEST(GtidSet, AddsAndRemovesSingleTransactions) {
    GtidSet gtids = set(kA + ":1-3:7");
    const GtidSource a{.uuid = *parse_uuid(kA)};
    for (const std::uint64_t sequence : {5u, 4u, 8u, 6u}) gtids.add(MysqlGtid{a, sequence});
    EXPECT_EQ(gtids.str(), kA + ":1-8");
    gtids.remove(MysqlGtid{a, 1});
    gtids.remove(MysqlGtid{a, 5});
    gtids.remove(MysqlGtid{a, 8});
    EXPECT_EQ(gtids.str(), kA + ":2-4:6-7");
    EXPECT_TRUE(gtids.contains(MysqlGtid{a, 6}));
    EXPECT_FALSE(gtids.contains(MysqlGtid{a, 5}));
    gtids.remove(set(kA + ":1-100"));
    EXPECT_TRUE(gtids.empty());
}

std::string hex(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        constexpr const char* kDigits = "0123456789abcdef";
        text += kDigits[static_cast<unsigned char>(c) >> 4];
        text += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

TEST(GtidSet, HasTheProtocolsBinaryForm) {
    EXPECT_EQ(hex(GtidSet{}.encode()), "0000000000000000");
    EXPECT_EQ(hex(set(kA + ":1-3:5").encode()),
              "0100000000000000"
              "3e11fa4771ca11e19e33c80aa9429562"
              "0200000000000000"
              "01000000000000000400000000000000"
              "05000000000000000600000000000000");
    EXPECT_EQ(hex(set(kA + ":1:ab:2").encode()),
              "0102000000000001"
              "3e11fa4771ca11e19e33c80aa9429562"
              "00"
              "0100000000000000"
              "01000000000000000200000000000000"
              "3e11fa4771ca11e19e33c80aa9429562"
              "046162"
              "0100000000000000"
              "02000000000000000300000000000000");
}

}  // namespace
}  // namespace evenkeel
