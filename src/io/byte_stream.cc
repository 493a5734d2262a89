#include "io/byte_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>

#include <algorithm>
#include <climits>
#include <string>

#include "io/byte_socket.h"
#include "io/ready.h"

namespace evenkeel::io {
namespace {

class PlainStream : public ByteStream {
public:
    explicit PlainStream(Fd socket) : socket_(std::move(socket)) {}
    Result<std::size_t> receive(char* to, std::size_t room, Deadline deadline) override {
        return io::receive(socket_.get(), to, room, deadline);
    }
    Result<> send_all(std::string_view bytes, Deadline deadline) override {
        return io::send_all(socket_.get(), bytes, deadline);
    }

private:
    Fd socket_;
};

class TlsStream : public ByteStream {
public:
    TlsStream(SSL* ssl, int fd, std::shared_ptr<void> owner)
        : owner_(std::move(owner)), ssl_(ssl), fd_(fd) {
        fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
        SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        // A record with its head in one call.
        SSL_set_read_ahead(ssl_, 1);
    }

    Result<std::size_t> receive(char* to, std::size_t room, Deadline deadline) override {
        for (;;) {
            const std::size_t got = read_records(to, room);
            if (got > 0) return got;
            EK_TRY_VOID(wait("receive", deadline));
        }
    }

    Result<> send_all(std::string_view bytes, Deadline deadline) override {
        while (!bytes.empty()) {
            ERR_clear_error();
            const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), INT_MAX));
            result_ = SSL_write(ssl_, bytes.data(), size);
            if (result_ > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(result_));
                continue;
            }
            EK_TRY_VOID(wait("send", deadline));
        }
        return {};
    }

private:
    // As many records as are there and fit; 0: result_ says why.
    std::size_t read_records(char* to, std::size_t room) {
        std::size_t got = 0;
        do {
            ERR_clear_error();
            const int size = static_cast<int>(std::min<std::size_t>(room - got, INT_MAX));
            result_ = SSL_read(ssl_, to + got, size);
            if (result_ <= 0) break;
            got += static_cast<std::size_t>(result_);
        } while (got < room);
        return got;
    }

    // For what the last call needs to go on. TLS may have to write in order to read.
    Result<> wait(const char* operation, Deadline deadline) {
        const int why = SSL_get_error(ssl_, result_);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return lost(operation, why);
        const short events = why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        if (ready(fd_, events, deadline)) return {};
        return Error{Errc::timed_out, std::string(operation) + ": nothing came"};
    }

    static Error lost(const char* operation, int why) {
        const unsigned long code = ERR_peek_error();
        std::string text = "the peer closed the connection";
        if (why == SSL_ERROR_SYSCALL && errno != 0) text = ::strerror(errno);
        if (code != 0 && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            const char* reason = ERR_reason_error_string(code);
            text = std::string("TLS: ") + (reason != nullptr ? reason : "unknown error");
        }
        return {Errc::unavailable, std::string(operation) + ": " + text};
    }

    std::shared_ptr<void> owner_;
    SSL* ssl_;
    int fd_;
    int result_ = 0;
};

}  // namespace

std::unique_ptr<ByteStream> plain_stream(Fd socket) {
    return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<ByteStream> tls_stream(ssl_st* ssl, int fd, std::shared_ptr<void> owner) {
    return std::make_unique<TlsStream>(ssl, fd, std::move(owner));
}

}  // namespace evenkeel::io
