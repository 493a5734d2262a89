#include "io/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <system_error>

#include "base/check.h"

namespace evenkeel::io {
namespace {

constexpr std::uint64_t kWakeKey = UINT64_MAX;

}  // namespace

Poller::Poller()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    EK_CHECK(epoll_.valid() && wake_.valid(), "out of file descriptors");
    watch(wake_.get(), kWakeKey);
}

void Poller::watch(int fd, std::uint64_t key) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.u64 = key;
    EK_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0, "watch a bad descriptor");
}

void Poller::forget(int fd) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::vector<Poller::Event> Poller::wait(Millis limit) {
    std::array<epoll_event, 64> ready{};
    const int count = epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()),
                                 static_cast<int>(limit.count()));
    std::vector<Event> events;
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = ready[static_cast<std::size_t>(i)];
        if (event.data.u64 == kWakeKey) {
            std::uint64_t wakes = 0;
            [[maybe_unused]] const auto drained = ::read(wake_.get(), &wakes, sizeof wakes);
            continue;
        }
        events.push_back({.key = event.data.u64,
                          .readable = (event.events & EPOLLIN) != 0,
                          .ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0});
    }
    return events;
}

void Poller::wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

bool send_now(int fd, std::string_view bytes) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == static_cast<ssize_t>(bytes.size());
}

std::string receive_now(int fd, std::size_t bytes_max) {
    std::string bytes(bytes_max, '\0');
    const auto received = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(received > 0 ? static_cast<std::size_t>(received) : 0);
    return bytes;
}

std::string socket_error(int fd) {
    int number = 0;
    socklen_t size = sizeof number;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) != 0 || number == 0) {
        return "closed by the peer";
    }
    return std::generic_category().message(number);
}

}  // namespace evenkeel::io
