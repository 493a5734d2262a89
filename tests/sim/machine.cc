#include "tests/sim/machine.h"

#include <algorithm>

namespace evenkeel::sim {

using namespace std::chrono_literals;

Machine::Machine(World& world, std::size_t index)
    : world_(world),
      index_(index),
      name_(1, static_cast<char>('a' + index)),
      offset_(world.random.between(1h, 1000h)),
      born_(world.now()) {
    // Often at the edge of what the lease allows for.
    const double drift = world.random.chance(0.3) ? (world.random.chance(0.5) ? 1.0 : -1.0)
                                                  : 2 * world.random.unit() - 1;
    rate_ = 1.0 + drift / 100;
}

Instant Machine::clock() const {
    const auto since = static_cast<double>((world_.now() - born_).count());
    return offset_ + Span(static_cast<Span::rep>(since * rate_));
}

void Machine::happen(const Life& life, std::function<void()> what) {
    if (life.expired()) return;
    if (frozen_) {
        waiting_.push_back({life, std::move(what)});
    } else {
        what();
    }
}

void Machine::post(const Life& life, Span delay, std::function<void()> what) {
    world_.after(delay, [this, life, call = std::move(what)] { happen(life, call); });
}

void Machine::timer(const Life& life, Instant at, std::function<void()> what) {
    const Span left = std::max(Span(0), at - clock());
    // Never early, usually a little late: a thread has to be given a processor.
    const Span exact(static_cast<Span::rep>(static_cast<double>(left.count()) / rate_) + 1);
    post(life, exact + world_.delay(200us, 0.002, 300ms), std::move(what));
}

void Machine::freeze() {
    if (frozen_) return;
    frozen_ = true;
    ++world_.tally.freezes;
    world_.say("{}: frozen", name_);
}

// What piled up comes in any order: answers and expired timers wait on different threads.
void Machine::wake() {
    if (!frozen_) return;
    frozen_ = false;
    world_.say("{}: awake, {} things have piled up", name_, waiting_.size());
    auto waiting = std::move(waiting_);
    waiting_.clear();
    for (Waiting& each : waiting) {
        post(each.life, world_.random.between(0us, 500us), std::move(each.what));
    }
}

void Machine::begin_act(Act act) {
    world_.look();
    acts_.push_back(std::move(act));
}

bool Machine::acts(const std::string& duty) const {
    const Instant now = clock();
    return std::any_of(acts_.begin(), acts_.end(),
                       [&](const Act& act) { return act.duty == duty && now < act.until; });
}

void Machine::forget_ended_acts() {
    const Instant now = clock();
    std::erase_if(acts_, [&](const Act& act) { return now >= act.until; });
}

}  // namespace evenkeel::sim
