// What the built program says without any server: references, examples, mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
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
    using Words = std::vector<std::string>;
    for (const auto& [verb, file] :
         {std::pair(Words{"config-reference"}, "configuration.md"),
          std::pair(Words{"api-reference"}, "api.md"),
          std::pair(Words{"cdc", "option-reference"}, "maxwell-options.md")}) {
        const auto written = io::read_file(source_root() + "/docs/reference/" + file);
        ASSERT_TRUE(written) << written.error().what;
        const Ran ran = run(verb);
        EXPECT_EQ(ran.status, 0);
        EXPECT_EQ(ran.output, *written)
            << "write it again: evenkeel " << join(verb, " ") << " > docs/reference/" << file;
    }
}

TEST_F(Program, TheExamplesAreGood) {
    const std::string pki = folder_.path() + "/pki";
    const Ran made =
        run({"cert", "init", "--dir", pki, "--group", "shop", "--node", "node1=10.0.0.1", "--node",
             "node2=10.0.0.2", "--node", "node3=10.0.0.3"});
    ASSERT_EQ(made.status, 0) << made.output;
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(source_root() + "/packaging/examples")) {
        if (entry.path().extension() != ".toml") continue;
        ++count;
        std::string text = io::read_file(entry.path()).value_or("");
        for (std::size_t at = 0; (at = text.find("/etc/evenkeel/", at)) != std::string::npos;) {
            text.replace(at, std::string("/etc/evenkeel").size(), pki);
        }
        const std::string file = folder_.path() + "/" + entry.path().filename().string();
        ASSERT_TRUE(io::replace_file(file, text));
        const Ran ran = run({"node", "--config", file, "--check-config"});
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
