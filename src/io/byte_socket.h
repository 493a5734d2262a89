// Bytes over a connected socket, with deadlines. The socket may be blocking or not.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"

namespace evenkeel::io {

// Receives at least one and at most `room` bytes.
// Errors: timed_out    none came until the deadline; the connection is as it was;
//         unavailable  the peer closed or reset the connection.
Result<std::size_t> receive(int fd, char* to, std::size_t room, Deadline deadline);

// Sends all of `bytes`. Errors: timed_out  part of it may have been sent;  unavailable  as above.
Result<> send_all(int fd, std::string_view bytes, Deadline deadline);

}  // namespace evenkeel::io
