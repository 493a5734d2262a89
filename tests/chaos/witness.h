// Asks every node all the time whether it leads, from outside and with one clock, and keeps when
// each said yes. It trusts nothing that a node says about another.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "io/thread.h"
#include "tests/chaos/lead_runs.h"
#include "tests/support/evenkeel_group.h"

namespace evenkeel::test {

// Thread-safe.
class Witness {
public:
    explicit Witness(const EvenkeelGroup& group);

    // When the first "yes" arrived that answers a question sent after `after` to a node other than
    // `except`.
    std::optional<Instant> wait_for_leader(Instant after, std::optional<std::size_t> except,
                                           Millis limit) const;
    std::vector<LeadRun> runs() const;
    std::uint64_t answers() const;

private:
    void ask(std::size_t node, io::StopToken& stop);
    void take(std::size_t node, bool leads, const Asked& asked);
    std::optional<Instant> said_after(Instant after, std::optional<std::size_t> except) const;

    const EvenkeelGroup& group_;
    mutable Mutex mutex_;
    std::vector<LeadRun> runs_ EK_GUARDED_BY(mutex_);
    // Of each node, the run that goes on.
    std::vector<std::optional<std::size_t>> current_ EK_GUARDED_BY(mutex_);
    std::uint64_t answers_ EK_GUARDED_BY(mutex_) = 0;
    std::vector<io::Worker> askers_;
};

}  // namespace evenkeel::test
