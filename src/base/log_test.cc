#include "base/log.h"

#include <gmock/gmock.h>

namespace evenkeel {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// What is written to stderr while `body` runs.
template <typename Body>
std::string logged(Body body) {
    testing::internal::CaptureStderr();
    body();
    return testing::internal::GetCapturedStderr();
}

TEST(Log, LineCarriesLevelModuleAndText) {
    const std::string line = logged([] { log::warn("io", "{} of {}", 1, 2); });
    EXPECT_THAT(line, HasSubstr("warn"));
    EXPECT_THAT(line, EndsWith("io: 1 of 2\n"));
}

TEST(Log, LevelHidesWhatIsBelowIt) {
    ASSERT_TRUE(log::set_level("warn"));
    EXPECT_EQ(logged([] { log::info("io", "hidden"); }), "");
    ASSERT_TRUE(log::set_level("info"));
    EXPECT_THAT(logged([] { log::info("io", "shown"); }), HasSubstr("shown"));
}

TEST(Log, RefusesAnUnknownLevel) {
    EXPECT_FALSE(log::set_level("loud"));
}

TEST(Log, BracesInTheTextAreText) {
    EXPECT_THAT(logged([] { log::write(log::Level::info, "io", "{}"); }), EndsWith("io: {}\n"));
}

}  // namespace
}  // namespace evenkeel
