// The verbs that ask a running group over HTTP: topology, status.
#pragma once

#include <string>
#include <vector>

namespace evenkeel::app {

struct TopologyArgs {
    std::string cluster{};  // Empty: all.
    bool json = false;
};

struct StatusArgs {
    bool json = false;
};

// Return the exit status; they print on stdout, problems on stderr.
int run_topology(const TopologyArgs& args);
int run_status(const StatusArgs& args);

// The endpoints in EVENKEEL_API's value: separated by blanks or commas; "http://" and a trailing
// "/api" may be there or not.
std::vector<std::string> parse_endpoints(const std::string& text);

}  // namespace evenkeel::app
