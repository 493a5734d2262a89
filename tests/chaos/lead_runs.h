// What somebody outside can prove from answers to "do you lead?" alone. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/instant.h"

namespace evenkeel::test {

// When a question was sent and its answer received: it was true somewhere between.
struct Asked {
    Instant sent{};
    Instant received{};
};

// Answers "yes" of one node without any other answer, or none, between them.
struct LeadRun {
    std::size_t node = 0;
    Asked first{};
    Asked last{};
};

// Two nodes that led at one instant, in words that stay the same while runs grow. With one answer a
// node led at some instant of it; with more, from the first one's end to the last one's start.
std::vector<std::string> proven_overlaps(const std::vector<LeadRun>& runs);

}  // namespace evenkeel::test
