// The process in which all features run: puts them together, in order, and takes them apart.
#pragma once

#include <string>

namespace evenkeel::app {

struct WorkerArgs {
    std::string config{};
    std::string incarnation{};
};

// Returns the exit status.
int run_worker(const WorkerArgs& args);

}  // namespace evenkeel::app
