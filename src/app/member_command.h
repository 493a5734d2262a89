// The verb `member`: lists and changes the members of a group with engine raft, through the HTTP
// API of any node.
#pragma once

#include <string>

namespace evenkeel::app {

struct MemberArgs {
    std::string action = "list";  // list, add, remove, replace
    std::string target{};  // Of add: an address; of remove and replace: a node or its address.
    bool json = false;
};

// Returns the exit status; prints on stdout, problems on stderr.
int run_member(const MemberArgs& args);

}  // namespace evenkeel::app
