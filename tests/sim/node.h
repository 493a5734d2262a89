// A node's two processes: the supervisor, which certifies its worker's death once the worker's
// children are dead too and starts a new one, and the worker.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tests/sim/seat.h"
#include "tests/sim/work.h"

namespace evenkeel::sim {

class Node {
public:
    Node(World& world, ModelEngine& engine, std::size_t index, Millis ttl,
         const std::uint64_t& incidents);

    Machine& machine() { return machine_; }
    const Machine& machine() const { return machine_; }
    const std::string& name() const { return machine_.name(); }

    // --- what happens to it ---------------------------------------------------------------------
    void boot();
    void crash_worker();
    // The worker dies with it, the worker's children end by themselves.
    void crash_supervisor();
    void lose_host();
    // A planned stop: what it does ends, it leaves the group, then it is down.
    void stop();

    // --- what its operator asks for -------------------------------------------------------------
    void want(const std::string& duty);
    void drop(const std::string& duty);
    bool transfer(const std::string& duty, const std::string& node);

    // --- what the observer sees -----------------------------------------------------------------
    bool up() const { return supervisor_ != nullptr; }
    bool running() const { return worker_ != nullptr && !stopping_; }
    bool holds(const std::string& duty) const {
        return worker_ && worker_->seat.seen_holding(duty);
    }
    bool acts(const std::string& duty) const { return machine_.acts(duty); }

private:
    struct Worker {
        Worker(World& world, ModelEngine& engine, Machine& machine, const std::string& incarnation,
               Millis ttl, const std::uint64_t& incidents)
            : seat(world, engine, machine, incarnation, ttl),
              work(world, machine, seat, incidents) {}
        Seat seat;
        Work work;
    };
    void start_worker();
    void worker_died();
    void certify(Deadline deadline);
    void certify_again(Deadline deadline);
    void restart_soon();
    void when_idle(const std::string& duty, std::function<void()> then);
    void leave_when_idle();
    void wait_until_left(Deadline deadline);

    World& world_;
    ModelEngine& engine_;
    Machine machine_;
    const Millis ttl_;
    const std::uint64_t& incidents_;
    std::shared_ptr<int> supervisor_;  // Its life.
    std::unique_ptr<Worker> worker_;
    std::shared_ptr<int> errand_;  // The life of what is asked of this worker.
    std::string incarnation_;
    int starts_ = 0;
    bool stopping_ = false;
};

}  // namespace evenkeel::sim
