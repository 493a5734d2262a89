// What src/coord/coordinator.cc does with threads, locks and the wall's clock, done with events on
// virtual time, around the same LeaseCore, Mirror and FactWrite. The mutants break their rules
// here.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "coord/fact_write.h"
#include "coord/lease_core.h"
#include "coord/mirror.h"
#include "tests/sim/model_engine.h"

namespace evenkeel::sim {

class Seat {
public:
    Seat(World& world, ModelEngine& engine, Machine& machine, const std::string& incarnation,
         Millis ttl);

    void start();
    void want(const std::string& duty);
    void drop(const std::string& duty);
    bool transfer(const std::string& duty, const std::string& node);
    void leave();
    bool left() const { return core_.left(); }

    std::optional<Grant> holds(const std::string& duty, Millis budget);
    // The same, but asked by the observer: without a trace.
    bool seen_holding(const std::string& duty) const;
    const coord::Mirror& facts() const { return mirror_; }

    // Errc of Coordinator::commit(); nothing: written.
    using Written = std::function<void(std::optional<Errc>)>;
    // `insisted`: compares that must hold, or the write ends in a conflict.
    void write(const std::optional<Grant>& grant, std::vector<coord::Compare> insisted,
               coord::Op op, const std::string& id, Written written);

private:
    struct Writing;
    using WritingRef = std::shared_ptr<Writing>;

    void take(const coord::WatchBatch& batch);
    void tell_core(const std::vector<coord::Change>& news);
    void poke();
    void keep_lease();
    void wake_at(Instant wake);
    void lease_answered(const ModelEngine::Answer& answer);
    void try_write(const WritingRef& writing);
    void write_answered(const WritingRef& writing, const ModelEngine::Answer& answer);
    void end_write(const WritingRef& writing, std::optional<Errc> error, coord::Version version);
    std::optional<std::string> as_seen(const coord::Change& change) const;
    Instant valid_until() const;

    World& world_;
    ModelEngine& engine_;
    Machine& machine_;
    const Millis ttl_;
    std::shared_ptr<int> life_ = std::make_shared<int>(0);
    coord::LeaseCore core_;
    coord::Mirror mirror_;
    bool busy_ = false;         // The lease thread is in a call, or pauses after one.
    std::uint64_t sleeps_ = 0;  // Which sleep is the present one.
    std::size_t grants_ = 0;
    Instant answered_{};  // The last renewal, for the mutant that counts from there.
};

}  // namespace evenkeel::sim
