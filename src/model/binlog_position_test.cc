#include "model/binlog_position.h"

#include <gtest/gtest.h>

#include <vector>

namespace evenkeel {
namespace {

const std::string kA = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

BinlogPosition gtids(const std::string& text) {
    const auto parsed = parse_gtids(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(BinlogPosition{});
}

BinlogPosition file(const std::string& text, const std::string& uuid = kA) {
    FilePosition position = *parse_file_position(text);
    position.server_uuid = uuid;
    return position;
}

TEST(BinlogPosition, ReadsBothNotationsOfGtids) {
    EXPECT_NE(gtids("0-1-42,7-3-9").mariadb(), nullptr);
    EXPECT_NE(gtids(kA + ":1-5:7").mysql(), nullptr);
    EXPECT_TRUE(gtids("").empty());
    EXPECT_EQ(gtids(kA + ":1-5:7").str(), kA + ":1-5:7");
    EXPECT_FALSE(parse_gtids("binlog.000001:4"));
    EXPECT_FALSE(parse_gtids("0-1-42," + kA + ":1"));
}

TEST(BinlogPosition, ReadsFileAndOffset) {
    EXPECT_EQ(file("my.host-bin.000003:5000000000").str(), "my.host-bin.000003:5000000000");
    for (const char* bad : {"", "binlog.000001", ":4", "binlog.000001:", "binlog.000001:x"}) {
        EXPECT_FALSE(parse_file_position(bad)) << bad;
    }
}

struct Case {
    BinlogPosition mine;
    BinlogPosition other;
    bool reaches;
};

TEST(BinlogPosition, ReachesWhatIsBeforeItOnTheSameScale) {
    const std::vector<Case> cases = {
        {gtids("0-1-5"), gtids("0-2-5"), true},
        {gtids("0-1-5"), gtids("0-1-6"), false},
        {gtids(kA + ":1-5"), gtids(kA + ":2-4"), true},
        {gtids(kA + ":1-5"), gtids(kA + ":5-6"), false},
        {file("b.000002:4"), file("b.000001:900"), true},
        {file("b.1000000:4"), file("b.999999:900"), true},
        {file("b.000002:4"), file("b.000002:5"), false},
        {file("b.000002:4"), file("b.000001:4", "another"), false},
        {gtids("0-1-5"), gtids(kA + ":1"), false},
        {gtids("0-1-5"), {}, true},
        {{}, gtids("0-1-5"), false},
    };
    for (const Case& row : cases) {
        EXPECT_EQ(row.mine.reaches(row.other), row.reaches)
            << row.mine.str() << " / " << row.other.str();
    }
}

TEST(BinlogPosition, TakesOnlyItsOwnKindOfTransactions) {
    BinlogPosition position;
    EXPECT_TRUE(position.add(Gtid{0, 1, 7}));
    EXPECT_FALSE(position.add(MysqlGtid{{*parse_uuid(kA), "t"}, 7}));
    EXPECT_FALSE(position.add({}));
    EXPECT_EQ(position.str(), "0-1-7");
    BinlogPosition mysql;
    EXPECT_TRUE(mysql.add(MysqlGtid{{*parse_uuid(kA), "t"}, 7}));
    EXPECT_EQ(mysql.str(), kA + ":t:7");
    EXPECT_FALSE(file("b.000001:4").mariadb());
    EXPECT_EQ(to_string(TransactionId{Gtid{0, 1, 7}}), "0-1-7");
    EXPECT_EQ(to_string(TransactionId{}), "");
}

}  // namespace
}  // namespace evenkeel
