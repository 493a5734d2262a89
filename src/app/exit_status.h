// How the program and its worker say why they ended. Values of sysexits(3) where one fits.
#pragma once

namespace evenkeel::app {

inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;  // It did not work; what is on stderr.
inline constexpr int kUsage = 64;  // Wrong command line.
// The node could not join its group in time; starting it again may help.
inline constexpr int kCannotJoin = 75;
inline constexpr int kNeedsPerson = 78;  // Configuration or state has to be repaired first.

// For help texts.
inline constexpr const char* kExitStatusHelp =
    "EXIT STATUS\n"
    "  0   success\n"
    "  1   it did not work; stderr says why\n"
    "  64  wrong command line\n"
    "  75  the node could not join its group in time\n"
    "  78  configuration or state has to be repaired by a person\n";

}  // namespace evenkeel::app
