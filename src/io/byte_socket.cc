#include "io/byte_socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <string>

#include "io/ready.h"

namespace evenkeel::io {
namespace {

Error lost(const char* operation) {
    return {Errc::unavailable, std::string(operation) + ": " + ::strerror(errno)};
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

Result<std::size_t> receive(int fd, char* to, std::size_t room, Deadline deadline) {
    for (;;) {
        // Try first: on a busy connection bytes are there already, and poll is a call for nothing.
        const ssize_t got = ::recv(fd, to, room, MSG_DONTWAIT);
        if (got > 0) return static_cast<std::size_t>(got);
        if (got == 0) return Error{Errc::unavailable, "receive: the peer closed the connection"};
        if (errno == EINTR) continue;
        if (!would_block()) return lost("receive");
        if (!ready(fd, POLLIN, deadline)) return Error{Errc::timed_out, "receive: nothing came"};
    }
}

Result<> send_all(int fd, std::string_view bytes, Deadline deadline) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (would_block()) {
            if (!ready(fd, POLLOUT, deadline)) return Error{Errc::timed_out, "send: no room"};
        } else if (errno != EINTR) {
            return lost("send");
        }
    }
    return {};
}

}  // namespace evenkeel::io
