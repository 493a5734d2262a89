// The connections that an HTTP listener has open, and which of them may be ended: whoever is
// waited for gives way to whoever has something to say.
#pragma once

#include <map>

#include "base/instant.h"
#include "base/mutex.h"
#include "io/server_connection.h"

namespace evenkeel::api {

// Thread-safe.
class OpenConnections {
public:
    // A connection that is waited for; it is in the table until remove().
    void add(io::ServerConnection& connection, Instant now);
    void remove(io::ServerConnection& connection);
    // From now on it is waited for, or a request of it is being answered.
    void waits(io::ServerConnection& connection, Instant now);
    void answers(io::ServerConnection& connection);

    // Cuts the one that has been waited for the longest, for at least `patience`. False: none is.
    bool cut_longest_waiting(Millis patience, Instant now);
    void cut_all_waiting();

private:
    struct State {
        bool waiting = true;
        Instant since{};
    };

    Mutex mutex_;
    std::map<io::ServerConnection*, State> open_ EK_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::api
