// `evenkeel leader show` and `evenkeel leader transfer`: who leads the group, and giving that on.
#pragma once

#include <string>

namespace evenkeel::app {

struct LeaderArgs {
    bool transfer = false;  // Else: show.
    std::string to{};       // Node id, API address or host; empty: the next live node.
    bool json = false;
};

// Returns the exit status.
int run_leader(const LeaderArgs& args);

}  // namespace evenkeel::app
