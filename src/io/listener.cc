#include "io/listener.h"

#include <errno.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <memory>

#include "io/clock.h"

namespace evenkeel::io {
namespace {

constexpr int kBacklog = 512;

std::string shown(const std::string& host, std::uint16_t port) {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

Error cannot_listen(const std::string& host, std::uint16_t port, int code) {
    const Errc errc = code == EADDRINUSE                ? Errc::conflict
                      : code == EACCES || code == EPERM ? Errc::denied
                                                        : Errc::invalid;
    return {errc, fmt::format("listen on {}: {}", shown(host, port),
                              code == EADDRINUSE ? "the port is in use" : ::strerror(code))};
}

Fd bound(const addrinfo& to) {
    Fd fd(::socket(to.ai_family, to.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to.ai_protocol));
    if (!fd.valid()) return {};
    const int on = 1;
    const int off = 0;
    // Not SO_REUSEPORT, with which two nodes would share one port in silence.
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (to.ai_family == AF_INET6) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (::bind(fd.get(), to.ai_addr, to.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) {
        const int code = errno;
        fd.reset();
        errno = code;
    }
    return fd;
}

// Errors that belong to one connection, which is gone; accept(2) lists them.
bool only_that_connection(int code) {
    return code == EINTR || code == ECONNABORTED || code == EPROTO || code == ENETDOWN ||
           code == EHOSTDOWN || code == EHOSTUNREACH || code == ENETUNREACH || code == EPERM ||
           code == ENOPROTOOPT || code == ENONET || code == EOPNOTSUPP;
}

}  // namespace

Result<Listener> Listener::open(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (code != 0) {
        return Error{Errc::invalid,
                     fmt::format("listen on {}: {}", shown(host, port), ::gai_strerror(code))};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
    int last = EADDRNOTAVAIL;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        Fd fd = bound(*each);
        if (fd.valid()) return Listener(std::move(fd));
        last = errno;
    }
    return cannot_listen(host, port, last);
}

Result<Fd> Listener::accept(Deadline deadline) {
    for (;;) {
        Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (fd.valid()) {
            const int on = 1;
            ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return fd;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK) {
            if (only_that_connection(errno)) continue;
            return Error{Errc::unavailable,
                         std::string("accept a connection: ") + ::strerror(errno)};
        }
        const Millis left = deadline.left(now());
        if (left == Millis{0}) return Error{Errc::timed_out, "accept a connection: none came"};
        pollfd entry{.fd = fd_.get(), .events = POLLIN, .revents = 0};
        ::poll(&entry, 1, static_cast<int>(std::min(left, Millis{60'000}).count()));
    }
}

std::uint16_t Listener::port() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    return ntohs(v6->sin6_port);  // At the same place in an IPv4 address.
}

}  // namespace evenkeel::io
