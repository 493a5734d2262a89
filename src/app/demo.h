// `evenkeel demo`: a whole world on loopback whose primary and leading node are killed, and a count
// of what was lost. Everything that it starts dies with it.
#pragma once

#include "base/instant.h"

namespace evenkeel::app {

struct DemoArgs {
    int rounds = 1;
    int writers = 4;
    Millis settle{3000};  // Load between two events.
    bool json = false;
    bool keep = false;
};

// Returns the exit status: kOk only if nothing was lost or repeated.
int run_demo(const DemoArgs& args);

}  // namespace evenkeel::app
