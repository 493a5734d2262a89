// The engine of a node without a group: an SQLite file, one process, the same semantics.
#pragma once

#include <memory>
#include <string>

#include "coord/engine.h"

namespace evenkeel::coord {

// `path` is made when missing; ":memory:" keeps nothing.
// Errors: corrupt   the file is damaged or not ours: the text says what to do;
//         conflict  another process uses it; denied, unavailable  the system's reason.
Result<std::unique_ptr<Engine>> open_local_engine(const std::string& path);

}  // namespace evenkeel::coord
