// A filter that was set while a stream runs: a fact of the group, filter/<stream>, so that the
// stream's next holder has it too. It stands until the configured filter becomes another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "cdc/filter/filter.h"
#include "coord/coordinator.h"

namespace evenkeel::cdc {

struct FilterFact {
    std::string filter{};
    std::string configured{};    // The configuration's at that time.
    std::uint64_t revision = 0;  // Of this fact; grows with each change.
    Epoch epoch{};               // Of the holder who wrote it.

    bool operator==(const FilterFact&) const = default;
};

std::string filter_key(const std::string& stream);
std::string to_json(const FilterFact& fact);
// Errors: corrupt  not a fact that this version understands.
Result<FilterFact> filter_fact_from_json(const std::string& json);

// What a stream filters by: whoever edits the configuration means it, also after a change at run
// time. Errors: corrupt  the fact's filter cannot be read by this version.
Result<Filter> filter_in_force(const Filter& configured, const std::optional<FilterFact>& fact);

// The fact in this node's copy of the map. Errors: corrupt.
Result<std::optional<FilterFact>> read_filter_fact(const coord::Coordinator& coordinator,
                                                   const std::string& stream);
// Writes it under `grant`, which is the stream's or the leader's. `text` nothing: as configured.
// Errors: invalid  not a filter: nothing was changed;  conflict  the grant is no longer current, or
//         somebody else changed it meanwhile;  unavailable, timed_out.
Result<> store_filter(coord::Coordinator& coordinator, const Grant& grant,
                      const std::string& stream, const Filter& configured,
                      const std::optional<std::string>& text, Deadline deadline);

}  // namespace evenkeel::cdc
