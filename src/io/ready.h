// Waits for one open descriptor, with a deadline.
#pragma once

#include "base/instant.h"

namespace evenkeel::io {

// `events` as poll(2) has them: POLLIN, POLLOUT. What happened, also POLLERR and POLLHUP; 0: the
// deadline came first, or it cannot be waited for.
short ready(int fd, short events, Deadline deadline);

}  // namespace evenkeel::io
