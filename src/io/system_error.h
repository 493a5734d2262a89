// The system's reason for a call that just failed.
#pragma once

#include <string_view>

#include "base/result.h"

namespace evenkeel::io {

// From errno: "<operation> <path>: <reason>". not_found, denied, or unavailable for all else.
Error system_error(std::string_view operation, std::string_view path);

}  // namespace evenkeel::io
