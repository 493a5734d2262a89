// A node's verdict about a primary as it is told to the other nodes, at verdict/<cluster>/<node>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "topology/analysis.h"

namespace evenkeel::topology {

struct VerdictFact {
    std::string node{};
    std::string incarnation{};  // Of the member; a former life's verdict does not count.
    std::string primary{};
    std::string verdict{};
    std::string reason{};
    std::uint64_t count = 0;  // Grows with every change.
};

std::string verdict_prefix(const std::string& cluster);
std::string to_json(const VerdictFact& fact);
std::optional<VerdictFact> verdict_fact_from_json(const std::string& json);

}  // namespace evenkeel::topology
