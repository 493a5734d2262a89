// A connection as a stream of bytes, with deadlines: plain or through TLS.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "io/fd.h"

struct ssl_st;  // OpenSSL's SSL.

namespace evenkeel::io {

// Not thread-safe.
class ByteStream {
public:
    virtual ~ByteStream() = default;
    // At least one and at most `room` bytes.
    // Errors: timed_out    none came until the deadline; the connection is as it was;
    //         unavailable  the peer closed or reset the connection, or TLS failed.
    virtual Result<std::size_t> receive(char* to, std::size_t room, Deadline deadline) = 0;
    // All of `bytes`. Errors: timed_out  part of it may have been sent;  unavailable  as above.
    virtual Result<> send_all(std::string_view bytes, Deadline deadline) = 0;
};

std::unique_ptr<ByteStream> plain_stream(Fd socket);

// Over an established session of a library that keeps it: `owner` holds what frees `ssl`, whose
// socket is `fd`, and goes with the stream. The socket is made non-blocking.
std::unique_ptr<ByteStream> tls_stream(ssl_st* ssl, int fd, std::shared_ptr<void> owner);

}  // namespace evenkeel::io
