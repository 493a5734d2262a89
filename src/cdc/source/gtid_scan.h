// Which MySQL transactions lie before a place in a server's files: what a stream has to exclude
// that is to start there. The server has no function for it, so the file is read up to that place.
#pragma once

#include "base/instant.h"
#include "base/result.h"
#include "cdc/config.h"
#include "model/binlog_position.h"
#include "model/server_id.h"

namespace evenkeel::cdc {

// Errors: invalid  a transaction without GTID lies before it in its file;  others  those of a
// Source.
Result<BinlogPosition> scan_gtids(const StreamConfig& config, const ServerId& server,
                                  const FilePosition& place, Deadline deadline);

}  // namespace evenkeel::cdc
