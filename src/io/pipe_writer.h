// Writes to standard output or another open descriptor that may be a pipe: a reader that does not
// read blocks nobody for longer than a deadline. Errors name the descriptor and the system's
// reason.
#pragma once

#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "io/fd.h"

namespace evenkeel::io {

// Not thread-safe.
class PipeWriter {
public:
    // `fd` stays open, and as it is for others who have it; it must outlive this. `name` is for
    // people.
    PipeWriter(int fd, std::string name);

    // Writes as much as there is room for and says how many bytes that was; 0: there was no room
    // until the deadline. What is no pipe takes all of them, however long that takes.
    // Errors: unavailable  the reader is gone, the disk is full; the reason is in the text.
    Result<std::size_t> write_some(std::string_view bytes, Deadline deadline);

private:
    const int fd_;
    const std::string name_;
    Fd own_;  // The same pipe, opened so that only this does not block. Invalid: it is no pipe.
};

}  // namespace evenkeel::io
