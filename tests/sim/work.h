// What a worker does under its duties, as topology and cdc do it: it asks holds() before each step,
// records a plan's step before it does it, reads the local copy, writes under its grant.
#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/sim/seat.h"

namespace evenkeel::sim {

inline const std::vector<std::string>& all_duties() {
    static const std::vector<std::string> duties{"leader", "stream/x", "stream/y"};
    return duties;
}

class Work {
public:
    // `incidents`: how many there have been, each of which needs a plan.
    Work(World& world, Machine& machine, Seat& seat, const std::uint64_t& incidents);

    void start() { tick(); }
    // Begins nothing new.
    void pause(const std::string& duty) { paused_.insert(duty); }
    bool paused(const std::string& duty) const { return paused_.contains(duty); }
    void go_on(const std::string& duty) { paused_.erase(duty); }
    // Nothing that it began under the duty is under way.
    bool idle(const std::string& duty) const {
        return !busy_.contains(duty) && !machine_.acts(duty);
    }

private:
    void tick();
    void step(const std::string& duty);
    void compare_copy(const Grant& grant);
    void count(const Grant& grant);
    void note(const Grant& grant);
    void scrap(const Grant& grant);
    void act(const std::string& duty);
    void say_verdict();
    bool handle_incident(const Grant& grant);
    void begin_plan(const Grant& grant, const std::string& plan);
    // `record`: the version of the plan's record that this follows from.
    void carry_out(const Grant& grant, const std::string& plan, coord::Version record,
                   const std::string& end);
    void end_plan(const Grant& grant, const std::string& plan, coord::Version record,
                  const std::string& end);
    using Then = std::function<void(bool written)>;
    // `insist`: the version that the key must have, else the write ends.
    void write(const Grant& grant, const std::string& key, const std::string& text,
               std::optional<coord::Version> insist, Then then);
    std::string next_id();

    World& world_;
    Machine& machine_;
    Seat& seat_;
    const std::uint64_t& incidents_;
    std::shared_ptr<int> life_ = std::make_shared<int>(0);
    std::set<std::string> busy_;
    std::set<std::string> paused_;
    std::uint64_t over_ = 0;  // Plans up to this one are over.
    bool verdict_under_way_ = false;
};

}  // namespace evenkeel::sim
