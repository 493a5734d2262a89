// The engine that a configuration asks for.
#pragma once

#include <memory>

#include "base/result.h"
#include "coord/config.h"
#include "coord/engine.h"

namespace evenkeel::coord {

// local: the file data_dir/state.db. raft: the node's own etcd member, which need not run yet.
// Errors: as open_local_engine().
Result<std::unique_ptr<Engine>> open_engine(const Config& config);

}  // namespace evenkeel::coord
