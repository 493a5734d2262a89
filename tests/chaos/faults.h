// The faults of the chaos rounds: each is done to a whole group, observed for a while, and left for
// World::heal() to undo.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/chaos/world.h"

namespace evenkeel::test {

using Random = std::mt19937_64;

struct FaultOutcome {
    std::optional<Millis> takeover{};  // Until another node led; only of faults that measure it.
    std::vector<std::string> problems{};
};

class Fault;
struct FaultKind {
    std::string name{};
    void (Fault::*inject)() = nullptr;
};
const std::vector<FaultKind>& fault_kinds();

// One fault in one round.
class Fault {
public:
    // `leader` leads now.
    Fault(World& world, Random& random, std::size_t leader)
        : world_(world), random_(random), leader_(leader) {}

    FaultOutcome run(const FaultKind& kind);

    // --- dead -----------------------------------------------------------------------------------
    void worker_killed();
    void member_killed();
    void worker_and_member_killed();
    void node_killed();
    void node_killed_with_engine_leader();
    void two_nodes_killed();
    void all_killed();
    // --- frozen ---------------------------------------------------------------------------------
    void worker_frozen_briefly();
    void worker_frozen();
    void worker_killed_with_supervisor_frozen();
    void member_frozen_briefly();
    void member_frozen();
    void node_frozen_briefly();
    void node_frozen();
    void node_frozen_with_engine_leader();
    // --- network --------------------------------------------------------------------------------
    void leader_cut();
    void follower_cut();
    void all_cut();
    void leader_cannot_send();
    void leader_cannot_hear();
    void one_way_between_two();
    void links_flap();
    void links_are_slow();

private:
    Millis between(Millis least, Millis most);
    Millis ttl_share(int least_percent, int most_percent);
    std::size_t other(std::size_t node);
    void problem(std::string text) { outcome_.problems.push_back(std::move(text)); }
    // Waits for somebody but `except` to lead; how long that took since `since` is the outcome.
    void measure(Instant since, std::optional<std::size_t> except);
    void expect_a_leader(std::optional<std::size_t> except);
    // Outside of the group the node says so, and nothing that is sent through it is acknowledged.
    void expect_outside(std::size_t node, Instant since);
    void freeze_all_of(std::size_t node);
    void with_engine_leader_at(std::size_t node);

    World& world_;
    Random& random_;
    const std::size_t leader_;
    FaultOutcome outcome_;
};

}  // namespace evenkeel::test
