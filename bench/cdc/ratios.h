// Turns measurements into the ratios that are followed from release to release, each with the value
// that must hold also on a noisy machine (floor) and the one that is aimed at (goal). Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/cdc/latency.h"
#include "bench/cdc/measure.h"

namespace evenkeel::bench {

struct Ratio {
    std::string id{};    // "C1"
    std::string what{};  // "rows/s to count only"
    std::string of{};    // Data set or rate.
    std::optional<double> value{};
    double floor = 0;
    double goal = 0;
    bool less_is_better = false;

    // "ok", "below goal", "below floor"; "not measured".
    const char* verdict() const;
};

struct Results {
    std::vector<SetResult> sets{};  // A, B, C.
    std::vector<Latency> latencies{};
};

std::vector<Ratio> ratios(const Results& results);

}  // namespace evenkeel::bench
