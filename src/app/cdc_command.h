// `evenkeel cdc`: one change stream in the foreground, with Maxwell's options.
#pragma once

#include <string>

#include "cdc/config.h"

namespace evenkeel::app {

struct CdcArgs {
    cdc::StreamConfig stream{};
    std::string data_dir{};  // Empty: no checkpoint is kept.
    std::string log_level = "info";
};

// Runs until the stream ends or a signal arrives. Returns the exit status.
int run_cdc(const CdcArgs& args);

}  // namespace evenkeel::app
