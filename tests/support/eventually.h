// Waits in tests for something that a server or a thread will do.
#pragma once

#include <functional>

#include "base/instant.h"

namespace evenkeel::test {

// Asks every 10 ms until `condition` holds; false when it did not within `limit`.
[[nodiscard]] bool eventually(Millis limit, const std::function<bool()>& condition);

}  // namespace evenkeel::test
