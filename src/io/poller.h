// Waits on many sockets with one thread (epoll), and moves bytes without ever waiting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "io/fd.h"

namespace evenkeel::io {

// One thread waits; wake() may be called by any.
class Poller {
public:
    struct Event {
        std::uint64_t key = 0;
        bool readable = false;
        bool ended = false;  // The peer closed or reset the connection.
    };

    Poller();
    // `key` comes back with the events of `fd`; it must not be UINT64_MAX.
    void watch(int fd, std::uint64_t key);
    void forget(int fd);
    // Returns early on an event or a wake().
    std::vector<Event> wait(Millis limit);
    void wake();

private:
    Fd epoll_;
    Fd wake_;
};

// All of `bytes` fitted into the socket's buffer.
bool send_now(int fd, std::string_view bytes);
// What has arrived, at most `bytes_max`; empty for nothing, an end or an error.
std::string receive_now(int fd, std::size_t bytes_max);
// The error that a socket met, in words; "closed by the peer" when there is none.
std::string socket_error(int fd);

}  // namespace evenkeel::io
