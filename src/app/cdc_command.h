// `evenkeel cdc`: one change stream in the foreground, with Maxwell's options; alone, or as one of
// several processes of which one streams.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/ha_options.h"
#include "cdc/config.h"

namespace evenkeel::app {

// The HTTP side of a stream in the foreground; Maxwell's paths.
struct CdcHttp {
    bool on = false;
    std::string bind = "0.0.0.0";
    std::uint16_t port = 8080;
    std::string prefix = "/";
    bool config = false;  // /config shows and changes the filter.
    std::string user{};   // Who may change it from another host; without one nobody may.
    std::string password{};
    std::string metrics_prefix = "MaxwellMetrics";
};

struct CdcArgs {
    cdc::StreamConfig stream{};
    std::string data_dir{};  // Empty: no checkpoint is kept, but for `ha`'s.
    HaConfig ha{};           // Of several processes with this stream's name, one streams.
    std::string log_level = "info";
    CdcHttp http{};
    std::vector<std::string> notes{};  // About options that have no effect; for the log.
};

// Runs until the stream ends or a signal arrives. Returns the exit status.
int run_cdc(const CdcArgs& args);

}  // namespace evenkeel::app
