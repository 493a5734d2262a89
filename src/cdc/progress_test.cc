#include "cdc/progress.h"

#include <gtest/gtest.h>

namespace evenkeel::cdc {
namespace {

const std::string kUuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

MysqlGtid mysql(std::uint64_t sequence) {
    return {{*parse_uuid(kUuid), ""}, sequence};
}

FilePosition place(std::uint64_t offset, const char* file = "b.000001") {
    return {.file = file, .offset = offset, .server_uuid = "u"};
}

// Reads one transaction; says whether it was one that had been written.
bool reads(Progress& progress, const TransactionId& id, std::uint64_t start = 0,
           std::uint64_t end = 0, const char* file = "b.000001") {
    const bool repeated = progress.repeats(id, place(start, file));
    EXPECT_TRUE(progress.finish(id, place(end, file), repeated));
    return repeated;
}

TEST(Progress, IsOnePlaceAsARule) {
    Progress progress(*parse_gtids("0-1-5"), {});
    EXPECT_FALSE(reads(progress, Gtid{0, 1, 6}));
    EXPECT_EQ(progress.written().str(), "0-1-6");
    EXPECT_EQ(progress.read().str(), "0-1-6");
}

TEST(Progress, ReadsAgainUpToWhatWasWrittenInEachDomain) {
    Progress progress(*parse_gtids("0-1-9,1-1-4,2-1-1"), *parse_gtids("0-1-7,1-1-4"));
    EXPECT_EQ(progress.read().str(), "0-1-7,1-1-4");
    EXPECT_TRUE(reads(progress, Gtid{0, 1, 8}));
    EXPECT_FALSE(reads(progress, Gtid{1, 1, 5})) << "this domain is not read again";
    EXPECT_EQ(progress.written().str(), "0-1-9,1-1-5,2-1-1");
    EXPECT_EQ(progress.read().str(), "0-1-8,1-1-5");
    EXPECT_TRUE(reads(progress, Gtid{0, 1, 9}));
    EXPECT_FALSE(reads(progress, Gtid{0, 1, 10}));
    EXPECT_TRUE(reads(progress, Gtid{2, 1, 1}));
    EXPECT_FALSE(reads(progress, Gtid{2, 1, 2}));
    EXPECT_EQ(progress.written().str(), "0-1-10,1-1-5,2-1-2");
    EXPECT_EQ(progress.read(), progress.written());
}

// Without gtid_strict_mode they may go back: only the very transaction tells.
TEST(Progress, DoesNotTrustSequencesOfADomain) {
    Progress progress(*parse_gtids("0-2-50"), *parse_gtids("0-1-99"));
    EXPECT_TRUE(reads(progress, Gtid{0, 1, 100}));
    EXPECT_TRUE(reads(progress, Gtid{0, 2, 50}));
    EXPECT_FALSE(reads(progress, Gtid{0, 2, 51}));
}

TEST(Progress, ReadsAgainJustWhatASetLacks) {
    Progress progress(*parse_gtids(kUuid + ":1-9"), *parse_gtids(kUuid + ":1-3:5-9"));
    EXPECT_TRUE(reads(progress, mysql(4)));
    EXPECT_EQ(progress.read(), progress.written());
    EXPECT_FALSE(reads(progress, mysql(10)));
    EXPECT_EQ(progress.written().str(), kUuid + ":1-10");
}

// A server may send again what it was told not to.
TEST(Progress, NeverWritesAMysqlTransactionTwice) {
    Progress progress(*parse_gtids(kUuid + ":1-9"), {});
    EXPECT_TRUE(reads(progress, mysql(9)));
    EXPECT_EQ(progress.written().str(), kUuid + ":1-9");
}

TEST(Progress, ReadsAgainUpToAPlaceInAFile) {
    Progress progress(place(500, "b.000002"), place(100));
    EXPECT_TRUE(reads(progress, {}, 100, 900));
    EXPECT_EQ(progress.read(), BinlogPosition(place(900)));
    EXPECT_TRUE(reads(progress, {}, 200, 500, "b.000002"));
    EXPECT_EQ(progress.read(), progress.written());
    EXPECT_FALSE(reads(progress, {}, 500, 700, "b.000002"));
    EXPECT_EQ(progress.written(), BinlogPosition(place(700, "b.000002")));
}

// gtid_mode=ON_PERMISSIVE: some have names, but the place is one in a file.
TEST(Progress, StaysWithFilesWhateverHasAName) {
    Progress progress(place(100), {});
    EXPECT_FALSE(reads(progress, mysql(1), 100, 200));
    EXPECT_EQ(progress.written(), BinlogPosition(place(200)));
    Progress empty;
    EXPECT_FALSE(reads(empty, {}, 100, 200));
    EXPECT_EQ(empty.written(), BinlogPosition(place(200)));
}

TEST(Progress, RefusesWhatItCannotCount) {
    Progress progress(*parse_gtids(kUuid + ":1-9"), {});
    EXPECT_FALSE(progress.finish({}, place(5), false));
    EXPECT_FALSE(progress.finish(Gtid{0, 1, 1}, place(5), false));
    EXPECT_EQ(progress.written().str(), kUuid + ":1-9");
}

}  // namespace
}  // namespace evenkeel::cdc
