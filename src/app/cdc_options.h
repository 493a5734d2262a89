// Options of `evenkeel cdc` from where Maxwell takes them: the command line before the environment
// before config.properties before defaults. Pure: files and environment are passed in.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "app/cdc_command.h"
#include "base/result.h"
#include "cdc/options/options.h"

namespace evenkeel::app {

struct Surroundings {
    // Errors: not_found and others.
    std::function<Result<std::string>(const std::string& path)> read_file{};
    std::map<std::string, std::string> environment{};
};

// Those of the stream and those of the process.
const std::vector<cdc::Option>& cdc_options();

// `arguments`: behind `cdc`. Errors: invalid  everything that is wrong, a line each, with where it
// stands.
Result<CdcArgs> cdc_args_from(const std::vector<std::string>& arguments,
                              const Surroundings& surroundings);

// For `evenkeel cdc --help`.
std::string cdc_help();
// docs/reference/maxwell-options.md.
std::string cdc_option_reference();

}  // namespace evenkeel::app
