// Names of hosts → addresses, as the system knows them.
#pragma once

#include <string>

namespace evenkeel::io {

// True when `address` (numeric) is one of `host`'s, which may be numeric itself. May wait for DNS.
bool resolves_to(const std::string& host, const std::string& address);

// This host's own name.
std::string host_name();

}  // namespace evenkeel::io
