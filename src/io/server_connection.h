// One accepted connection, plain or TLS, on which every wait has a deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/instant.h"
#include "base/result.h"
#include "io/fd.h"

struct ssl_st;      // OpenSSL's SSL.
struct ssl_ctx_st;  // Its SSL_CTX.

namespace evenkeel::io {

struct PeerAddress {
    std::string host{};  // Numeric.
    std::uint16_t port = 0;
};

// One thread uses it; cut() may come from any.
class ServerConnection {
public:
    explicit ServerConnection(Fd fd) : fd_(std::move(fd)) {}  // Non-blocking.
    ~ServerConnection();
    ServerConnection(const ServerConnection&) = delete;
    ServerConnection& operator=(const ServerConnection&) = delete;

    // The TLS handshake. Errors: denied  the other side speaks no TLS, or its certificate is not
    // accepted;  timed_out.
    Result<> accept_tls(std::shared_ptr<ssl_ctx_st> context, Deadline deadline);

    // At least one byte. Errors: timed_out;  unavailable  the other side closed it, or it broke.
    Result<std::size_t> read(char* to, std::size_t room, Deadline deadline);
    // All of it. Errors: as read(); part of it may have been sent.
    Result<> write(std::string_view bytes, Deadline deadline);
    // True when read() has something to say, be it the end.
    bool wait_readable(Deadline deadline);
    // Ends it so that the other side gets what was written: a close() with unread bytes would make
    // the kernel take that back.
    void finish(Deadline deadline);
    // Whoever reads or writes gets an error at once.
    void cut();

    PeerAddress peer() const;
    PeerAddress local() const;
    int fd() const { return fd_.get(); }

private:
    Result<> wait_for(int tls_code, const char* operation, Deadline deadline);

    Fd fd_;
    std::shared_ptr<ssl_ctx_st> context_;
    ssl_st* tls_ = nullptr;
};

}  // namespace evenkeel::io
