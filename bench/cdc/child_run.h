// Runs a program with its output thrown away and says what it cost.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace evenkeel::bench {

struct Cost {
    double wall_s = 0;
    double cpu_s = 0;  // User and system.
    double rss_mib = 0;
    std::uint64_t printed = 0;  // The number that it printed, when its output was kept.
};

enum class Output { to_nowhere, is_a_number };

// Errors: unavailable  it could not be started, or did not exit with status 0.
Result<Cost> run_child(const std::vector<std::string>& argv, Output output);

// The run with the median wall time of `runs`.
Result<Cost> median_of(int runs, const std::vector<std::string>& argv, Output output);

}  // namespace evenkeel::bench
