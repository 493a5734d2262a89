// The node's clocks. Everything that decides takes an Instant as an argument; only shells call
// this.
#pragma once

#include <cstdint>

#include "base/instant.h"

namespace evenkeel::io {

// CLOCK_BOOTTIME.
Instant now();
// A deadline `limit` from now.
Deadline within(Millis limit);
// Wall clock, milliseconds since 1970, for people and records; never for decisions.
std::int64_t wall_ms();

}  // namespace evenkeel::io
