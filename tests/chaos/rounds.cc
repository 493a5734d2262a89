#include "tests/chaos/rounds.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "io/clock.h"

namespace evenkeel::test {
namespace {

constexpr Millis kWholeLimit{60'000};
constexpr std::size_t kProblemsMax = 10;  // A group that is broken need not be broken any further.
constexpr std::size_t kLinesMax = 5;      // Of one problem that shows many times.

Millis percentile(const std::vector<Millis>& sorted, std::size_t percent) {
    const std::size_t index = (sorted.size() * percent + 99) / 100;
    return sorted[std::max<std::size_t>(index, 1) - 1];
}

// Progress is for somebody who waits.
template <typename... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
    fmt::print(format, std::forward<Args>(args)...);
    std::fflush(stdout);
}

}  // namespace

Rounds::Rounds(const RoundsOptions& options)
    : options_(options), random_(options.seed), world_(options.folder, options.timing) {}

void Rounds::run() {
    say("chaos: {} rounds, seed {}, ttl {} ms, heartbeat {} ms, election {} ms; logs in {}\n",
        options_.rounds, options_.seed, options_.timing.ttl.count(),
        options_.timing.heartbeat.count(), options_.timing.election.count(), options_.folder);
    std::size_t number = 0;
    for (const FaultKind& kind : order(options_.rounds)) {
        if (!run_one(++number, kind)) break;
        if (problems_ >= kProblemsMax) break;
    }
    const auto lost = world_.writers().lost(random_() % World::kNodes, true);
    judge("at the end", lost);
    EXPECT_GT(number, 0u) << "no fault has \"" << options_.only << "\" in its name";
    print_table();
}

std::vector<FaultKind> Rounds::order(std::size_t rounds) {
    std::vector<FaultKind> all;
    while (all.size() < rounds) {
        std::vector<FaultKind> kinds = fault_kinds();
        std::erase_if(kinds, [this](const FaultKind& kind) {
            return kind.name.find(options_.only) == std::string::npos;
        });
        if (kinds.empty()) break;
        std::shuffle(kinds.begin(), kinds.end(), random_);
        all.insert(all.end(), kinds.begin(), kinds.end());
    }
    all.resize(rounds);
    return all;
}

// False when the group did not come back.
bool Rounds::run_one(std::size_t number, const FaultKind& kind) {
    const auto where = fmt::format("seed {}, round {}, {}", options_.seed, number, kind.name);
    const auto leader = world_.wait_whole(kWholeLimit) ? world_.leader() : std::nullopt;
    if (!leader) {
        judge(where, {"before the fault the group is not whole"});
        return false;
    }
    // Anywhere between two renewals.
    world_.pause(Millis(random_() % static_cast<std::uint64_t>(options_.timing.ttl.count() / 2)));
    const Instant start = io::now();
    Fault fault(world_, random_, *leader);
    FaultOutcome outcome = fault.run(kind);
    world_.heal();
    const bool whole = world_.wait_whole(kWholeLimit);
    if (!whole) outcome.problems.push_back("the group does not become whole again");
    if (const auto ended = world_.group().ended()) {
        outcome.problems.push_back(world_.group().node(*ended).name + " ended by itself");
    }
    for (std::string& lost : world_.writers().lost(random_() % World::kNodes, false)) {
        outcome.problems.push_back(std::move(lost));
    }
    Times& times = times_[kind.name];
    ++times.rounds;
    if (outcome.takeover) times.takeovers.push_back(*outcome.takeover);
    say("{:4}/{} {:38}{:>9}  {:.1f} s\n", number, options_.rounds, kind.name,
        outcome.takeover ? fmt::format("{} ms", outcome.takeover->count()) : "",
        std::chrono::duration<double>(io::now() - start).count());
    judge(where, std::move(outcome.problems));
    return whole;
}

void Rounds::judge(const std::string& where, std::vector<std::string> problems) {
    for (const std::string& violation : world_.violations()) {
        if (violations_.insert(violation).second) problems.push_back(violation);
    }
    if (problems.empty()) return;
    problems_ += problems.size();
    const std::size_t left = problems.size() > kLinesMax ? problems.size() - kLinesMax : 0;
    problems.resize(problems.size() - left);
    for (const std::string& problem : problems) {
        ADD_FAILURE() << where << ": " << problem << "\n  logs: " << options_.folder;
    }
    if (left > 0) ADD_FAILURE() << where << ": and " << left << " more";
}

void Rounds::print_table() {
    say("\n{:38} rounds   until another node leads, ms\n{:45}{:>7}{:>7}{:>7}{:>7}\n", "fault", "",
        "min", "p50", "p90", "max");
    std::size_t rounds = 0;
    for (auto& [name, times] : times_) {
        rounds += times.rounds;
        auto& sorted = times.takeovers;
        std::sort(sorted.begin(), sorted.end());
        if (sorted.empty()) {
            say("{:38}{:7}\n", name, times.rounds);
            continue;
        }
        say("{:38}{:7}{:7}{:7}{:7}{:7}\n", name, times.rounds, sorted.front().count(),
            percentile(sorted, 50).count(), percentile(sorted, 90).count(), sorted.back().count());
    }
    say("\n{} rounds: {} overlaps of two holders in {} grants and {} answers; {} facts "
        "acknowledged; "
        "{} problems\n",
        rounds, violations_.size(), world_.grants(), world_.witness().answers(),
        world_.writers().acknowledged(), problems_);
}

}  // namespace evenkeel::test
