// A group of three real nodes on a test network, under load and under watch, and what can be done
// to it. Every fault is undone by heal().
#pragma once

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/chaos/fact_writers.h"
#include "tests/chaos/lease_spans.h"
#include "tests/chaos/witness.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/lan.h"

namespace evenkeel::test {

struct Timing {
    Millis ttl{1500};
    Millis heartbeat{50};
    Millis election{500};
};

enum class Part { supervisor, worker, member };

// Not thread-safe.
class World {
public:
    static constexpr std::size_t kNodes = 3;

    // Starts the nodes. `tls`: as a user would; without it they talk in clear text.
    World(const std::string& folder, const Timing& timing, bool tls = true);
    ~World();

    const Timing& timing() const { return timing_; }
    Lan& lan() { return lan_; }
    EvenkeelGroup& group() { return group_; }
    const Witness& witness() const { return *witness_; }
    FactWriters& writers() { return *writers_; }

    // --- how it is ------------------------------------------------------------------------------
    // Every node is healthy, every member reads with a quorum, and one node leads.
    bool wait_whole(Millis limit);
    // The only one that says it leads.
    std::optional<std::size_t> leader();
    // What a load balancer is told by a node that is outside of the group.
    bool wait_outside(std::size_t node, Millis limit);
    void pause(Millis time);
    // Of all that happened so far: two holders at once, epochs that do not grow.
    std::vector<std::string> violations() const;
    // How often a duty was granted.
    std::size_t grants() const;

    // --- faults ---------------------------------------------------------------------------------
    // Makes the node's member the leader of the engine.
    // Errors: timed_out  it is not; the members' last words are in the text.
    Result<> move_engine_leader(std::size_t to);
    // SIGKILL. When it was sent.
    Instant kill(std::size_t node, Part part);
    // Everything on the node, as when its host is lost.
    Instant kill_node(std::size_t node);
    void freeze(std::size_t node, Part part);
    void thaw();
    // Links are whole, frozen processes go on, nodes that were killed or ended are started.
    void heal();

    // An answer of the node's member, or why there is none.
    std::string member_says(std::size_t node, const std::string& path, const std::string& body);

private:
    pid_t pid(std::size_t node, Part part) const;
    const Timing timing_;
    const std::string trace_;  // Path.
    Lan lan_;
    EvenkeelGroup group_;
    std::vector<Death> deaths_;
    std::vector<pid_t> frozen_;
    std::array<std::unique_ptr<io::HttpClient>, kNodes> members_;
    std::unique_ptr<Witness> witness_;
    std::unique_ptr<FactWriters> writers_;
};

}  // namespace evenkeel::test
