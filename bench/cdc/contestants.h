// Who is compared: for each reader of a binlog its name, the command that runs it and how far it is
// trusted to get in reasonable time. Starts nothing itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/cdc/data_sets.h"
#include "bench/cdc/options.h"
#include "lab/server.h"

namespace evenkeel::bench {

enum class Who {
    ours,
    ours_tls,
    ours_first,
    count,
    raw,
    verbose,
    go_decode,
    go_json,
    zongji,
    debezium,
    python
};

struct Contestant {
    Who who = Who::ours;
    std::string name{};
    bool only_a_part = false;  // Reads a smaller binlog of the same kind; rates are per row.
    bool once = false;         // Too slow for a median.
    bool counts_rows = false;  // Its count has to be the same as ours.
    std::string missing{};     // Why it cannot run here; empty: it can.
    // Reads one binlog file, of which `rows` is known from our own run (0: not yet).
    std::function<std::vector<std::string>(const Recorded& where, std::uint64_t rows)> command{};
};

// Ours comes first: the others need its number of rows. `folder` is for what mariadb-binlog --raw
// writes (see make_raw_sink()).
std::vector<Contestant> contestants(const lab::Server& server, const Options& options,
                                    const std::string& folder);

// mariadb-binlog --raw writes a file of the binlog's name: makes that a link to the null device.
Result<> make_raw_sink(const std::string& folder, const Recorded& where);

}  // namespace evenkeel::bench
