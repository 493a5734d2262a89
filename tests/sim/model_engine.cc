#include "tests/sim/model_engine.h"

#include <algorithm>
#include <set>

namespace evenkeel::sim {

using namespace std::chrono_literals;
using coord::Change;
using coord::Compare;
using coord::Entry;
using coord::Op;
using coord::Txn;
using coord::TxnOutcome;
using coord::Version;
using coord::WatchBatch;

namespace {

constexpr Span kUsual = 3ms;  // One way.
constexpr Span kLongest = 2500ms;
constexpr double kLong = 0.02;
constexpr double kLost = 0.005;

}  // namespace

ModelEngine::ModelEngine(World& world, OnApplied on_applied)
    : world_(world), on_applied_(std::move(on_applied)) {}

void ModelEngine::add(Machine& machine) {
    machines_.push_back(&machine);
    links_.emplace_back();
    streams_.emplace_back();
}

void ModelEngine::call(Machine& from, const Life& caller, Request request, Back back) {
    const auto made =
        std::make_shared<Call>(Call{&from, caller, std::move(request), std::move(back)});
    const Link& link = links_[from.index()];
    if (link.refuses || world_.mishap(0.003)) {
        return from.post(caller, world_.delay(2ms, kLong, 150ms),
                         [made] { made->back({.error = Errc::unavailable}); });
    }
    if (world_.mishap(kLost)) return;
    world_.after(link.slow_requests + world_.delay(kUsual, kLong, kLongest),
                 [this, made] { arrive(made); });
}

void ModelEngine::arrive(const CallRef& call) {
    Random& random = world_.random;
    if (links_[call->from->index()].requests_cut) {
        // Lost, or held by the member that it reached until that one sees the others again.
        if (random.chance(0.3))
            world_.after(random.between(100ms, 1s), [=, this] { arrive(call); });
        return;
    }
    if (world_.now() < leader_at_) {
        if (random.chance(0.6)) {
            return world_.after(leader_at_ - world_.now() + world_.delay(20ms, 0.1, 500ms),
                                [=, this] { arrive(call); });
        }
        // Dropped; the member may say so, but not whether another has it.
        if (random.chance(0.5)) answer(call, {.error = Errc::timed_out});
        return;
    }
    answer(call, handle(*call));
}

ModelEngine::Answer ModelEngine::handle(const Call& call) {
    if (call.request.txn) return {.outcome = apply(*call.from, *call.request.txn)};
    Answer answer;
    if (const auto it = entries_.find(call.request.key); it != entries_.end()) {
        answer.entry = it->second;
    }
    return answer;
}

void ModelEngine::answer(const CallRef& call, Answer answer) {
    if (world_.mishap(kLost)) return;
    const std::size_t index = call->from->index();
    world_.after(links_[index].slow_answers + world_.delay(kUsual, kLong, kLongest),
                 [this, call, index, got = std::move(answer)] {
                     if (links_[index].answers_cut) return;
                     call->from->post(call->caller, 0ns, [call, got] { call->back(got); });
                 });
}

TxnOutcome ModelEngine::apply(const Machine& from, const Txn& txn) {
    TxnOutcome outcome{.applied = true, .version = 0, .found = {}};
    for (const Compare& compare : txn.compares) {
        const auto it = entries_.find(compare.key);
        if (it != entries_.end()) outcome.found.push_back(it->second);
        outcome.applied &= (it == entries_.end() ? 0 : it->second.version) == compare.version;
    }
    if (!outcome.applied) return outcome;
    outcome.found.clear();
    outcome.version = ++version_;
    for (const Op& op : txn.ops) {
        if (op.value) {
            entries_[op.key] = {op.key, *op.value, version_};
        } else {
            entries_.erase(op.key);
        }
        log_.push_back({op.key, op.value, version_});
    }
    on_applied_(from, txn, version_);
    for (std::size_t i = 0; i < streams_.size(); ++i) schedule(i);
    return outcome;
}

void ModelEngine::watch(Machine& from, const Life& watcher, OnBatch on_batch) {
    Stream& stream = streams_[from.index()];
    stream = {.watcher = watcher, .on_batch = std::move(on_batch)};
    schedule(from.index());
}

void ModelEngine::schedule(std::size_t index) {
    Stream& stream = streams_[index];
    if (stream.scheduled || stream.watcher.expired()) return;
    stream.scheduled = true;
    const Span stalled = std::max(Span(0), stream.stalled_until - world_.now());
    machines_[index]->post(
        stream.watcher, stalled + links_[index].slow_answers + world_.delay(kUsual, kLong, 500ms),
        [this, index] { deliver(index); });
}

void ModelEngine::deliver(std::size_t index) {
    Stream& stream = streams_[index];
    Random& random = world_.random;
    stream.scheduled = false;
    if (links_[index].answers_cut) return;  // link_changed() takes it up again.
    if (world_.now() < stream.stalled_until) return schedule(index);
    WatchBatch batch;
    if (stream.whole) {
        // After a reconnect, by a server that may lag behind what was told already.
        const Version lag = random.chance(0.2) ? random.pick(20) : 0;
        batch = whole_batch(version_ > lag ? version_ - lag : version_);
        stream.whole = false;
    } else {
        if (stream.told >= version_) return;
        const bool all = random.chance(0.8);
        batch = next_batch(stream,
                           all ? version_ : stream.told + 1 + random.pick(version_ - stream.told));
    }
    stream.told = batch.version;
    stream.on_batch(batch);
    if (stream.told < version_) schedule(index);
}

WatchBatch ModelEngine::whole_batch(Version as_of) const {
    std::map<std::string, const Change*> state;
    for (const Change& change : log_) {
        if (change.version > as_of) break;
        state[change.key] = &change;
    }
    WatchBatch batch{.whole = true, .changes = {}, .version = as_of};
    for (const auto& [key, change] : state) {
        if (change->value) batch.changes.push_back(*change);
    }
    return batch;
}

WatchBatch ModelEngine::next_batch(const Stream& stream, Version up_to) {
    const auto first =
        std::upper_bound(log_.begin(), log_.end(), stream.told,
                         [](Version told, const Change& change) { return told < change.version; });
    const auto last = std::upper_bound(
        first, log_.end(), up_to,
        [](Version limit, const Change& change) { return limit < change.version; });
    WatchBatch batch{.whole = false, .changes = {first, last}, .version = up_to};
    if (!world_.random.chance(0.3)) return batch;
    // Folded: the last change of each key only, some of them later than the batch.
    std::map<std::string, Change> folded;
    for (const Change& change : batch.changes) folded[change.key] = change;
    if (world_.random.chance(0.3)) {
        for (auto later = last; later != log_.end(); ++later) {
            if (folded.contains(later->key)) folded[later->key] = *later;
        }
    }
    batch.changes.clear();
    for (auto& [key, change] : folded) batch.changes.push_back(std::move(change));
    return batch;
}

void ModelEngine::link_changed(std::size_t index) {
    ++links_[index].cuts;
    if (links_[index].answers_cut) return;
    if (world_.random.chance(0.4)) streams_[index].whole = true;
    schedule(index);
}

void ModelEngine::without_leader(Span how_long) {
    leader_at_ = std::max(leader_at_, world_.now() + how_long);
    world_.say("engine: no leader for {} ms", std::chrono::duration_cast<Millis>(how_long).count());
}

void ModelEngine::stall_watch(std::size_t index, Span how_long) {
    streams_[index].stalled_until = world_.now() + how_long;
    world_.say("{}: its watch stalls for {} ms", machines_[index]->name(),
               std::chrono::duration_cast<Millis>(how_long).count());
}

}  // namespace evenkeel::sim
