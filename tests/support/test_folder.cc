#include "tests/support/test_folder.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/check.h"
#include "io/file.h"

namespace evenkeel::test {

TestFolder::TestFolder() {
    auto made = io::make_temp_folder("ek-test-");
    EK_CHECK(made, made.error().what.c_str());
    path_ = *made;
}

TestFolder::~TestFolder() {
    if (::testing::Test::HasFailure() || ::getenv("EVENKEEL_KEEP") != nullptr) {
        fmt::print(stderr, "logs and data are kept in {}\n", path_);
        return;
    }
    if (const auto removed = io::remove_all(path_); !removed) {
        fmt::print(stderr, "{}\n", removed.error().what);
    }
}

}  // namespace evenkeel::test
