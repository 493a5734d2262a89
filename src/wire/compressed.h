// MariaDB's two uses of zlib inside the binlog: event bodies (log_bin_compress) and column values
// (the COMPRESSED attribute).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace evenkeel::wire {

// Replaces `out` by the content of a compressed part of an event.
// Errors: corrupt  unknown method, damaged, or longer than its header or 1 GiB.
Result<> uncompress_event_part(std::string_view part, std::string& out);

// Replaces `out` by the content of a value of a COMPRESSED column. Errors: as above.
Result<> uncompress_column(std::string_view value, std::string& out);

}  // namespace evenkeel::wire
