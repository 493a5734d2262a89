// How the program and its worker say why they ended. Values of sysexits(3) where one fits.
#pragma once

namespace evenkeel::app {

enum ExitStatus : int {
    kOk = 0,
    kFailed = 1,        // It did not work; what is on stderr.
    kUsage = 64,        // Wrong command line.
    kCannotJoin = 75,   // The node could not join its group in time; starting it again may help.
    kNeedsPerson = 78,  // Configuration or state has to be repaired first.
};

}  // namespace evenkeel::app
