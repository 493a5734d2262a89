#include "io/system_error.h"

#include <errno.h>
#include <fmt/core.h>
#include <string.h>

namespace evenkeel::io {

Error system_error(std::string_view operation, std::string_view path) {
    const int code = errno;
    const Errc errc = code == ENOENT                    ? Errc::not_found
                      : code == EACCES || code == EPERM ? Errc::denied
                                                        : Errc::unavailable;
    return {errc, fmt::format("{} {}: {}", operation, path, ::strerror(code))};
}

}  // namespace evenkeel::io
