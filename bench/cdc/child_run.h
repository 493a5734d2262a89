// Runs a program and says what it cost.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace evenkeel::bench {

struct Cost {
    double wall_s = 0;
    double cpu_s = 0;  // User and system.
    double rss_mib = 0;
    double foreign_s = 0;           // CPU that others used meanwhile.
    std::vector<double> printed{};  // The numbers in its last line, when its output was kept.
};

enum class Output { to_nowhere, ends_in_numbers };

// What it says on stderr is dropped unless it fails.
// Errors: not_found    there is no such program;
//         unavailable  it did not exit with status 0; its last words are in the text.
Result<Cost> run_child(const std::vector<std::string>& argv, Output output, pid_t server);

}  // namespace evenkeel::bench
