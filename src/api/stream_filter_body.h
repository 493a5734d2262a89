// The body of a request that sets a filter: {"filter":"exclude: a.*"}, as Maxwell has it. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace evenkeel::api {

// Nothing: the configured filter. Errors: invalid  what the body should be.
Result<std::optional<std::string>> filter_in_body(const std::string& body);

}  // namespace evenkeel::api
