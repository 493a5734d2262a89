// A consensus engine as src/coord/engine.h promises it, and no better: a linearizable map behind a
// network that delays, loses and holds back what is sent both ways. Which node can reach it, and
// whether it has a leader, is decided by faults.cc.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coord/engine.h"
#include "tests/sim/machine.h"
#include "tests/sim/world.h"

namespace evenkeel::sim {

class ModelEngine {
public:
    struct Link {
        bool requests_cut = false;
        bool answers_cut = false;
        bool refuses = false;  // Connections: the caller knows that nothing was sent.
        Span slow_requests{0};
        Span slow_answers{0};
        std::uint64_t cuts = 0;  // Grows with each change.
        bool cut() const { return requests_cut || answers_cut; }
    };
    struct Request {
        std::optional<coord::Txn> txn{};  // Nothing: read `key`.
        std::string key{};
    };
    struct Answer {
        std::optional<Errc> error{};  // unavailable: not applied; timed_out: unknown.
        coord::TxnOutcome outcome{};
        std::optional<coord::Entry> entry{};
    };
    using Back = std::function<void(const Answer&)>;
    using OnApplied =
        std::function<void(const Machine& from, const coord::Txn&, coord::Version version)>;
    using OnBatch = std::function<void(const coord::WatchBatch&)>;

    ModelEngine(World& world, OnApplied on_applied);

    void add(Machine& machine);

    // `back` is called at most once, when the answer arrives at the host; perhaps never.
    void call(Machine& from, const Life& caller, Request request, Back back);
    // Replaces the host's earlier watch.
    void watch(Machine& from, const Life& watcher, OnBatch on_batch);

    // --- faults ---------------------------------------------------------------------------------
    Link& link(std::size_t index) { return links_[index]; }
    // After a change of the link.
    void link_changed(std::size_t index);
    void without_leader(Span how_long);
    void stall_watch(std::size_t index, Span how_long);

    const std::map<std::string, coord::Entry>& entries() const { return entries_; }

private:
    struct Stream {
        Life watcher{};
        OnBatch on_batch{};
        bool whole = true;  // The next batch.
        bool scheduled = false;
        coord::Version told = 0;
        Instant stalled_until{};
    };
    struct Call {
        Machine* from = nullptr;
        Life caller{};
        Request request{};
        Back back{};
    };
    using CallRef = std::shared_ptr<Call>;

    void arrive(const CallRef& call);
    Answer handle(const Call& call);
    coord::TxnOutcome apply(const Machine& from, const coord::Txn& txn);
    void answer(const CallRef& call, Answer answer);
    void schedule(std::size_t index);
    void deliver(std::size_t index);
    coord::WatchBatch whole_batch(coord::Version as_of) const;
    coord::WatchBatch next_batch(const Stream& stream, coord::Version up_to);

    World& world_;
    OnApplied on_applied_;
    std::vector<Machine*> machines_;
    std::vector<Link> links_;
    std::vector<Stream> streams_;
    std::map<std::string, coord::Entry> entries_;
    std::vector<coord::Change> log_;
    coord::Version version_ = 0;
    Instant leader_at_{};  // None before.
};

}  // namespace evenkeel::sim
