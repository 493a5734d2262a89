// Reads what the nodes wrote into EVENKEEL_LEASE_TRACE (src/app/lease_trace.h) and judges it: does
// any duty have two holders at one instant, and do epochs only grow? Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"

namespace evenkeel::test {

struct LeaseSpan {
    std::string node{};
    std::string duty{};
    std::uint64_t epoch = 0;
    Instant from{};
    Instant until{};  // As `from`: the node gave it up then.

    bool operator==(const LeaseSpan&) const = default;
};

// One per line; lines that are none are left out (the last one of a killed process).
std::vector<LeaseSpan> lease_spans(std::string_view trace);

// A killed process holds nothing from then on, whatever it was granted.
struct Death {
    std::string node{};
    Instant at{};
};

// From when until when each holder of a duty could act, by time. A frozen holder is not excused: it
// may come back at any moment.
std::vector<LeaseSpan> holdings(std::vector<LeaseSpan> spans, const std::vector<Death>& deaths);

// Every violation, in words that stay the same while spans grow: two holders at one instant, an
// epoch that does not grow.
std::vector<std::string> lease_violations(const std::vector<LeaseSpan>& holdings);

}  // namespace evenkeel::test
