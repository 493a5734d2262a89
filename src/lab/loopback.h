// TCP on 127.0.0.1, for what tests put between programs.
#pragma once

#include <string>

#include "base/instant.h"
#include "io/fd.h"

namespace evenkeel::lab {

// Sockets that never block; an invalid Fd when it cannot be had.
io::Fd listen_on_loopback(int port);
io::Fd accept_now(int listener);
io::Fd connect_to_loopback(int port);

// Sends `request` and returns everything that comes back until the server closes; empty when it
// does not within `limit`.
std::string ask_loopback(int port, const std::string& request, Millis limit);

}  // namespace evenkeel::lab
