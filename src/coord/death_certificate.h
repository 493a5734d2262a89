// Decides what the supervisor of a dead worker writes so that nobody waits for that worker's lease.
// Pure; certify_death() in coordinator.h reads and sends.
#pragma once

#include <optional>
#include <string>

#include "coord/engine.h"

namespace evenkeel::coord {

struct DeathCertificate {
    std::optional<Txn> txn{};  // To send; when it is refused, read and decide again.
    bool certified = false;    // Without one: the record says already that this worker is dead.
};

// `member` is the node's record as the engine has it now, if there is one. Neither a transaction
// nor certified: there is nothing to certify, that worker held nothing any more.
DeathCertificate certificate_for(const std::optional<Entry>& member,
                                 const std::string& incarnation);

}  // namespace evenkeel::coord
