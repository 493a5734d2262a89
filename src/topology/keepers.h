// Remembers lost replicas that may alone have what they acknowledged last. Under semi-sync a commit
// needs one replica: when that one is lost, the commit is in the primary alone until another
// replica has received it. Pure.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/instant.h"
#include "model/gtid.h"
#include "model/server_id.h"
#include "topology/view.h"

namespace evenkeel::topology {

class Keepers {
public:
    // `server` was alive, or was never seen, and is lost since `now`.
    void lost(const ServerView& server, Instant now);
    void back(const ServerId& server) { losses_.erase(server); }
    // A server answered a probe that began at `started`. Returns the lost ones of which it is known
    // now that another replica has received everything that their source had after their loss.
    std::vector<ServerId> answered(const ServerView& server, Instant started);

private:
    struct Loss {
        Instant at{};
        std::optional<ServerId> source{};      // Unknown when it was never seen alive.
        std::optional<GtidPosition> wanted{};  // What its source had, asked after the loss.
    };

    std::map<ServerId, Loss> losses_;
};

}  // namespace evenkeel::topology
