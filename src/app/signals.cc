#include "app/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "io/clock.h"

namespace evenkeel::app {

Signals::Signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    fd_ = io::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::optional<int> Signals::wait(Deadline deadline) {
    while (true) {
        signalfd_siginfo info{};
        if (::read(fd(), &info, sizeof info) == sizeof info) {
            return static_cast<int>(info.ssi_signo);
        }
        pollfd poll{fd(), POLLIN, 0};
        const int ready = ::poll(&poll, 1, static_cast<int>(deadline.left(io::now()).count()));
        if (ready == 0 || (ready < 0 && errno != EINTR)) return {};
    }
}

}  // namespace evenkeel::app
