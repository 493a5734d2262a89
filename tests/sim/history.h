// One simulated history: a group under faults for a while, then healed, judged after every step.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/node.h"

namespace evenkeel::sim {

class History {
public:
    explicit History(const Settings& settings);

    // Empty, or the promise that was broken, with the moment.
    std::string run();
    const Tally& tally() const { return world_.tally; }

private:
    void observe(const Machine& from, const coord::Txn& txn, coord::Version version);
    void observe_duty(const std::string& duty, const std::string& value, coord::Version version);
    void observe_member(const Machine& from, const std::string& value);
    bool run_until(Instant end);
    void judge_holders();
    std::string broken() const;

    // faults.cc
    void strike();
    void one_fault();
    void cut(std::size_t index);
    void slow_down(std::size_t index);
    void refuse(std::size_t index);
    void freeze(std::size_t index);
    void take_down(std::size_t index);
    void ask_operator(std::size_t index);
    void judge_cut_off(std::size_t index, std::uint64_t cuts);
    void heal();
    void incident();

    World world_;
    ModelEngine engine_;
    Millis ttl_;
    double wildness_;  // Faults per second.
    std::uint64_t incidents_ = 0;
    std::vector<std::unique_ptr<Node>> nodes_;
    bool healing_ = false;
};

}  // namespace evenkeel::sim
