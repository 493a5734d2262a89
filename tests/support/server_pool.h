// One server of each release for all tests of a program: they start from what the test before left,
// so each drops what it makes and sets the variables that it needs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lab/server.h"

namespace evenkeel::test {

// A running one of this release (other_servers.h), started with `options` by the first test that
// asks; stopped at the program's end. Writable, and fast rather than safe against a crash.
// Errors: those of server_home() and of starting a server.
Result<lab::Server*> pooled_server(const std::string& release,
                                   const std::vector<std::string>& options = {});

}  // namespace evenkeel::test
