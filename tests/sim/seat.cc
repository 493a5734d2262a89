#include "tests/sim/seat.h"

#include <algorithm>

#include "tests/sim/engine_call.h"

namespace evenkeel::sim {

using namespace std::chrono_literals;
using coord::Change;
using coord::FactWrite;
using coord::MemberState;
using coord::Version;

namespace {

// As in coordinator.cc.
constexpr Millis kCallLimit{200};
constexpr Millis kRetryPause{20};
constexpr Millis kSleepMax{1000};
constexpr Millis kWriteLimit{1000};

}  // namespace

struct Seat::Writing {
    FactWrite write;
    std::string id;
    Deadline deadline;
    Written written;
};

Seat::Seat(World& world, ModelEngine& engine, Machine& machine, const std::string& incarnation,
           Millis ttl)
    : world_(world),
      engine_(engine),
      machine_(machine),
      ttl_(ttl),
      core_({.node = machine.name(),
             .incarnation = incarnation,
             .api_address = {},
             .peer_address = {},
             .version = {},
             .ttl = ttl}) {}

void Seat::start() {
    engine_.watch(machine_, life_, [this](const coord::WatchBatch& batch) { take(batch); });
    keep_lease();
}

void Seat::want(const std::string& duty) {
    core_.want(duty);
    poke();
}

void Seat::drop(const std::string& duty) {
    core_.drop(duty);
    poke();
}

bool Seat::transfer(const std::string& duty, const std::string& node) {
    if (!seen_holding(duty)) return false;
    const bool given = core_.transfer(duty, node);
    poke();
    return given;
}

void Seat::leave() {
    core_.leave();
    poke();
}

// --- the lease's end ----------------------------------------------------------------------------

Instant Seat::valid_until() const {
    if (world_.mutant(Mutant::lease_from_answer) && core_.joined()) {
        return answered_ + ttl_ - ttl_ / 10;
    }
    if (world_.mutant(Mutant::lease_without_end) && core_.joined()) return Instant::max();
    return core_.valid_until();
}

bool Seat::seen_holding(const std::string& duty) const {
    const auto grant = core_.grants().find(duty);
    if (grant == core_.grants().end() || machine_.clock() >= valid_until()) return false;
    return mirror_.watched() >= grant->second.fence || world_.mutant(Mutant::acts_on_old_copy);
}

std::optional<Grant> Seat::holds(const std::string& duty, Millis budget) {
    const Instant now = machine_.clock();
    if (world_.mutant(Mutant::transfers_mid_act)) {
        if (now + budget >= core_.valid_until()) return {};
        return core_.holds(duty, now, Millis(0), mirror_.watched());  // It hears of no budget.
    }
    const Version watched =
        world_.mutant(Mutant::acts_on_old_copy) ? ~Version{0} : mirror_.watched();
    if (auto grant = core_.holds(duty, now, budget, watched)) return grant;
    if (seen_holding(duty) && now + budget < valid_until() &&
        valid_until() != core_.valid_until()) {
        return core_.grants().at(duty);
    }
    return {};
}

// --- the watch's thread -------------------------------------------------------------------------

void Seat::take(const coord::WatchBatch& batch) {
    world_.look();
    tell_core(mirror_.take(batch));
    poke();
}

void Seat::tell_core(const std::vector<Change>& news) {
    for (const Change& change : news) {
        core_.observe(change.key, as_seen(change), change.version, machine_.clock());
    }
}

// What two mutants make of the records of other members.
std::optional<std::string> Seat::as_seen(const Change& change) const {
    const bool early = world_.mutant(Mutant::expels_early);
    const bool claims = world_.mutant(Mutant::claims_from_silent);
    if (!(early || claims) || !change.value || !change.key.starts_with(coord::kMemberPrefix)) {
        return change.value;
    }
    auto record = coord::member_from_json(*change.value);
    if (!record || record->node == machine_.name()) return change.value;
    if (early) record->ttl = record->ttl * 7 / 10;
    if (claims && record->state == MemberState::live) record->state = MemberState::left;
    return to_json(*record);
}

// --- the lease's thread -------------------------------------------------------------------------

void Seat::poke() {
    if (busy_) return;
    const auto mine = ++sleeps_;
    machine_.post(life_, world_.delay(300us, 0.005, 100ms), [this, mine] {
        if (!busy_ && mine == sleeps_) keep_lease();
    });
}

void Seat::keep_lease() {
    const Instant now = machine_.clock();
    if (!mirror_.complete()) return wake_at(now + Millis(50));
    const auto next = core_.next(now);
    if (!next.txn) {
        Instant wake = std::min(next.wake, now + kSleepMax);
        if (core_.valid_until() > now) wake = std::min(wake, core_.valid_until());
        return wake_at(wake);
    }
    busy_ = true;
    call_engine(world_, engine_, machine_, life_, {.txn = next.txn, .key = {}}, kCallLimit,
                [this](const ModelEngine::Answer& answer) { lease_answered(answer); });
}

void Seat::wake_at(Instant wake) {
    const auto mine = ++sleeps_;
    machine_.timer(life_, wake, [this, mine] {
        if (!busy_ && mine == sleeps_) keep_lease();
    });
}

void Seat::lease_answered(const ModelEngine::Answer& answer) {
    world_.look();
    const Instant before = core_.valid_until();
    const bool was_joined = core_.joined();
    if (!answer.error) {
        core_.finished(answer.outcome, machine_.clock());
    } else if (answer.error == Errc::unavailable ||
               world_.mutant(Mutant::unknown_renewal_is_not_applied)) {
        core_.not_sent();
    } else {
        core_.unknown();
    }
    if (core_.joined() && core_.valid_until() != before) answered_ = machine_.clock();
    if (was_joined && !core_.joined() && !core_.left()) {
        world_.say("{}: has lost its seat", machine_.name());
    }
    if (!answer.error) {
        busy_ = false;
        return keep_lease();
    }
    machine_.timer(life_, machine_.clock() + kRetryPause, [this] {
        busy_ = false;
        keep_lease();
    });
}

// --- facts --------------------------------------------------------------------------------------

void Seat::write(const std::optional<Grant>& grant, std::vector<coord::Compare> insisted,
                 coord::Op op, const std::string& id, Written written) {
    coord::Txn txn{.compares = std::move(insisted), .ops = {std::move(op)}};
    if (grant && !world_.mutant(Mutant::facts_without_fence)) {
        txn.compares.push_back({coord::kDutyPrefix + grant->duty, grant->fence});
    }
    const auto known = [this](const std::string& key) { return mirror_.version_of(key); };
    try_write(std::make_shared<Writing>(Writing{.write = FactWrite(std::move(txn), known),
                                                .id = id,
                                                .deadline = {machine_.clock() + kWriteLimit},
                                                .written = std::move(written)}));
}

void Seat::try_write(const WritingRef& writing) {
    const Instant now = machine_.clock();
    if (writing->deadline.passed(now)) {
        return end_write(writing,
                         writing->write.maybe_applied() ? Errc::timed_out : Errc::unavailable, 0);
    }
    call_engine(
        world_, engine_, machine_, life_, {.txn = writing->write.txn(), .key = {}},
        std::min(kCallLimit, writing->deadline.left(now)),
        [this, writing](const ModelEngine::Answer& answer) { write_answered(writing, answer); });
}

void Seat::write_answered(const WritingRef& writing, const ModelEngine::Answer& answer) {
    if (answer.error) {
        const bool sent = answer.error != Errc::unavailable;
        if (sent && !world_.mutant(Mutant::unknown_write_is_not_applied)) writing->write.unknown();
        return machine_.timer(life_, machine_.clock() + kRetryPause,
                              [this, writing] { try_write(writing); });
    }
    const auto [fate, version] = writing->write.judge(answer.outcome);
    switch (fate) {
        case FactWrite::Fate::applied: return end_write(writing, {}, version);
        case FactWrite::Fate::again: return try_write(writing);
        case FactWrite::Fate::conflict: return end_write(writing, Errc::conflict, 0);
        case FactWrite::Fate::unknown: return end_write(writing, Errc::timed_out, 0);
    }
}

void Seat::end_write(const WritingRef& writing, std::optional<Errc> error, Version version) {
    const bool removal = !writing->write.ops().front().value;
    if (!error) {
        tell_core(mirror_.remember(writing->write.ops(), version));
        if (!removal) world_.invariants.acknowledged(writing->id, version);
        ++world_.tally.writes;
    } else if (*error != Errc::timed_out) {
        if (!removal) world_.invariants.said_not_written(writing->id);
        if (*error == Errc::conflict) ++world_.tally.refused;
    }
    writing->written(error);
}

}  // namespace evenkeel::sim
