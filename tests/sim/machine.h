// One host: its clock, which runs at a rate of its own, and whether it is frozen. What happens to
// the processes on it goes through here: to a frozen host things happen when it wakes, to a process
// that has ended they do not happen.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace evenkeel::sim {

// Ends with the process that it belongs to.
using Life = std::weak_ptr<void>;

class Machine {
public:
    // `index`: its place in the group.
    Machine(World& world, std::size_t index);

    const std::string& name() const { return name_; }
    std::size_t index() const { return index_; }
    Instant clock() const;  // A frozen host's clock goes on.

    // After `delay` of true time.
    void post(const Life& life, Span delay, std::function<void()> what);
    // At `at` of this host's clock, or soon after.
    void timer(const Life& life, Instant at, std::function<void()> what);

    void freeze();
    void wake();
    bool frozen() const { return frozen_; }

    // --- acts: what a worker's child does under a duty, until it is over or killed --------------
    struct Act {
        std::string duty{};
        Instant until{};  // On this host's clock; also when the host is frozen.
    };
    void begin_act(Act act);
    bool acts(const std::string& duty) const;
    void kill_acts() { acts_.clear(); }
    void forget_ended_acts();

private:
    struct Waiting {
        Life life;
        std::function<void()> what;
    };
    void happen(const Life& life, std::function<void()> what);

    World& world_;
    const std::size_t index_;
    const std::string name_;
    double rate_;
    Instant offset_;
    Instant born_;
    bool frozen_ = false;
    std::vector<Waiting> waiting_;
    std::vector<Act> acts_;
};

}  // namespace evenkeel::sim
