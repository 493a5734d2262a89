#include "tests/support/eventually.h"

#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::test {

bool eventually(Millis limit, const std::function<bool()>& condition) {
    const Deadline deadline = io::within(limit);
    io::StopToken pause;
    while (!condition()) {
        if (deadline.passed(io::now())) return condition();
        pause.wait_for(Millis(10));
    }
    return true;
}

}  // namespace evenkeel::test
