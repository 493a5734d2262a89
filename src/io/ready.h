// Waits for one open descriptor, with a deadline.
#pragma once

#include "base/instant.h"

namespace evenkeel::io {

// `events` as poll(2) has them: POLLIN, POLLOUT. False: the deadline came first.
bool ready(int fd, short events, Deadline deadline);

}  // namespace evenkeel::io
