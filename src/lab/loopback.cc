#include "lab/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>

#include "io/byte_socket.h"
#include "io/clock.h"

namespace evenkeel::lab {
namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void no_delay(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

io::Fd listen_on_loopback(int port) {
    io::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd.get(), 64) != 0) {
        return {};
    }
    return fd;
}

io::Fd accept_now(int listener) {
    io::Fd fd(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) no_delay(fd.get());
    return fd;
}

io::Fd connect_to_loopback(int port) {
    // On loopback the answer to a connect is there at once, so this may block.
    io::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return {};
    }
    no_delay(fd.get());
    return fd;
}

std::string ask_loopback(int port, const std::string& request, Millis limit) {
    const Deadline deadline = io::within(limit);
    const io::Fd fd = connect_to_loopback(port);
    if (!fd.valid() || !io::send_all(fd.get(), request, deadline)) return {};
    std::string answer;
    std::array<char, 4096> room{};
    while (true) {
        const auto got = io::receive(fd.get(), room.data(), room.size(), deadline);
        if (!got) return got.error().code == Errc::unavailable ? answer : "";
        answer.append(room.data(), *got);
    }
}

}  // namespace evenkeel::lab
