// A node's local copy of the group's map: what the watch told, and what the node wrote itself and
// the watch has yet to tell. Decides what is news; it never goes back to an older state of a key,
// whatever order things arrive in. Pure: no I/O, no locks; coordinator.cc feeds it.
//
// It relies on one promise of a watch: after a batch, nothing at or below the batch's version is
// told that was not told before (except again, as after a reconnect).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coord/engine.h"

namespace evenkeel::coord {

class Mirror {
public:
    // Both return what was news, in order. A removal carries the version as of which the key is
    // known to be gone.
    std::vector<Change> take(const WatchBatch& batch);
    // This node's own transaction, applied at `version`.
    std::vector<Change> remember(const std::vector<Op>& ops, Version version);

    bool complete() const { return complete_; }   // The first whole state has arrived.
    Version watched() const { return watched_; }  // Up to here the watch has told everything.

    std::optional<Entry> get(const std::string& key) const;
    std::vector<Entry> list(const std::string& prefix) const;
    // 0: there is no such key.
    Version version_of(const std::string& key) const;

private:
    Version known(const std::string& key) const;
    void absorb(const Change& change, std::vector<Change>& news);

    std::map<std::string, Entry> entries_;
    std::map<std::string, Version> removed_;  // Only what the watch has not passed yet.
    Version watched_ = 0;
    bool complete_ = false;
};

}  // namespace evenkeel::coord
