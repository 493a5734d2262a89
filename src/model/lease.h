// What may exist once is held under a lease. Values only; coord/ grants and watches them.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace evenkeel {

// Grows by one with every new holder of a duty and never falls. Zero: never held.
struct Epoch {
    std::uint64_t value = 0;
    auto operator<=>(const Epoch&) const = default;
};

// A duty of this node, as granted: everything done under it carries its epoch, every write to the
// coordinator compares `fence` (the version of the duty's key), so that a stale holder is refused.
struct Grant {
    std::string duty{};
    Epoch epoch{};
    std::uint64_t fence = 0;

    bool operator==(const Grant&) const = default;
};

}  // namespace evenkeel
