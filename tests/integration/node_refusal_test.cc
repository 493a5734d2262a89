// Configurations and states with which a node cannot run: one clear line, and an exit status that
// says whether starting it again may help.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kNeedsPerson = 78;
constexpr int kCannotJoin = 75;
constexpr Millis kLimit{20'000};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

class NodeRefusal : public ::testing::Test {
protected:
    Ran run(EvenkeelGroup& group, std::size_t index, Millis limit = kLimit) {
        return run_evenkeel({"node", "--config", group.node(index).config}, folder_.path(), limit);
    }

    TestFolder folder_;
};

TEST_F(NodeRefusal, ABadConfiguration) {
    EvenkeelGroup group(folder_.path(), 1);
    group.write_config(0, replaced(group.config_text(0), "listen", "lisen"));
    const Ran ran = run(group, 0);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, HasSubstr("node1.toml:5: unknown key \"lisen\" in [api]; did you mean "
                                      "listen?"));
}

TEST_F(NodeRefusal, NoConfigurationFile) {
    const Ran ran =
        run_evenkeel({"node", "--config", folder_.path() + "/none.toml"}, folder_.path(), kLimit);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, HasSubstr("none.toml"));
}

TEST_F(NodeRefusal, TheApisPortIsInUse) {
    EvenkeelGroup group(folder_.path(), 1);
    EvenkeelGroup other(folder_.path() + "/x", 1);
    other.write_config(0, replaced(other.config_text(0), other.node(0).api, group.node(0).api));
    group.start(0);
    ASSERT_TRUE(group.wait_healthy(kLimit)) << group.log(0);
    const Ran ran = run(other, 0);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, AllOf(HasSubstr(group.node(0).api), HasSubstr("in use")));
}

TEST_F(NodeRefusal, AFolderThatIsInUse) {
    EvenkeelGroup group(folder_.path(), 1);
    group.start(0);
    ASSERT_TRUE(group.wait_healthy(kLimit)) << group.log(0);
    const Ran ran = run(group, 0);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, HasSubstr("held by process"));
}

TEST_F(NodeRefusal, ACorruptStateFile) {
    EvenkeelGroup group(folder_.path(), 1);
    ASSERT_TRUE(io::make_folders(group.node(0).folder));
    ASSERT_TRUE(io::replace_file(group.node(0).folder + "/state.db", std::string(8192, 'x')));
    const Ran ran = run(group, 0);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, HasSubstr("state.db"));
}

TEST_F(NodeRefusal, AGroupThatCannotForm) {
    EvenkeelGroup group(folder_.path(), 3);
    group.write_config(0, group.config_text(0) + "join_limit_s = 5\n");
    const Ran ran = run(group, 0);
    EXPECT_EQ(ran.status, kCannotJoin);
    EXPECT_THAT(ran.output, AllOf(HasSubstr("1 of 3 nodes answer, 2 needed"),
                                  HasSubstr(group.node(1).bind), HasSubstr(group.node(2).bind)));
}

TEST_F(NodeRefusal, AFolderOfAnotherNode) {
    EvenkeelGroup group(folder_.path(), 3);
    group.start_all();
    ASSERT_TRUE(group.wait_healthy(kLimit)) << group.log(0);
    group.kill_host(2);
    group.write_config(2, replaced(group.config_text(2), "\"node3\"", "\"node9\""));
    const Ran ran = run(group, 2);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, AllOf(HasSubstr("belongs to a node"), HasSubstr("node9")));
}

TEST_F(NodeRefusal, ASecondNodeWithTheSameId) {
    EvenkeelGroup group(folder_.path(), 3);
    group.write_config(2, replaced(group.config_text(2), "\"node3\"", "\"node1\""));
    group.start(0);
    group.start(1);
    ASSERT_TRUE(eventually(kLimit, [&] { return group.leaders().size() == 1; })) << group.log(0);
    const Ran ran = run(group, 2);
    EXPECT_EQ(ran.status, kNeedsPerson);
    EXPECT_THAT(ran.output, AllOf(HasSubstr("another live node has the id \"node1\""),
                                  HasSubstr(group.node(0).api)));
    EXPECT_EQ(group.leaders().size(), 1u);
}

}  // namespace
}  // namespace evenkeel::test
