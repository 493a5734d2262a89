// A listening TCP socket.
#pragma once

#include <cstdint>
#include <string>

#include "base/instant.h"
#include "base/result.h"
#include "io/fd.h"

namespace evenkeel::io {

class Listener {
public:
    // `host`: an address or a name of this machine, "::" and "0.0.0.0": all; port 0: any free one.
    // Errors: conflict  the port is in use;  denied  a privileged port;
    //         invalid   the address is not one of this machine.
    static Result<Listener> open(const std::string& host, std::uint16_t port);

    // The next connection, non-blocking and without delays for small writes.
    // Errors: timed_out  none until the deadline;
    //         unavailable  the system has no room for one now (descriptors, memory): wait a little.
    Result<Fd> accept(Deadline deadline);
    std::uint16_t port() const;

private:
    explicit Listener(Fd fd) : fd_(std::move(fd)) {}

    Fd fd_;
};

}  // namespace evenkeel::io
