// Records a data set and lets every contestant read it.
#pragma once

#include <string>
#include <vector>

#include "bench/cdc/child_run.h"
#include "bench/cdc/contestants.h"
#include "bench/cdc/data_sets.h"
#include "bench/cdc/options.h"

namespace evenkeel::bench {

// One reader on one data set.
struct Line {
    Who who = Who::ours;
    std::string name{};
    std::string missing{};  // Why there are no numbers; empty: there are.
    Cost cost{};            // Of the run with the median wall time.
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;  // Of binlog that it read.

    // A peer that times itself says what it took from its first row to its last; the others' start
    // is part of their rate.
    bool times_itself() const { return cost.printed.size() == 4; }
    double start_s() const;
    double rows_per_s() const;
    double mb_per_s() const;
    double cpu_us_per_row() const;
};

struct SetResult {
    DataSet set{};
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
    double foreign_cores = 0;  // Of others, on average while the readers ran.
    std::vector<Line> lines{};
    double instructions_per_row = 0;  // Of ours; 0: not counted.

    const Line* of(Who who) const;  // Null: not there, or without numbers.
};

// Errors: unavailable  the server or one of the four readers that need no fetching failed. A peer
//                      that fails is reported in its line.
Result<SetResult> measure(const lab::Server& server, const DataSet& set, const Options& options,
                          const std::string& folder);

}  // namespace evenkeel::bench
