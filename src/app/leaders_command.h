// `evenkeel leaders`: on which host each change stream runs, in the words of Maxwell's
// maxwell-leaders.
#pragma once

#include <string>

#include "app/ha_options.h"

namespace evenkeel::app {

struct LeadersArgs {
    HaConfig ha{};            // Kind raft: asks the nodes' HTTP API.
    std::string client_id{};  // Empty: every stream of the nodes.
};

// Returns the exit status: kFailed when nobody leads.
int run_leaders(const LeadersArgs& args);

}  // namespace evenkeel::app
