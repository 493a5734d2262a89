#include "tests/sim/work.h"

#include "tests/sim/fact.h"

namespace evenkeel::sim {

using namespace std::chrono_literals;
using test::Invariants;

namespace {

// Tries of a creation that got no answer can arrive this much later; until then a key that was
// removed could come back (docs/internals/lease.md, "Not covered").
constexpr Millis kScrapAge{8000};

std::uint64_t number_of(const std::string& text) {
    return text.empty() ? 0 : std::stoull(text);
}

}  // namespace

Work::Work(World& world, Machine& machine, Seat& seat, const std::uint64_t& incidents)
    : world_(world), machine_(machine), seat_(seat), incidents_(incidents) {}

void Work::tick() {
    machine_.forget_ended_acts();
    for (const std::string& duty : all_duties()) {
        if (!busy_.contains(duty) && !paused_.contains(duty)) step(duty);
    }
    if (!verdict_under_way_ && world_.random.chance(0.05)) say_verdict();
    machine_.timer(life_,
                   machine_.clock() + std::chrono::ceil<Millis>(world_.random.between(20ms, 180ms)),
                   [this] { tick(); });
}

std::string Work::next_id() {
    return machine_.name() + std::to_string(world_.tally.writes) + "." +
           std::to_string(world_.random.pick(1'000'000'000));
}

void Work::step(const std::string& duty) {
    const auto grant = seat_.holds(duty, Millis(20));
    if (!grant) return;
    world_.invariants.takes_itself_for_holder(machine_.name(), duty, grant->epoch.value,
                                              grant->fence);
    compare_copy(*grant);
    if (duty == all_duties().front() && handle_incident(*grant)) return;
    const auto choice = world_.random.pick(10);
    if (choice < 4) return count(*grant);
    if (choice < 6) return note(*grant);
    if (choice < 7) return scrap(*grant);
    if (choice < 9) act(duty);
}

// All that this duty's holders wrote before the grant is in the local copy.
void Work::compare_copy(const Grant& grant) {
    for (const auto& key : world_.invariants.written_before(grant.duty, grant.fence)) {
        world_.invariants.acts_on_copy(machine_.name(), grant.duty, grant.fence, key,
                                       seat_.facts().version_of(key));
    }
}

void Work::write(const Grant& grant, const std::string& key, const std::string& text,
                 std::optional<coord::Version> insist, Then then) {
    busy_.insert(grant.duty);
    const Fact fact{grant.duty, grant.epoch.value, next_id(), text};
    std::vector<coord::Compare> insisted;
    if (insist) insisted.push_back({key, *insist});
    seat_.write(grant, std::move(insisted), {key, fact.str()}, fact.id,
                [this, duty = grant.duty, then = std::move(then)](std::optional<Errc> error) {
                    busy_.erase(duty);
                    if (then) then(!error);
                });
}

void Work::count(const Grant& grant) {
    const std::string key = "count/" + grant.duty;
    const auto entry = seat_.facts().get(key);
    const auto fact = entry ? fact_from(entry->value) : std::nullopt;
    write(grant, key, std::to_string(number_of(fact ? fact->text : "") + 1),
          entry ? entry->version : 0, {});
}

void Work::note(const Grant& grant) {
    write(grant, "note/" + grant.duty + "/" + std::to_string(world_.random.pick(3)), "", {}, {});
}

// Keys that come and, when they are old, go.
void Work::scrap(const Grant& grant) {
    const std::string prefix = "scrap/" + grant.duty + "/";
    const auto now = std::chrono::duration_cast<Millis>(world_.now().time_since_epoch());
    for (const auto& entry : seat_.facts().list(prefix)) {
        const auto fact = fact_from(entry.value);
        if (now - Millis(number_of(fact->text)) < kScrapAge) continue;
        busy_.insert(grant.duty);
        return seat_.write(grant, {}, {entry.key, std::nullopt}, "",
                           [this, duty = grant.duty](std::optional<Errc>) { busy_.erase(duty); });
    }
    write(grant, prefix + next_id(), std::to_string(now.count()), {}, {});
}

// A child of the worker does something that takes a while: it ends by itself within the budget, and
// goes on without its worker.
void Work::act(const std::string& duty) {
    const Millis budget(20 + world_.random.pick(330));
    if (!seat_.holds(duty, budget)) return;
    machine_.begin_act({.duty = duty, .until = machine_.clock() + budget});
}

void Work::say_verdict() {
    verdict_under_way_ = true;
    const Fact fact{"", 0, next_id(), ""};
    seat_.write({}, {}, {"verdict/" + machine_.name(), fact.str()}, fact.id,
                [this](std::optional<Errc>) { verdict_under_way_ = false; });
}

// --- plans --------------------------------------------------------------------------------------

bool Work::handle_incident(const Grant& grant) {
    for (std::uint64_t number = over_ + 1; number <= incidents_; ++number) {
        const std::string plan = Invariants::plan_name(number);
        const auto entry = seat_.facts().get(plan);
        const auto fact = entry ? fact_from(entry->value) : std::nullopt;
        if (!fact) {
            begin_plan(grant, plan);
        } else if (fact->text == "begun") {
            // Somebody began it and is gone: finish it, or take it back.
            world_.say("{}: takes {} up again", machine_.name(), plan);
            ++world_.tally.resumed;
            carry_out(grant, plan, entry->version, world_.random.chance(0.5) ? "done" : "undone");
        } else {
            over_ = number == over_ + 1 ? number : over_;
            continue;
        }
        return true;
    }
    return false;
}

void Work::begin_plan(const Grant& grant, const std::string& plan) {
    world_.say("{}: begins {} under epoch {}", machine_.name(), plan, grant.epoch.value);
    write(grant, plan, "begun", 0, [this, grant, plan](bool written) {
        if (!written || seat_.holds(grant.duty, Millis(20)) != grant) return;
        world_.invariants.plan_started(plan, machine_.name());
        ++world_.tally.plans;
        carry_out(grant, plan, seat_.facts().version_of(plan), "done");
    });
}

void Work::carry_out(const Grant& grant, const std::string& plan, coord::Version record,
                     const std::string& end) {
    const Millis budget(20 + world_.random.pick(180));
    if (seat_.holds(grant.duty, budget) != grant) return;
    busy_.insert(grant.duty);
    machine_.begin_act({.duty = grant.duty, .until = machine_.clock() + budget});
    machine_.timer(life_, machine_.clock() + budget, [=, this] {
        busy_.erase(grant.duty);
        if (seat_.holds(grant.duty, Millis(0)) == grant) end_plan(grant, plan, record, end);
    });
}

void Work::end_plan(const Grant& grant, const std::string& plan, coord::Version record,
                    const std::string& end) {
    write(grant, plan, end, record, [this, plan, end](bool written) {
        if (written) world_.say("{}: {} is {}", machine_.name(), plan, end);
    });
}

}  // namespace evenkeel::sim
