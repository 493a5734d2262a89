// The process that `evenkeel node` is: it starts the worker and, with engine raft, the etcd member,
// and keeps them running. No features, no decisions about databases. Single-threaded: its children
// die with it because they die with its only thread.
#pragma once

#include <string>

namespace evenkeel::app {

struct NodeArgs {
    std::string config{};
    bool check_config = false;
    bool connect = false;  // With check_config: also look at the clusters' seeds.
};

// Returns the exit status.
int run_node(const NodeArgs& args);

}  // namespace evenkeel::app
