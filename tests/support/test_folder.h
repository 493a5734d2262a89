// A temporary folder of a test: removed at its end, kept when the test failed or EVENKEEL_KEEP is
// set (then its path is printed), so that logs can be read.
#pragma once

#include <string>

namespace evenkeel::test {

class TestFolder {
public:
    TestFolder();
    ~TestFolder();
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace evenkeel::test
