// A backup, the loss of every folder, and the way back.
#include "tests/integration/member_fixture.h"

#include <nlohmann/json.hpp>

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;

class BackupOfAGroup : public MemberTest {
protected:
    Ran run(const std::vector<std::string>& arguments) {
        return run_evenkeel(arguments, folder_.path(), kChangeLimit);
    }
    std::uint64_t epoch(std::size_t index) {
        const auto json = nlohmann::json::parse(get(index, "duty/leader"), nullptr, false);
        return json.is_object() ? json.value("epoch", std::uint64_t{0}) : 0;
    }
    const std::string file_ = folder_.path() + "/backup.jsonl";
};

TEST_F(BackupOfAGroup, SurvivesTheLossOfEveryFolder) {
    form();
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(
            put(0, "checkpoint/s" + std::to_string(i), "{\"at\":" + std::to_string(i) + "}"));
    }
    const std::uint64_t before = epoch(0);
    ASSERT_GT(before, 0u);
    const Ran saved = run({"backup", "--config", group_.node(0).config, "--output", file_});
    ASSERT_EQ(saved.status, 0) << saved.output;
    for (std::size_t i = 0; i < 3; ++i) {
        group_.kill_host(i);
        lose_folder(i);
    }
    form();
    EXPECT_EQ(get(0, "checkpoint/s7"), "");

    // Damage is seen before anything is written.
    const auto text = io::read_file(file_);
    ASSERT_TRUE(text);
    ASSERT_TRUE(io::replace_file(file_ + ".cut", text->substr(0, text->size() / 2)));
    const Ran cut = run({"restore", file_ + ".cut", "--config", group_.node(0).config});
    EXPECT_EQ(cut.status, 1);
    EXPECT_THAT(cut.output, HasSubstr("nothing was restored"));

    const Ran restored = run({"restore", file_, "--config", group_.node(1).config});
    ASSERT_EQ(restored.status, 0) << restored.output;
    EXPECT_THAT(restored.output, HasSubstr("300 facts"));
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
    EXPECT_EQ(get(2, "checkpoint/s7"), "{\"at\":7}");
    EXPECT_EQ(get(2, "checkpoint/s299"), "{\"at\":299}");
    EXPECT_GT(epoch(2), before + 1'000'000);

    const Ran again = run({"restore", file_, "--config", group_.node(1).config});
    EXPECT_EQ(again.status, 1);
    EXPECT_THAT(again.output, HasSubstr("--force"));
    EXPECT_EQ(run({"restore", file_, "--config", group_.node(1).config, "--force"}).status, 0);
    EXPECT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
}

TEST_F(BackupOfAGroup, GoesIntoANodeThatIsAlone) {
    form();
    ASSERT_TRUE(put(0, "checkpoint/s", "1"));
    ASSERT_EQ(run({"backup", "-c", group_.node(0).config, "-o", file_}).status, 0);
    EvenkeelGroup alone(folder_.path() + "/alone", 1);
    const Ran restored = run({"restore", file_, "-c", alone.node(0).config});
    ASSERT_EQ(restored.status, 0) << restored.output;
    alone.start(0);
    ASSERT_TRUE(alone.wait_healthy(kFormLimit)) << alone.log(0);
    const Ran refused = run({"backup", "-c", alone.node(0).config});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, HasSubstr("stop the node first"));
    alone.node(0).process.stop(Millis(5000));
    const Ran back = run({"backup", "-c", alone.node(0).config});
    EXPECT_EQ(back.status, 0);
    EXPECT_THAT(back.output, HasSubstr(R"({"key":"checkpoint/s","value":"1"})"));
}

TEST_F(BackupOfAGroup, AskedOfANodeThatIsDown) {
    const Ran ran = run({"backup", "-c", group_.node(0).config});
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.output, HasSubstr("start the node"));
}

}  // namespace
}  // namespace evenkeel::test
