// Draws rows per second of every reader as a self-contained SVG: bars on a log scale, a group for
// each data set, ours highlighted; readable on light and on dark pages. Pure.
#pragma once

#include <string>
#include <vector>

#include "bench/cdc/measure.h"

namespace evenkeel::bench {

// `caption` is the last line.
std::string draw(const std::vector<SetResult>& sets, const std::string& caption);

}  // namespace evenkeel::bench
