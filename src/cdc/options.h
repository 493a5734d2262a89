// The options of a single stream in the foreground (`evenkeel cdc`), under Maxwell's names. The
// command line is made from this table and nothing else, so help and behaviour cannot disagree.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/config.h"

namespace evenkeel::cdc {

struct Option {
    std::string name{};
    std::string help{};
    std::string default_text{};  // Empty: none.
    bool is_switch = false;      // Given without a value it means true.
    // Errors: invalid  says what would be right.
    Result<> (*set)(StreamConfig&, const std::string& value) = nullptr;
};

const std::vector<Option>& stream_options();

// Errors: invalid  an unknown option (with the nearest name), a bad value, or options that do not
// go
//                  together.
Result<StreamConfig> stream_config_from(const std::map<std::string, std::string>& values);

}  // namespace evenkeel::cdc
