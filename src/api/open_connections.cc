#include "api/open_connections.h"

namespace evenkeel::api {

void OpenConnections::add(io::ServerConnection& connection, Instant now) {
    Lock lock(mutex_);
    open_[&connection] = {.waiting = true, .since = now};
}

void OpenConnections::remove(io::ServerConnection& connection) {
    Lock lock(mutex_);
    open_.erase(&connection);
}

void OpenConnections::waits(io::ServerConnection& connection, Instant now) {
    add(connection, now);
}

void OpenConnections::answers(io::ServerConnection& connection) {
    Lock lock(mutex_);
    open_[&connection].waiting = false;
}

bool OpenConnections::cut_longest_waiting(Millis patience, Instant now) {
    Lock lock(mutex_);
    auto longest = open_.end();
    for (auto each = open_.begin(); each != open_.end(); ++each) {
        if (!each->second.waiting || each->second.since + patience > now) continue;
        if (longest == open_.end() || each->second.since < longest->second.since) longest = each;
    }
    if (longest == open_.end()) return false;
    longest->first->cut();
    longest->second.waiting = false;  // Its thread ends it; the next call cuts another.
    return true;
}

void OpenConnections::cut_all_waiting() {
    Lock lock(mutex_);
    for (auto& [connection, state] : open_) {
        if (state.waiting) connection->cut();
    }
}

}  // namespace evenkeel::api
