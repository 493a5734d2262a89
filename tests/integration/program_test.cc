// What the built program says without any server: references, examples, mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "io/file.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;

constexpr Millis kLimit{10'000};

std::string source_root() {
    const char* root = std::getenv("EVENKEEL_SOURCE");
    return root != nullptr ? root : ".";
}

class Program : public ::testing::Test {
protected:
    Ran run(const std::vector<std::string>& arguments) {
        return run_evenkeel(arguments, folder_.path(), kLimit);
    }
    TestFolder folder_;
};

TEST_F(Program, TheReferencesAreUpToDate) {
    for (const auto& [verb, file] : {std::pair("config-reference", "configuration.md"),
                                     std::pair("api-reference", "api.md")}) {
        const auto written = io::read_file(source_root() + "/docs/reference/" + file);
        ASSERT_TRUE(written) << written.error().what;
        const Ran ran = run({verb});
        EXPECT_EQ(ran.status, 0);
        EXPECT_EQ(ran.output, *written)
            << "write it again: evenkeel " << verb << " > docs/reference/" << file;
    }
}

TEST_F(Program, TheExamplesAreGood) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(source_root() + "/packaging/examples")) {
        if (entry.path().extension() != ".toml") continue;
        ++count;
        const Ran ran = run({"node", "--config", entry.path(), "--check-config"});
        EXPECT_EQ(ran.status, 0) << ran.output;
    }
    EXPECT_EQ(count, 5u);
}

TEST_F(Program, AMistakeEndsWithStatus64) {
    const Ran ran = run({"topologie"});
    EXPECT_EQ(ran.status, 64);
    EXPECT_THAT(ran.output, HasSubstr("did you mean topology?"));
}

TEST_F(Program, AClientWithoutNodeSaysWhatToSet) {
    ::setenv("EVENKEEL_API", "127.0.0.1:1", 1);
    const Ran ran = run({"status"});
    ::unsetenv("EVENKEEL_API");
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.output, HasSubstr("EVENKEEL_API"));
}

}  // namespace
}  // namespace evenkeel::test
