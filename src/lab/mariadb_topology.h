// A primary and its replicas: real MariaDB servers on loopback, with GTID and semi-sync.
// Not thread-safe. The servers die with the thread that started them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "lab/server.h"

namespace evenkeel::lab {

struct TopologyConfig {
    std::string folder{};  // All data and logs are below it.
    int replicas = 2;
    // The primary answers a commit after a replica has it (AFTER_SYNC), however long that takes.
    bool semi_sync = true;
    std::vector<std::string> options{};  // For every mariadbd; the last one wins.
};

class MariadbTopology {
public:
    // Starts the servers db1 (the primary, the only one that takes writes), db2, ... with server
    // ids 1, 2, ..., and waits until every replica replicates. Takes about a second.
    // Errors: not_found  no MariaDB on this machine; unavailable, timed_out  the text has the
    // cause.
    static Result<MariadbTopology> start(const TopologyConfig& config, Deadline deadline);

    // In the order of their start: 0 is the first primary, whatever was promoted since.
    Server& server(std::size_t index) { return servers_.at(index); }
    std::size_t size() const { return servers_.size(); }
    // Null when no server has that address.
    Server* find(const ServerId& id);
    const Accounts& accounts() const { return servers_.front().accounts(); }
    const std::string& folder() const { return config_.folder; }

    // SIGTERM to all at once, SIGKILL to who has not ended within `grace`.
    void stop(Millis grace = Millis(10'000));

private:
    TopologyConfig config_;
    std::vector<Server> servers_;
};

// Makes `replica` follow `primary` by GTID from where it is, and starts replication. MySQL too.
Result<> follow(const Server& replica, const Server& primary, Deadline deadline);
// Waits until both replication threads of `replica` run.
Result<> wait_replicating(const Server& replica, Deadline deadline);

}  // namespace evenkeel::lab
