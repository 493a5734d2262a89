#include "tests/sim/world.h"

#include <algorithm>

namespace evenkeel::sim {
namespace {

constexpr Instant kStart{std::chrono::hours(1)};

// Neighbouring seeds must not give similar histories.
std::uint64_t mixed(std::uint64_t seed) {
    seed += 0x9e3779b97f4a7c15u;
    seed = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
    seed = (seed ^ (seed >> 27)) * 0x94d049bb133111ebu;
    return seed ^ (seed >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) : engine_(mixed(seed)) {}

Span Random::between(Span low, Span high) {
    return low + Span(static_cast<Span::rep>(unit() * static_cast<double>((high - low).count())));
}

Span Random::delay(Span usual, double long_chance, Span longest) {
    if (!chance(long_chance)) return between(usual / 10, usual);
    // Most of the long ones are not the longest.
    return Span(static_cast<Span::rep>(unit() * unit() * static_cast<double>(longest.count())));
}

void Tally::add(const Tally& other) {
    histories += other.histories;
    grants += other.grants;
    expelled += other.expelled;
    certified += other.certified;
    transfers += other.transfers;
    unknown += other.unknown;
    writes += other.writes;
    refused += other.refused;
    plans += other.plans;
    resumed += other.resumed;
    crashes += other.crashes;
    cuts += other.cuts;
    freezes += other.freezes;
    simulated += other.simulated;
}

World::World(const Settings& chosen) : settings(chosen), random(chosen.seed), now_(kStart) {}

void World::after(Span delay, std::function<void()> what) {
    events_.push_back({now_ + delay, ++number_, std::move(what)});
    std::push_heap(events_.begin(), events_.end());
}

bool World::step(Instant end) {
    if (events_.empty() || events_.front().at > end) {
        now_ = end;
        return false;
    }
    std::pop_heap(events_.begin(), events_.end());
    const Event next = std::move(events_.back());
    events_.pop_back();
    now_ = next.at;
    next.what();
    return true;
}

std::string World::clock() const {
    const auto since = std::chrono::duration_cast<Micros>(now_ - kStart).count();
    return fmt::format("{:3}.{:06}", since / 1'000'000, since % 1'000'000);
}

void World::print(const std::string& line) const {
    fmt::print("{} s  {}\n", clock(), line);
}

}  // namespace evenkeel::sim
