// For tests: the file that EVENKEEL_LEASE_TRACE names gets a line for every span in which this node
// may act under a duty: "<node> <duty> <epoch> <from> <until>", nanoseconds of CLOCK_BOOTTIME,
// which all processes of a machine share. `until` = `from` ends a span before its time.
#pragma once

#include <functional>
#include <string>

#include "coord/coordinator.h"

namespace evenkeel::app {

// For coord::CoordinatorOptions::on_lease; empty when the environment names no file.
std::function<void(const coord::LeaseSpan&)> lease_trace(const std::string& node);

}  // namespace evenkeel::app
