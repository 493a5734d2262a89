// One write of facts, through lost answers and an outdated local copy. Pure: decides what to send
// and what an outcome means; coordinator.cc sends.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coord/engine.h"

namespace evenkeel::coord {

class FactWrite {
public:
    // The compares in `wanted` are insisted on. Every written key without one is compared at the
    // version that `known_version` gives, which makes a repeat harmless.
    FactWrite(Txn wanted, const std::function<Version(const std::string&)>& known_version);

    Txn txn() const;
    const std::vector<Op>& ops() const { return ops_; }

    // A try whose fate is unknown was made.
    void unknown() { unknown_ = true; }
    bool maybe_applied() const { return unknown_; }

    enum class Fate {
        applied,   // At `version`.
        again,     // Not yet: send txn() as it is now.
        conflict,  // It was not applied and never will be.
        unknown,   // It never will be from now on; whether it had been can't be told any more.
    };
    struct Judgement {
        Fate fate = Fate::again;
        Version version = 0;  // 0: applied before, and only removals, so that nothing tells when.
    };
    // What the answer to a try means.
    Judgement judge(const TxnOutcome& outcome);

private:
    // The version at which an earlier try of unknown fate was applied, if a refusal's entries show
    // that: every written key has exactly our value.
    std::optional<Version> applied_before(const std::vector<Entry>& found) const;
    // Takes the found versions as what the keys are compared at from now on; false when an insisted
    // compare failed: this write will never be applied.
    bool adjust(const std::vector<Entry>& found);

    std::vector<Compare> insisted_;
    std::map<std::string, Version> assumed_;
    std::vector<Op> ops_;
    bool unknown_ = false;
};

}  // namespace evenkeel::coord
