#include "tests/chaos/faults.h"

#include <fmt/core.h>

#include "io/clock.h"

namespace evenkeel::test {
namespace {

// Not a measure but the end of patience.
constexpr Millis kLeaderLimit{20'000};

}  // namespace

const std::vector<FaultKind>& fault_kinds() {
    static const std::vector<FaultKind> kinds{
        {"worker killed", &Fault::worker_killed},
        {"member killed", &Fault::member_killed},
        {"worker and member killed", &Fault::worker_and_member_killed},
        {"node killed", &Fault::node_killed},
        {"node killed, engine's leader with it", &Fault::node_killed_with_engine_leader},
        {"two nodes killed", &Fault::two_nodes_killed},
        {"all nodes killed", &Fault::all_killed},
        {"worker frozen briefly", &Fault::worker_frozen_briefly},
        {"worker frozen", &Fault::worker_frozen},
        {"worker killed, supervisor frozen", &Fault::worker_killed_with_supervisor_frozen},
        {"member frozen briefly", &Fault::member_frozen_briefly},
        {"member frozen", &Fault::member_frozen},
        {"node frozen briefly", &Fault::node_frozen_briefly},
        {"node frozen", &Fault::node_frozen},
        {"node frozen, engine's leader with it", &Fault::node_frozen_with_engine_leader},
        {"leader cut", &Fault::leader_cut},
        {"follower cut", &Fault::follower_cut},
        {"all cut", &Fault::all_cut},
        {"leader cannot send", &Fault::leader_cannot_send},
        {"leader cannot hear", &Fault::leader_cannot_hear},
        {"one way between two", &Fault::one_way_between_two},
        {"links flap", &Fault::links_flap},
        {"links are slow", &Fault::links_are_slow},
    };
    return kinds;
}

FaultOutcome Fault::run(const FaultKind& kind) {
    (this->*kind.inject)();
    return std::move(outcome_);
}

Millis Fault::between(Millis least, Millis most) {
    return Millis(std::uniform_int_distribution<Millis::rep>(least.count(), most.count())(random_));
}

Millis Fault::ttl_share(int least_percent, int most_percent) {
    const Millis ttl = world_.timing().ttl;
    return between(ttl * least_percent / 100, ttl * most_percent / 100);
}

std::size_t Fault::other(std::size_t node) {
    const auto step = std::uniform_int_distribution<std::size_t>(1, World::kNodes - 1)(random_);
    return (node + step) % World::kNodes;
}

void Fault::measure(Instant since, std::optional<std::size_t> except) {
    const auto leads = world_.witness().wait_for_leader(since, except, kLeaderLimit);
    if (!leads) return problem("nobody else took the leader's duty");
    outcome_.takeover = std::chrono::duration_cast<Millis>(*leads - since);
}

void Fault::expect_a_leader(std::optional<std::size_t> except) {
    if (world_.witness().wait_for_leader(io::now(), except, kLeaderLimit)) return;
    problem("nobody leads though a majority can talk");
}

void Fault::expect_outside(std::size_t node, Instant since) {
    const std::string name = world_.group().node(node).name;
    if (!world_.wait_outside(node, world_.timing().ttl + kLeaderLimit)) {
        problem(name + " is cut off but does not say so");
    }
    if (const std::size_t count = world_.writers().acknowledged(node, since); count > 0) {
        problem(fmt::format("{} is cut off but acknowledged {} facts", name, count));
    }
}

void Fault::freeze_all_of(std::size_t node) {
    for (const Part part : {Part::supervisor, Part::worker, Part::member}) {
        world_.freeze(node, part);
    }
}

void Fault::with_engine_leader_at(std::size_t node) {
    if (const auto moved = world_.move_engine_leader(node); !moved) problem(moved.error().what);
    // What the move itself disturbed must not be measured.
    if (!world_.wait_whole(kLeaderLimit)) problem("the group is not whole");
}

// --- dead ---------------------------------------------------------------------------------------

void Fault::worker_killed() {
    measure(world_.kill(leader_, Part::worker), {});
}

void Fault::member_killed() {
    world_.kill(leader_, Part::member);
    world_.pause(ttl_share(20, 150));
    expect_a_leader({});
}

// With its member gone the supervisor has nobody to tell of the worker's death.
void Fault::worker_and_member_killed() {
    world_.kill(leader_, Part::member);
    measure(world_.kill(leader_, Part::worker), {});
}

void Fault::node_killed() {
    with_engine_leader_at(other(leader_));
    measure(world_.kill_node(leader_), leader_);
}

void Fault::node_killed_with_engine_leader() {
    with_engine_leader_at(leader_);
    measure(world_.kill_node(leader_), leader_);
}

void Fault::two_nodes_killed() {
    const std::size_t survivor = random_() % World::kNodes;
    for (std::size_t i = 0; i < World::kNodes; ++i) {
        if (i != survivor) world_.kill_node(i);
    }
    const Instant alone = io::now();
    expect_outside(survivor, alone);
}

void Fault::all_killed() {
    // The next falls while the first may be still writing.
    for (std::size_t i = 0; i < World::kNodes; ++i) world_.kill_node(i);
}

// --- frozen -------------------------------------------------------------------------------------

void Fault::worker_frozen_briefly() {
    world_.freeze(leader_, Part::worker);
    world_.pause(ttl_share(20, 80));
    world_.thaw();
    expect_a_leader({});
}

void Fault::worker_frozen() {
    const Instant start = io::now();
    world_.freeze(leader_, Part::worker);
    measure(start, leader_);
    world_.pause(ttl_share(0, 50));
}

void Fault::worker_killed_with_supervisor_frozen() {
    world_.freeze(leader_, Part::supervisor);
    measure(world_.kill(leader_, Part::worker), leader_);
    world_.pause(ttl_share(0, 50));
}

void Fault::member_frozen_briefly() {
    world_.freeze(leader_, Part::member);
    world_.pause(ttl_share(20, 80));
    world_.thaw();
    expect_a_leader({});
}

void Fault::member_frozen() {
    const Instant start = io::now();
    world_.freeze(leader_, Part::member);
    measure(start, leader_);
    world_.pause(ttl_share(0, 50));
}

void Fault::node_frozen_briefly() {
    freeze_all_of(leader_);
    world_.pause(ttl_share(20, 80));
    world_.thaw();
    expect_a_leader({});
}

void Fault::node_frozen() {
    with_engine_leader_at(other(leader_));
    const Instant start = io::now();
    freeze_all_of(leader_);
    measure(start, leader_);
    world_.pause(ttl_share(0, 100));
}

void Fault::node_frozen_with_engine_leader() {
    with_engine_leader_at(leader_);
    const Instant start = io::now();
    freeze_all_of(leader_);
    measure(start, leader_);
    world_.pause(ttl_share(0, 100));
}

// --- network ------------------------------------------------------------------------------------

void Fault::leader_cut() {
    const Instant start = io::now();
    world_.lan().isolate(leader_);
    const Instant cut = io::now();
    measure(start, leader_);
    expect_outside(leader_, cut);
}

void Fault::follower_cut() {
    const std::size_t follower = other(leader_);
    world_.lan().isolate(follower);
    const Instant cut = io::now();
    expect_outside(follower, cut);
    expect_a_leader(follower);
}

void Fault::all_cut() {
    for (std::size_t i = 0; i < World::kNodes; ++i) world_.lan().isolate(i);
    const Instant cut = io::now();
    for (std::size_t i = 0; i < World::kNodes; ++i) expect_outside(i, cut);
}

void Fault::leader_cannot_send() {
    const Instant start = io::now();
    for (std::size_t i = 0; i < World::kNodes; ++i) {
        if (i != leader_) world_.lan().cut(leader_, i);
    }
    const Instant cut = io::now();
    measure(start, leader_);
    expect_outside(leader_, cut);
}

void Fault::leader_cannot_hear() {
    const Instant start = io::now();
    for (std::size_t i = 0; i < World::kNodes; ++i) {
        if (i != leader_) world_.lan().cut(i, leader_);
    }
    const Instant cut = io::now();
    measure(start, leader_);
    expect_outside(leader_, cut);
}

void Fault::one_way_between_two() {
    const std::size_t from = random_() % World::kNodes;
    world_.lan().cut(from, other(from));
    world_.pause(ttl_share(100, 250));
    expect_a_leader({});
}

void Fault::links_flap() {
    const Deadline end = io::within(between(Millis(2'000), Millis(4'000)));
    while (!end.passed(io::now())) {
        const std::size_t node = random_() % World::kNodes;
        if (random_() % 2 == 0) {
            world_.lan().isolate(node);
        } else {
            world_.lan().cut(node, other(node));
        }
        world_.pause(between(Millis(20), Millis(400)));
        world_.lan().heal();
        world_.pause(between(Millis(20), Millis(400)));
    }
    expect_a_leader({});
}

void Fault::links_are_slow() {
    world_.lan().delay_all(between(Millis(5), Millis(30)));
    world_.pause(between(Millis(2'000), Millis(3'000)));
    expect_a_leader({});
}

}  // namespace evenkeel::test
