#include "io/file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace evenkeel::io {
namespace {

class File : public testing::Test {
protected:
    void SetUp() override {
        auto made = make_temp_folder("ek-file-");
        ASSERT_TRUE(made) << made.error().what;
        folder_ = *made;
    }
    void TearDown() override { EXPECT_TRUE(remove_all(folder_)); }
    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string folder_;
};

TEST_F(File, ReplaceLeavesOnlyTheNewContent) {
    ASSERT_TRUE(replace_file(path("a"), "old and long"));
    ASSERT_TRUE(replace_file(path("a"), "new"));
    EXPECT_EQ(read_file(path("a")), "new");
    EXPECT_FALSE(exists(path("a.new")));
}

TEST_F(File, ASecretIsNeverOpenToOthers) {
    // As a crash left it.
    ASSERT_TRUE(replace_file(path("key.new"), "old", 0644));
    ASSERT_TRUE(replace_file(path("key"), "secret", 0600));
    struct stat status {};
    ASSERT_EQ(::stat(path("key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777u, 0600u);
}

TEST_F(File, NamesInAFolderAreSorted) {
    ASSERT_TRUE(replace_file(path("b"), ""));
    ASSERT_TRUE(replace_file(path("a"), ""));
    EXPECT_EQ(names_in(folder_), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(names_in(path("none")).error().code, Errc::not_found);
}

TEST_F(File, ReadGivesBackEveryByte) {
    std::string content(200'000, 'x');
    content[100'000] = '\0';
    ASSERT_TRUE(replace_file(path("a"), content));
    EXPECT_EQ(read_file(path("a")), content);
}

TEST_F(File, MissingFileIsNotFoundAndNamed) {
    const auto missing = read_file(path("nothing"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::not_found);
    EXPECT_THAT(missing.error().what, testing::HasSubstr(path("nothing")));
}

TEST_F(File, ReplaceInAMissingFolderIsNotFound) {
    const auto replaced = replace_file(path("no/such/folder"), "x");
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().code, Errc::not_found);
}

TEST_F(File, MakeFoldersMakesParentsAndIsRepeatable) {
    ASSERT_TRUE(make_folders(path("a/b/c")));
    EXPECT_TRUE(make_folders(path("a/b/c")));
    EXPECT_TRUE(exists(path("a/b/c")));
}

TEST_F(File, RemoveAllTakesWhatIsBelowAndAcceptsNothing) {
    ASSERT_TRUE(make_folders(path("a/b")));
    ASSERT_TRUE(replace_file(path("a/b/file"), "x"));
    EXPECT_TRUE(remove_all(path("a")));
    EXPECT_FALSE(exists(path("a")));
    EXPECT_TRUE(remove_all(path("a")));
}

TEST_F(File, ALogIsRolledOnceItIsLarge) {
    const std::string log = path("log");
    EXPECT_FALSE(*roll_log(log, 4));
    ASSERT_TRUE(replace_file(log, "abc"));
    EXPECT_FALSE(*roll_log(log, 4));
    ASSERT_TRUE(replace_file(log, "abcd"));
    ASSERT_TRUE(replace_file(log + ".1", "older"));
    EXPECT_TRUE(*roll_log(log, 4));
    EXPECT_EQ(*read_file(log), "");
    EXPECT_EQ(*read_file(log + ".1"), "abcd");
}

TEST_F(File, TemporaryFolderIsPrivate) {
    struct stat status {};
    ASSERT_EQ(::stat(folder_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(File, LockIsHeldByOneAndNamesItsHolder) {
    const auto held = lock_file(path("lock"));
    ASSERT_TRUE(held) << held.error().what;
    const auto second = lock_file(path("lock"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::conflict);
    EXPECT_THAT(second.error().what, testing::HasSubstr(std::to_string(::getpid())));
}

TEST_F(File, LockEndsWithItsOwner) {
    { const auto held = lock_file(path("lock")); }
    EXPECT_TRUE(lock_file(path("lock")));
}

}  // namespace
}  // namespace evenkeel::io
