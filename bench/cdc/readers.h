// The two readers of ours that are compared. Each runs in a process of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::bench {

struct ReadTask {
    ServerId server{};
    sql::Credentials who{};
    std::string begin{};  // GTID positions.
    std::string end{};
};

// The product's stream, with its defaults, to the null device. Returns the number of rows. It is
// left running: call it once, in a process that ends soon.
Result<std::uint64_t> read_as_stream(const ReadTask& task);

// The limit of one connection: the same loop of socket and packets, looking at event headers only.
// Returns the number of events.
Result<std::uint64_t> read_and_count(const ReadTask& task);

}  // namespace evenkeel::bench
