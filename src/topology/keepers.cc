#include "topology/keepers.h"

namespace evenkeel::topology {
namespace {

bool is_source(const std::optional<ServerId>& source, const ServerView& server) {
    return source ? *source == server.id : !server.replication.has_value();
}

bool has_received(const ServerView& replica, const GtidPosition& wanted) {
    return replica.replication->received.reaches(wanted) || replica.applied.reaches(wanted);
}

}  // namespace

void Keepers::lost(const ServerView& server, Instant now) {
    Loss loss{.at = now, .source = {}, .wanted = {}};
    if (server.replication) loss.source = server.replication->source;
    losses_[server.id] = loss;
}

std::vector<ServerId> Keepers::answered(const ServerView& server, Instant started) {
    std::vector<ServerId> settled;
    for (auto it = losses_.begin(); it != losses_.end();) {
        Loss& loss = it->second;
        if (!loss.wanted && started >= loss.at && is_source(loss.source, server)) {
            loss.wanted = server.applied;
        }
        const bool sibling =
            server.replication && (!loss.source || server.replication->source == *loss.source);
        if (loss.wanted && sibling && has_received(server, *loss.wanted)) {
            settled.push_back(it->first);
            it = losses_.erase(it);
        } else {
            ++it;
        }
    }
    return settled;
}

}  // namespace evenkeel::topology
