// The verbs `backup` and `restore`: a group's facts to a file, and back into any group.
#pragma once

#include <string>

namespace evenkeel::app {

struct BackupArgs {
    std::string config{};
    std::string output{};  // Empty: stdout.
};

struct RestoreArgs {
    std::string file{};
    std::string config{};
    bool force = false;
};

// Return the exit status; problems go to stderr.
int run_backup(const BackupArgs& args);
int run_restore(const RestoreArgs& args);

}  // namespace evenkeel::app
