// The two readers of ours that are compared. Each runs in a process of its own.
#pragma once

#include <cstdint>
#include <string>

#include "base/instant.h"
#include "base/result.h"
#include "io/fd.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::bench {

struct ReadTask {
    ServerId server{};
    sql::Credentials who{};
    std::string begin{};  // GTID positions.
    std::string end{};
    // The stream knows nothing of the tables yet: as the binlog does not name columns, it reads it
    // for statements that altered them, before its first row. False: as one that goes on.
    bool first_start = false;
};

// The product's stream, with its defaults, to the null device. Returns the number of rows. It looks
// every `pause` whether the end is reached. It is left running: call it once, in a process that
// ends soon.
Result<std::uint64_t> read_as_stream(const ReadTask& task, Millis pause);

// The limit of one connection: the same loop of socket and packets, looking at event headers only.
// Returns the number of events.
Result<std::uint64_t> read_and_count(const ReadTask& task);

// A connection on which the server sends its binlog from `task.begin`, to its end or for ever.
enum class Dump : std::uint16_t { live = 0, to_the_end = 1 };  // The command's flags.
Result<io::Fd> open_dump(const ReadTask& task, Dump kind, Deadline deadline);

}  // namespace evenkeel::bench
