#include "tests/sim/settings.h"

namespace evenkeel::sim {

const char* to_string(Mutant mutant) {
    switch (mutant) {
        case Mutant::none: return "none";
        case Mutant::lease_from_answer: return "lease_from_answer";
        case Mutant::lease_without_end: return "lease_without_end";
        case Mutant::expels_early: return "expels_early";
        case Mutant::claims_from_silent: return "claims_from_silent";
        case Mutant::unknown_renewal_is_not_applied: return "unknown_renewal_is_not_applied";
        case Mutant::unknown_write_is_not_applied: return "unknown_write_is_not_applied";
        case Mutant::facts_without_fence: return "facts_without_fence";
        case Mutant::acts_on_old_copy: return "acts_on_old_copy";
        case Mutant::certifies_too_early: return "certifies_too_early";
        case Mutant::transfers_mid_act: return "transfers_mid_act";
    }
    return "unknown";
}

std::optional<Mutant> mutant_named(const std::string& name) {
    if (name == to_string(Mutant::none)) return Mutant::none;
    for (const Mutant mutant : all_mutants()) {
        if (name == to_string(mutant)) return mutant;
    }
    return {};
}

std::vector<Mutant> all_mutants() {
    return {Mutant::lease_from_answer,
            Mutant::lease_without_end,
            Mutant::expels_early,
            Mutant::claims_from_silent,
            Mutant::unknown_renewal_is_not_applied,
            Mutant::unknown_write_is_not_applied,
            Mutant::facts_without_fence,
            Mutant::acts_on_old_copy,
            Mutant::certifies_too_early,
            Mutant::transfers_mid_act};
}

}  // namespace evenkeel::sim
