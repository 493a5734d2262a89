#include "sql/greeting.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "io/clock.h"
#include "io/ready.h"

namespace evenkeel::sql {

Greeting look_at_greeting(std::string_view bytes) {
    constexpr std::size_t kHead = 4;
    constexpr char kProtocol = 10;
    constexpr unsigned kTls = 0x0800;
    if (bytes.size() <= kHead) return Greeting::incomplete;
    if (bytes[kHead] != kProtocol) return Greeting::other;
    const std::size_t version_end = bytes.find('\0', kHead + 1);
    // Then the thread's number, the first part of the challenge and a zero.
    const std::size_t at = version_end + 1 + 4 + 8 + 1;
    if (version_end == std::string_view::npos || bytes.size() < at + 2) {
        return bytes.size() < kGreetingBytes ? Greeting::incomplete : Greeting::other;
    }
    const unsigned capabilities = static_cast<unsigned char>(bytes[at]) |
                                  static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 1]))
                                      << 8;
    return (capabilities & kTls) != 0 ? Greeting::tls : Greeting::plain;
}

Greeting await_greeting(int socket, Deadline deadline) {
    std::array<char, kGreetingBytes> room;
    while (const short happened = io::ready(socket, POLLIN, deadline)) {
        // To receive would take the error away from the library.
        if ((happened & (POLLERR | POLLNVAL)) != 0) return Greeting::failed;
        const ssize_t got = ::recv(socket, room.data(), room.size(), MSG_PEEK | MSG_DONTWAIT);
        if (got == 0) return Greeting::failed;
        const std::size_t size = got > 0 ? static_cast<std::size_t>(got) : 0;
        const Greeting greeting = look_at_greeting({room.data(), size});
        if (greeting != Greeting::incomplete || deadline.passed(io::now())) return greeting;
        ::poll(nullptr, 0, 1);  // The rest of it is on its way.
    }
    return Greeting::incomplete;
}

}  // namespace evenkeel::sql
