// Virtual time, chance and the observer, shared by everything in one simulated history. Events run
// one after another in the order of their times; nothing happens between them.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "tests/sim/settings.h"
#include "tests/support/invariants.h"

namespace evenkeel::sim {

using Span = std::chrono::nanoseconds;

class Random {
public:
    explicit Random(std::uint64_t seed);
    std::uint64_t pick(std::uint64_t below) { return engine_() % below; }
    bool chance(double probability) { return unit() < probability; }
    Span between(Span low, Span high);
    // Usually below `usual`; with `long_chance` anything up to `longest`.
    Span delay(Span usual, double long_chance, Span longest);
    double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
    template <typename T>
    const T& one_of(const std::vector<T>& all) {
        return all[pick(all.size())];
    }

private:
    std::mt19937_64 engine_;
};

// What happened, so that a clean run can show that something did.
struct Tally {
    std::uint64_t histories = 0;
    std::uint64_t grants = 0;
    std::uint64_t expelled = 0;
    std::uint64_t certified = 0;
    std::uint64_t transfers = 0;
    std::uint64_t unknown = 0;  // Calls whose fate the caller did not learn.
    std::uint64_t writes = 0;   // Acknowledged.
    std::uint64_t refused = 0;  // Writes that lost their duty.
    std::uint64_t plans = 0;
    std::uint64_t resumed = 0;  // Plans that another than its beginner ended.
    std::uint64_t crashes = 0;
    std::uint64_t cuts = 0;
    std::uint64_t freezes = 0;
    Span simulated{0};

    void add(const Tally& other);
};

class World {
public:
    explicit World(const Settings& settings);

    Instant now() const { return now_; }
    void after(Span delay, std::function<void()> what);
    // The next event; false: there is none before `end`, and it is `end` now.
    bool step(Instant end);

    // Everything is as quick and sure as it should be from here.
    void calm() { calm_ = true; }
    // Usually below `usual`; with `long_chance` anything up to `longest`.
    Span delay(Span usual, double long_chance, Span longest) {
        return random.delay(usual, calm_ ? 0 : long_chance, longest);
    }
    bool mishap(double probability) { return random.chance(calm_ ? 0 : probability); }

    // Somebody may hold or do what it did not before; judged after the event. (Time alone only ends
    // leases and acts.)
    void look() { look_ = true; }
    bool looked() { return std::exchange(look_, false); }

    // A line of the transcript.
    template <typename... Parts>
    void say(fmt::format_string<Parts...> format, Parts&&... parts) {
        if (settings.transcript) print(fmt::format(format, std::forward<Parts>(parts)...));
    }
    std::string clock() const;  // Since the history began.
    bool mutant(Mutant which) const { return settings.mutant == which; }

    const Settings settings;
    Random random;
    test::Invariants invariants;
    Tally tally;

private:
    struct Event {
        Instant at{};
        std::uint64_t number = 0;
        std::function<void()> what{};
        bool operator<(const Event& other) const {
            return at != other.at ? at > other.at : number > other.number;
        }
    };
    void print(const std::string& line) const;

    std::vector<Event> events_;  // A heap, the next on top.
    std::uint64_t number_ = 0;
    Instant now_;
    bool calm_ = false;
    bool look_ = false;
};

}  // namespace evenkeel::sim
