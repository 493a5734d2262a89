// What one simulated history is made of, and the rules that may be broken in it on purpose.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"

namespace evenkeel::sim {

// A rule of docs/internals/lease.md that the simulated node breaks, around the real cores. The
// simulation must notice each; else it proves nothing about the rule.
enum class Mutant {
    none,
    lease_from_answer,   // The lease counts from the answer, not from before the first try.
    lease_without_end,   // A holder goes on until it hears that it lost its seat.
    expels_early,        // Observers wait for 70 % of the holder's ttl.
    claims_from_silent,  // A duty is claimed while its holder has not been expelled.
    unknown_renewal_is_not_applied,  // A lease's try without an answer counts as not applied.
    unknown_write_is_not_applied,    // So does a fact's.
    facts_without_fence,             // Facts are written without comparing the grant's fence.
    acts_on_old_copy,                // Acts before the watch has told what former holders wrote.
    certifies_too_early,  // The supervisor does not wait for the end of the worker's children.
    transfers_mid_act,    // A duty is given away while an act under it is under way.
};
const char* to_string(Mutant mutant);
std::optional<Mutant> mutant_named(const std::string& name);
std::vector<Mutant> all_mutants();

struct Settings {
    std::uint64_t seed = 1;
    int nodes = 0;  // 0: 3 or 5, by the seed.
    Millis ttl{0};  // 0: by the seed.
    Mutant mutant = Mutant::none;
    bool transcript = false;  // Print what happens.
};

}  // namespace evenkeel::sim
