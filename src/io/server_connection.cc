#include "io/server_connection.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "io/byte_socket.h"
#include "io/clock.h"
#include "io/ready.h"

namespace evenkeel::io {
namespace {

std::string tls_reason() {
    const unsigned long code = ::ERR_peek_last_error();
    const char* text = code == 0 ? nullptr : ::ERR_reason_error_string(code);
    ::ERR_clear_error();
    return text == nullptr ? "the connection ended" : text;
}

PeerAddress to_address(const sockaddr_storage& from, socklen_t size) {
    char host[NI_MAXHOST] = "";
    ::getnameinfo(reinterpret_cast<const sockaddr*>(&from), size, host, sizeof host, nullptr, 0,
                  NI_NUMERICHOST);
    // At the same place for both families.
    return {host, ntohs(reinterpret_cast<const sockaddr_in6*>(&from)->sin6_port)};
}

}  // namespace

ServerConnection::~ServerConnection() {
    ::SSL_free(tls_);
}

// What a TLS call that returned `tls_code` waits for.
Result<> ServerConnection::wait_for(int tls_code, const char* operation, Deadline deadline) {
    const int error = ::SSL_get_error(tls_, tls_code);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        return Error{Errc::unavailable, fmt::format("{}: {}", operation, tls_reason())};
    }
    if (ready(fd_.get(), error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) return {};
    return Error{Errc::timed_out, fmt::format("{}: no answer in time", operation)};
}

Result<> ServerConnection::accept_tls(std::shared_ptr<ssl_ctx_st> context, Deadline deadline) {
    context_ = std::move(context);
    tls_ = ::SSL_new(context_.get());
    if (tls_ == nullptr || ::SSL_set_fd(tls_, fd_.get()) != 1) {
        return Error{Errc::unavailable, "accept TLS: " + tls_reason()};
    }
    for (;;) {
        ::ERR_clear_error();
        const int code = ::SSL_accept(tls_);
        if (code == 1) return {};
        const auto waited = wait_for(code, "accept TLS", deadline);
        if (waited) continue;
        Error error = waited.error();
        if (error.code == Errc::unavailable) error.code = Errc::denied;
        return error;
    }
}

Result<std::size_t> ServerConnection::read(char* to, std::size_t room, Deadline deadline) {
    if (tls_ == nullptr) return receive(fd_.get(), to, room, deadline);
    for (;;) {
        // A peer that sends records without content keeps this loop busy otherwise.
        if (deadline.passed(now())) return Error{Errc::timed_out, "receive: no time left"};
        std::size_t got = 0;
        ::ERR_clear_error();  // What this thread's other connections left there.
        const int code = ::SSL_read_ex(tls_, to, room, &got);
        if (code == 1) return got;
        EK_TRY_VOID(wait_for(code, "receive", deadline));
    }
}

Result<> ServerConnection::write(std::string_view bytes, Deadline deadline) {
    if (tls_ == nullptr) return send_all(fd_.get(), bytes, deadline);
    while (!bytes.empty()) {
        if (deadline.passed(now())) return Error{Errc::timed_out, "send: no time left"};
        std::size_t sent = 0;
        ::ERR_clear_error();
        const int code = ::SSL_write_ex(tls_, bytes.data(), bytes.size(), &sent);
        if (code == 1) {
            bytes.remove_prefix(sent);
            continue;
        }
        EK_TRY_VOID(wait_for(code, "send", deadline));
    }
    return {};
}

bool ServerConnection::wait_readable(Deadline deadline) {
    if (tls_ != nullptr && ::SSL_pending(tls_) > 0) return true;
    return ready(fd_.get(), POLLIN, deadline) != 0;
}

void ServerConnection::finish(Deadline deadline) {
    if (tls_ != nullptr && ::SSL_is_init_finished(tls_) == 1) ::SSL_shutdown(tls_);
    ::ERR_clear_error();
    ::shutdown(fd_.get(), SHUT_WR);
    char rest[4096];
    constexpr int kReadsMax = 64;
    for (int i = 0; i < kReadsMax && !deadline.passed(now()); ++i) {
        if (!receive(fd_.get(), rest, sizeof rest, deadline)) return;
    }
}

void ServerConnection::cut() {
    ::shutdown(fd_.get(), SHUT_RDWR);
}

PeerAddress ServerConnection::peer() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getpeername(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    return to_address(address, size);
}

PeerAddress ServerConnection::local() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    return to_address(address, size);
}

}  // namespace evenkeel::io
