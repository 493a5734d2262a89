// `evenkeel cdc`: one change stream in the foreground, with Maxwell's options; alone, or as one of
// several processes of which one streams.
#pragma once

#include <string>

#include "app/ha_options.h"
#include "cdc/config.h"

namespace evenkeel::app {

struct CdcArgs {
    cdc::StreamConfig stream{};
    std::string data_dir{};  // Empty: no checkpoint is kept, but for `ha`'s.
    HaConfig ha{};           // Of several processes with this stream's name, one streams.
    std::string log_level = "info";
};

// Runs until the stream ends or a signal arrives. Returns the exit status.
int run_cdc(const CdcArgs& args);

}  // namespace evenkeel::app
