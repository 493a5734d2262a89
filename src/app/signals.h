// Termination signals as a file descriptor, so that they are waited for like everything else.
#pragma once

#include <optional>

#include "base/instant.h"
#include "io/fd.h"

namespace evenkeel::app {

// SIGTERM, SIGINT and SIGHUP are blocked from its construction on, in this thread and in all that
// it starts later: make it in the main thread, before the first thread.
class Signals {
public:
    Signals();
    // Readable when one has arrived.
    int fd() const { return fd_.get(); }
    // The signal that arrived until the deadline, if any.
    std::optional<int> wait(Deadline deadline);

private:
    io::Fd fd_;
};

}  // namespace evenkeel::app
