#include "cdc/sinks/file_sink.h"

#include <gmock/gmock.h>

#include "io/file.h"

namespace evenkeel::cdc {
namespace {

using testing::HasSubstr;

class FileSinkTest : public testing::Test {
protected:
    void SetUp() override {
        auto made = io::make_temp_folder("file_sink");
        ASSERT_TRUE(made) << made.error().what;
        folder_ = *made;
    }
    void TearDown() override { (void)io::remove_all(folder_); }

    std::string path() const { return folder_ + "/out.json"; }
    std::string content() const { return io::read_file(path()).value_or("no file"); }
    SinkState at(std::uint64_t offset) const {
        return {.kind = "file", .path = path(), .offset = offset};
    }

    const MayAct yes_ = [] { return true; };
    std::string folder_;
};

TEST_F(FileSinkTest, SaysHowFarItIs) {
    FileSink sink(path(), Millis{0});
    ASSERT_TRUE(sink.open({}, yes_));
    ASSERT_TRUE(sink.write("one\n"));
    ASSERT_TRUE(sink.write("two\n"));
    const auto state = sink.sync();
    ASSERT_TRUE(state);
    EXPECT_EQ(*state, at(8));
    EXPECT_EQ(content(), "one\ntwo\n");
}

TEST_F(FileSinkTest, CutsOffWhatCameAfterTheCheckpoint) {
    ASSERT_TRUE(io::replace_file(path(), "one\ntwo\nhal"));
    FileSink sink(path(), Millis{0});
    ASSERT_TRUE(sink.open(at(4), yes_));
    ASSERT_TRUE(sink.write("TWO\n"));
    EXPECT_EQ(content(), "one\nTWO\n");
    EXPECT_EQ(sink.sync()->offset, 8u);
}

TEST_F(FileSinkTest, StopsWhenTheFileIsShorterThanTheCheckpoint) {
    ASSERT_TRUE(io::replace_file(path(), "one\n"));
    FileSink sink(path(), Millis{0});
    const auto opened = sink.open(at(8), yes_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::conflict);
    EXPECT_THAT(opened.error().what, HasSubstr("4 bytes, the checkpoint says 8"));
    EXPECT_EQ(content(), "one\n");
}

TEST_F(FileSinkTest, StopsWhenTheFileOfTheCheckpointIsGone) {
    FileSink sink(path(), Millis{0});
    ASSERT_FALSE(sink.open(at(8), yes_));
    EXPECT_FALSE(io::exists(path()));
}

TEST_F(FileSinkTest, DoesNotTouchAFileOfUnknownContent) {
    ASSERT_TRUE(io::replace_file(path(), "precious\n"));
    FileSink sink(path(), Millis{0});
    const auto opened = sink.open({}, yes_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().what, HasSubstr("move the file away"));
    EXPECT_EQ(content(), "precious\n");
}

TEST_F(FileSinkTest, NoticesAnotherWriter) {
    FileSink sink(path(), Millis{0});
    ASSERT_TRUE(sink.open({}, yes_));
    ASSERT_TRUE(sink.write("one\n"));
    ASSERT_TRUE(io::replace_file(folder_ + "/x", ""));
    auto other = io::PlainFile::open(path());
    ASSERT_TRUE(other);
    ASSERT_TRUE(other->append("alien\n"));
    const auto state = sink.sync();
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().code, Errc::conflict);
}

// A holder that was frozen while it wrote still has the file open and locked.
TEST_F(FileSinkTest, AFrozenFormerWriterCannotReachTheFileAnyMore) {
    FileSink former(path(), Millis{0});
    ASSERT_TRUE(former.open({}, yes_));
    ASSERT_TRUE(former.write("one\ntwo\n"));

    FileSink sink(path(), Millis{0});
    const auto opened = sink.open(at(4), yes_);
    ASSERT_TRUE(opened) << opened.error().what;
    ASSERT_TRUE(sink.write("TWO\n"));
    ASSERT_TRUE(former.write("late\n"));
    EXPECT_EQ(content(), "one\nTWO\n");
    EXPECT_TRUE(sink.sync());
}

TEST_F(FileSinkTest, CutsNothingWithoutTheLease) {
    ASSERT_TRUE(io::replace_file(path(), "one\ntwo\n"));
    FileSink sink(path(), Millis{0});
    const auto opened = sink.open(at(4), [] { return false; });
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::not_leader);
    EXPECT_EQ(content(), "one\ntwo\n");
}

TEST_F(FileSinkTest, SaysThatTheDeviceIsFull) {
    FileSink sink("/dev/full", Millis{0});
    ASSERT_TRUE(sink.open({}, yes_));
    const auto written = sink.write("one\n");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().what, HasSubstr("No space left"));
}

}  // namespace
}  // namespace evenkeel::cdc
