// What goes wrong in a history, when, and how it is repaired at its end.
#include "tests/sim/history.h"

namespace evenkeel::sim {

using namespace std::chrono_literals;

namespace {

std::int64_t ms(Span span) {
    return std::chrono::duration_cast<Millis>(span).count();
}

}  // namespace

void History::strike() {
    if (healing_) return;
    one_fault();
    const double pause = world_.random.unit() * 2 / wildness_;
    world_.after(Span(static_cast<Span::rep>(pause * 1e9)), [this] { strike(); });
}

void History::one_fault() {
    Random& random = world_.random;
    const std::size_t index = random.pick(nodes_.size());
    Node& node = *nodes_[index];
    switch (random.pick(14)) {
        case 0:
        case 1: return cut(index);
        case 2: return slow_down(index);
        case 3: return refuse(index);
        case 4: return engine_.without_leader(random.delay(400ms, 0.3, 2s));
        case 5: return engine_.stall_watch(index, random.delay(300ms, 0.5, 3s));
        case 6:
        case 7: return freeze(index);
        case 8:
        case 9:
            if (!node.machine().frozen()) node.crash_worker();
            return;
        case 10: return take_down(index);
        default: return ask_operator(index);
    }
}

void History::cut(std::size_t index) {
    Random& random = world_.random;
    auto& link = engine_.link(index);
    if (link.cut()) return;
    const auto kind = random.pick(3);
    link.requests_cut = kind != 1;
    link.answers_cut = kind != 0;
    ++world_.tally.cuts;
    engine_.link_changed(index);
    const Span how_long = random.delay(1s, 0.4, 4s);
    world_.say("{}: cut off from the engine for {} ms{}", nodes_[index]->name(), ms(how_long),
               kind == 0   ? " (its requests)"
               : kind == 1 ? " (the answers)"
                           : "");
    const auto cuts = link.cuts;
    // Its lease lasts for 90 % of the ttl on a clock that may run 1 % too slowly.
    world_.after(Span(ttl_) * 92 / 100, [=, this] { judge_cut_off(index, cuts); });
    world_.after(how_long, [=, this] {
        auto& same = engine_.link(index);
        if (same.cuts != cuts) return;
        same.requests_cut = same.answers_cut = false;
        engine_.link_changed(index);
        world_.say("{}: reaches the engine again", nodes_[index]->name());
    });
}

void History::judge_cut_off(std::size_t index, std::uint64_t cuts) {
    if (engine_.link(index).cuts != cuts) return;
    for (const std::string& duty : all_duties()) {
        world_.invariants.cut_off(nodes_[index]->name(), duty, nodes_[index]->holds(duty));
    }
}

void History::slow_down(std::size_t index) {
    Random& random = world_.random;
    auto& link = engine_.link(index);
    const auto kind = random.pick(3);
    if (kind != 1) link.slow_requests = random.between(20ms, 600ms);
    if (kind != 0) link.slow_answers = random.between(20ms, 600ms);
    world_.say("{}: requests take {} ms longer, answers {} ms", nodes_[index]->name(),
               ms(link.slow_requests), ms(link.slow_answers));
    world_.after(random.between(200ms, 3s),
                 [&link] { link.slow_requests = link.slow_answers = 0ns; });
}

void History::refuse(std::size_t index) {
    auto& link = engine_.link(index);
    link.refuses = true;
    world_.say("{}: the engine's member refuses connections", nodes_[index]->name());
    world_.after(world_.delay(500ms, 0.3, 3s), [&link] { link.refuses = false; });
}

void History::freeze(std::size_t index) {
    nodes_[index]->machine().freeze();
    world_.after(world_.delay(500ms, 0.5, 4s), [this, index] { nodes_[index]->machine().wake(); });
}

void History::take_down(std::size_t index) {
    Node& node = *nodes_[index];
    switch (world_.random.pick(3)) {
        case 0: node.lose_host(); break;
        case 1: node.crash_supervisor(); break;
        default:
            if (!node.machine().frozen()) node.stop();
            break;
    }
    world_.after(world_.delay(1s, 0.5, 4s), [&node] { node.boot(); });
}

void History::ask_operator(std::size_t index) {
    Random& random = world_.random;
    Node& node = *nodes_[index];
    const std::string& duty = random.one_of(all_duties());
    if (random.chance(0.5)) {
        const std::string& to = random.one_of(nodes_)->name();
        for (auto& each : nodes_) {
            if (each->name() != to && each->transfer(duty, to)) return;
        }
        return;
    }
    node.drop(duty);
    world_.after(random.delay(500ms, 0.5, 3s), [&node, duty] { node.want(duty); });
}

void History::heal() {
    world_.say("everything is repaired");
    healing_ = true;
    world_.calm();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        auto& link = engine_.link(i);
        const auto cuts = link.cuts;
        link = {};
        link.cuts = cuts;
        engine_.link_changed(i);
        nodes_[i]->machine().wake();
        nodes_[i]->boot();
        // One that was about to stop is down only then.
        world_.after(3s, [this, i] { nodes_[i]->boot(); });
        for (const std::string& duty : all_duties()) nodes_[i]->want(duty);
    }
}

void History::incident() {
    ++incidents_;
    world_.say("incident {}", incidents_);
    if (!healing_) {
        world_.after(world_.random.between(300ms, 2500ms), [this] { incident(); });
    }
}

}  // namespace evenkeel::sim
