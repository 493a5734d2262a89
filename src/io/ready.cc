#include "io/ready.h"

#include <poll.h>

#include <algorithm>

#include "io/clock.h"

namespace evenkeel::io {

bool ready(int fd, short events, Deadline deadline) {
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    for (;;) {
        const Millis left = std::min(deadline.left(now()), Millis{60'000});
        if (::poll(&entry, 1, static_cast<int>(left.count())) > 0) return true;
        if (deadline.passed(now())) return false;
    }
}

}  // namespace evenkeel::io
