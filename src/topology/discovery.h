// Probes servers on a few threads, over connections that are kept open.
#pragma once

#include <functional>
#include <map>

#include "base/mutex.h"
#include "sql/connection.h"
#include "topology/config.h"
#include "topology/view.h"
#include "topology/work_pool.h"

namespace evenkeel::topology {

// Outcome of one probe. `view` has no health yet: it is alive when there is a view; otherwise the
// error's code says how it is not.
struct Probe {
    ServerId server{};
    Instant started{};
    Instant ended{};
    Result<ServerView> view{};
};

// Thread-safe. `on_probe` runs on the pool's threads.
class Discovery {
public:
    Discovery(const ClusterConfig& config, std::function<void(Probe)> on_probe);
    // Probes soon, within `limit`. `fresh`: over a new connection, to see whether one is accepted.
    // False when too many probes wait.
    [[nodiscard]] bool request(const ServerId& server, Millis limit, bool fresh);

private:
    void run(const ServerId& server, Millis limit, bool fresh);
    Result<ServerView> ask(const ServerId& server, Deadline deadline, bool fresh);
    sql::Connection take_kept(const ServerId& server);

    const sql::Credentials credentials_;
    const std::function<void(Probe)> on_probe_;
    Mutex mutex_;
    std::map<ServerId, sql::Connection> kept_ EK_GUARDED_BY(mutex_);
    WorkPool pool_;  // Last: its threads use what is above.
};

}  // namespace evenkeel::topology
