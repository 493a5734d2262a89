// How long after a commit was acknowledged its line is there, at a steady rate of commits: our
// stream, beside the count-only reader as the least that is possible.
#pragma once

#include <vector>

#include "base/result.h"
#include "lab/server.h"

namespace evenkeel::bench {

struct Percentiles {
    double p50_us = 0;
    double p99_us = 0;
};

struct Latency {
    double commits_per_s = 0;  // Reached.
    std::size_t commits = 0;   // Of each reader.
    Percentiles count{};
    Percentiles ours{};
};

// One entry for each rate, 200 and 2000 commits/s. A writer, the reader, and a thread that takes
// the lines off a pipe, in this process, matched by order. The count-only reader writes a line into
// the same kind of pipe, so that the hop through it is in both numbers. The two readers take turns:
// side by side they would wait for each other's CPU.
Result<std::vector<Latency>> measure_latency(const lab::Server& server, const std::string& folder);

}  // namespace evenkeel::bench
