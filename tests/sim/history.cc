#include "tests/sim/history.h"

#include "coord/lease_records.h"
#include "tests/sim/fact.h"

namespace evenkeel::sim {

using namespace std::chrono_literals;
using coord::MemberState;

namespace {

Settings chosen(Settings settings, Random random) {
    if (settings.nodes == 0) settings.nodes = random.chance(0.6) ? 3 : 5;
    if (settings.ttl == 0ms) settings.ttl = random.one_of<Millis>({400ms, 800ms, 1500ms, 3000ms});
    return settings;
}

}  // namespace

History::History(const Settings& settings)
    : world_(chosen(settings, Random(~settings.seed))),
      engine_(world_, [this](const Machine& from, const coord::Txn& txn,
                             coord::Version version) { observe(from, txn, version); }),
      ttl_(world_.settings.ttl),
      wildness_(0.5 + 4 * world_.random.unit()) {
    for (int i = 0; i < world_.settings.nodes; ++i) {
        nodes_.push_back(
            std::make_unique<Node>(world_, engine_, static_cast<std::size_t>(i), ttl_, incidents_));
        engine_.add(nodes_.back()->machine());
    }
}

std::string History::run() {
    const Instant begin = world_.now();
    world_.say("seed {}: {} nodes, ttl {} ms, {:.1f} faults a second", world_.settings.seed,
               world_.settings.nodes, ttl_.count(), wildness_);
    for (auto& node : nodes_) {
        world_.after(world_.random.between(0ms, 300ms), [&node] { node->boot(); });
    }
    world_.after(world_.random.between(200ms, 1s), [this] { incident(); });
    world_.after(1s, [this] { strike(); });
    if (!run_until(begin + world_.random.between(6s, 12s))) return broken();
    heal();
    // What was sent before may still be under way; the dead have to be expelled, the preferred to
    // be waited for, the ranks to be gone through.
    if (!run_until(world_.now() + 2 * ttl_ + 3500ms)) return broken();
    for (const std::string& duty : all_duties()) {
        bool held = false;
        for (const auto& node : nodes_) held = held || node->holds(duty);
        world_.invariants.healed(duty, held);
    }
    if (!broken().empty() || !run_until(world_.now() + 2s)) return broken();
    world_.invariants.at_the_end(incidents_);
    world_.tally.histories = 1;
    world_.tally.simulated = world_.now() - begin;
    return broken();
}

std::string History::broken() const {
    const std::string& what = world_.invariants.broken();
    return what.empty() ? "" : fmt::format("after {} s: {}", world_.clock(), what);
}

bool History::run_until(Instant end) {
    while (world_.step(end)) {
        if (world_.looked()) judge_holders();
        if (!world_.invariants.broken().empty()) return false;
    }
    return true;
}

void History::judge_holders() {
    for (const std::string& duty : all_duties()) {
        std::vector<test::Invariants::Holder> holders;
        for (const auto& node : nodes_) {
            const bool acts = node->acts(duty);
            if (acts || node->holds(duty)) holders.push_back({node->name(), acts});
        }
        if (holders.size() > 1) world_.invariants.held_at_one_moment(duty, holders);
    }
}

// --- what the engine applied --------------------------------------------------------------------

void History::observe(const Machine& from, const coord::Txn& txn, coord::Version version) {
    if (engine_.link(from.index()).requests_cut) {
        world_.invariants.changed_without_majority(from.name());
    }
    // Duties first: a grant separates what was written before it from what is written after it.
    for (const coord::Op& op : txn.ops) {
        if (!op.value) {
            world_.invariants.removed(op.key);
        } else if (op.key.starts_with(coord::kDutyPrefix)) {
            observe_duty(op.key.substr(std::string(coord::kDutyPrefix).size()), *op.value, version);
        } else if (op.key.starts_with(coord::kMemberPrefix)) {
            observe_member(from, *op.value);
        } else if (const auto fact = fact_from(*op.value)) {
            world_.invariants.applied({fact->id, op.key, fact->duty, fact->epoch}, version);
            if (op.key.starts_with("count/")) {
                world_.invariants.counted(fact->duty, std::stoull(fact->text));
            }
            if (op.key.starts_with("plan/")) world_.invariants.plan_recorded(op.key, fact->text);
        }
    }
}

void History::observe_duty(const std::string& duty, const std::string& value,
                           coord::Version version) {
    const auto record = coord::duty_from_json(value);
    world_.invariants.duty_recorded(duty, record->holder, record->epoch.value, version);
    if (!record->holder.empty()) {
        ++world_.tally.grants;
        world_.say("engine: {} is {}'s, epoch {}, version {}", duty, record->holder,
                   record->epoch.value, version);
    } else {
        world_.say("engine: {} is free{}", duty,
                   record->preferred.empty() ? "" : ", for " + record->preferred + " to take");
    }
}

void History::observe_member(const Machine& from, const std::string& value) {
    const auto record = coord::member_from_json(value);
    if (record->state == MemberState::expelled) ++world_.tally.expelled;
    if (record->state == MemberState::dead) ++world_.tally.certified;
    if (record->state != MemberState::live) {
        world_.say("engine: {} is {}, says {}", record->incarnation, to_string(record->state),
                   from.name());
    } else if (record->beat == 1) {
        world_.say("engine: {} joins", record->incarnation);
    }
}

}  // namespace evenkeel::sim
