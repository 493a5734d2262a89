// Writes facts through every node's member of the group, one thread per node, and knows which were
// acknowledged: those must be there for ever.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "io/thread.h"
#include "tests/support/evenkeel_group.h"

namespace evenkeel::test {

// Thread-safe.
class FactWriters {
public:
    explicit FactWriters(const EvenkeelGroup& group);

    // Acknowledgements through `node` of what was sent after `after`.
    std::size_t acknowledged(std::size_t node, Instant after) const;
    std::size_t acknowledged() const;

    // Reads through `node` what was acknowledged since the last call; with `everything` all there
    // ever was. What is missing or was changed, in words.
    std::vector<std::string> lost(std::size_t node, bool everything);

private:
    struct Acknowledged {
        std::uint64_t number = 0;
        std::uint64_t revision = 0;
        Instant sent{};
    };

    void write(std::size_t node, io::StopToken& stop);
    std::vector<std::string> compare(std::size_t reader, std::size_t writer,
                                     const std::vector<Acknowledged>& expected) const;

    const EvenkeelGroup& group_;
    mutable Mutex mutex_;
    std::vector<std::vector<Acknowledged>> facts_ EK_GUARDED_BY(mutex_);  // Per node.
    std::vector<std::size_t> checked_;                                    // How many of these.
    std::vector<io::Worker> writers_;
};

}  // namespace evenkeel::test
