#include "io/ready.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>

#include "io/clock.h"

namespace evenkeel::io {

short ready(int fd, short events, Deadline deadline) {
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    for (;;) {
        const Millis left = std::min(deadline.left(now()), Millis{60'000});
        const int count = ::poll(&entry, 1, static_cast<int>(left.count()));
        if (count > 0) return entry.revents;
        if (count < 0 && errno != EINTR) return 0;
        if (deadline.passed(now())) return 0;
    }
}

}  // namespace evenkeel::io
