// Counts the instructions that our stream needs for a row. They hardly depend on what else the
// machine does, unlike every time that can be measured.
#pragma once

#include <string>

#include "base/result.h"
#include "bench/cdc/data_sets.h"
#include "lab/server.h"

namespace evenkeel::bench {

// Two runs under valgrind's callgrind, of a small and of a tiny binlog: their difference is without
// start-up. Takes some seconds. `profile`: a folder that is there, for the small one's profile as
// A.callgrind, B.callgrind, ...; empty: it is not kept.
// Errors: not_found  valgrind is not installed; unavailable.
Result<double> instructions_per_row(const lab::Server& server, const DataSet& set,
                                    const std::string& profile);

}  // namespace evenkeel::bench
