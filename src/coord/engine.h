// What coordination asks of a consensus engine, and nothing more: an ordered map with versions,
// atomic compare-and-set transactions, and a watch that never skips a change. Leases, epochs and
// duties are built on top, the same on every engine (coordinator.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/thread.h"

namespace evenkeel::coord {

// Grows with every transaction that changes the map; a key's version is that of its last change.
// Zero stands for "no such key".
using Version = std::uint64_t;

struct Entry {
    std::string key{};
    std::string value{};
    Version version = 0;

    bool operator==(const Entry&) const = default;
};

// Holds when the key's version is exactly this; 0: when the key does not exist.
struct Compare {
    std::string key{};
    Version version = 0;
};

struct Op {
    std::string key{};
    std::optional<std::string> value{};  // Nothing: remove the key.
};

struct Txn {
    std::vector<Compare> compares{};
    std::vector<Op> ops{};
};

struct TxnOutcome {
    bool applied = false;        // All compares held, so all ops were done.
    Version version = 0;         // Applied: the new version of every key that was put.
    std::vector<Entry> found{};  // Refused: the compared keys that exist, as they are.
};

struct Snapshot {
    std::vector<Entry> entries{};  // Ordered by key.
    Version version = 0;           // The map's version; changes after it are newer.
};

struct Change {
    std::string key{};
    std::optional<std::string> value{};  // Nothing: removed.
    Version version = 0;
};

struct WatchBatch {
    // The first batch, and one after a gap that the engine could not fill: the whole state under
    // the prefix, so keys that are not in it are gone.
    bool whole = false;
    std::vector<Change> changes{};
    Version version = 0;
};

// Thread-safe.
class Engine {
public:
    virtual ~Engine() = default;

    // Linearizable: sees every transaction that was answered before the call.
    // Errors: unavailable, timed_out  no quorum or no answer in time.
    virtual Result<Snapshot> read(const std::string& prefix, Deadline deadline) = 0;

    // Atomic and linearizable.
    // Errors: unavailable  it was not applied and will not be;
    //         timed_out    unknown: it may have been applied or be applied later. Repeat the same
    //                      transaction: with a compare on every key that it writes it is applied at
    //                      most once, and a refusal shows in `found` whether it was this one.
    virtual Result<TxnOutcome> txn(const Txn& txn, Deadline deadline) = 0;

    // Blocks the calling thread: hands `on_batch` the whole state first, then every change in
    // order. Of changes of one key that follow each other fast an engine may tell only the last; a
    // transaction is never told in halves, and after a batch nothing at or below its version is
    // news. Bridges reconnects and compactions itself. Returns within 200 ms when `stop` is
    // requested.
    virtual void watch(const std::string& prefix,
                       const std::function<void(const WatchBatch&)>& on_batch,
                       io::StopToken& stop) = 0;

    // One line for people: what this is and whom it talks to.
    virtual std::string describe() const = 0;
};

}  // namespace evenkeel::coord
