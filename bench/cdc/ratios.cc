#include "bench/cdc/ratios.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace evenkeel::bench {
namespace {

constexpr double kMbPerMib = 1.048576;

struct Limit {
    double floor;
    double goal;
};

// For the data sets A, B, C.
constexpr Limit kToCount[] = {{0.60, 0.80}, {0.80, 0.95}, {0.25, 0.35}};
constexpr Limit kToVerbose[] = {{10, 15}, {15, 22}, {6, 10}};
constexpr Limit kToRaw[] = {{0.7, 1.0}, {2, 3}, {0.25, 0.35}};
constexpr Limit kVerboseCpu[] = {{10, 15}, {20, 40}, {7, 10}};
constexpr Limit kInstructions[] = {{3500, 2500}, {5000, 3500}, {17'000, 13'000}};
constexpr Limit kZongjiCpu{20, 40};
constexpr Limit kPeakMb{32, 16};
constexpr Limit kAddedP50Us{50, 10};
constexpr Limit kAddedP99Us{200, 50};
constexpr Limit kTlsCpu{1.6, 1.3};

std::optional<double> speed_to(const SetResult& set, Who other) {
    const Line* ours = set.of(Who::ours);
    const Line* theirs = set.of(other);
    if (ours == nullptr || theirs == nullptr) return {};
    return ours->rows_per_s() / theirs->rows_per_s();
}

std::optional<double> cpu_of(const SetResult& set, Who other) {
    const Line* ours = set.of(Who::ours);
    const Line* theirs = set.of(other);
    if (ours == nullptr || theirs == nullptr) return {};
    return theirs->cpu_us_per_row() / ours->cpu_us_per_row();
}

class Ratios {
public:
    void add(Ratio ratio, Limit limit) {
        ratio.floor = limit.floor;
        ratio.goal = limit.goal;
        all_.push_back(std::move(ratio));
    }
    void add_for_set(const char* id, const char* what, const SetResult& set,
                     std::optional<double> value, Limit limit) {
        add({.id = id, .what = what, .of = set.set.name, .value = value}, limit);
    }
    std::vector<Ratio> take() {
        std::stable_sort(all_.begin(), all_.end(), [](const Ratio& a, const Ratio& b) {
            return a.id.size() != b.id.size() ? a.id.size() < b.id.size() : a.id < b.id;
        });
        return std::move(all_);
    }

private:
    std::vector<Ratio> all_;
};

void add_set(Ratios& to, const SetResult& set, std::size_t index) {
    constexpr std::array<const char*, 3> kCountId = {"C1", "C2", "C3"};
    to.add_for_set(kCountId[index], "rows/s to count only", set, speed_to(set, Who::count),
                   kToCount[index]);
    to.add_for_set("C4", "rows/s to mariadb-binlog -vv", set, speed_to(set, Who::verbose),
                   kToVerbose[index]);
    to.add_for_set("C5", "rows/s to mariadb-binlog --raw", set, speed_to(set, Who::raw),
                   kToRaw[index]);
    to.add_for_set("C6", "CPU per row, -vv to ours", set, cpu_of(set, Who::verbose),
                   kVerboseCpu[index]);
    const bool counted = set.instructions_per_row > 0;
    to.add({.id = "C7",
            .what = "instructions per row",
            .of = set.set.name,
            .value = counted ? std::optional(set.instructions_per_row) : std::nullopt,
            .less_is_better = true},
           kInstructions[index]);
    to.add_for_set("C8", "CPU per row, zongji to ours", set, cpu_of(set, Who::zongji), kZongjiCpu);
    to.add({.id = "C11",
            .what = "CPU per row, TLS to plain",
            .of = set.set.name,
            .value = cpu_of(set, Who::ours_tls),
            .less_is_better = true},
           kTlsCpu);
}

void add_peak(Ratios& to, const std::vector<SetResult>& sets) {
    std::optional<double> peak;
    for (const SetResult& set : sets) {
        const Line* ours = set.of(Who::ours);
        if (ours != nullptr) peak = std::max(peak.value_or(0), ours->cost.rss_mib * kMbPerMib);
    }
    to.add({.id = "C9", .what = "peak RSS, MB", .of = "all", .value = peak, .less_is_better = true},
           kPeakMb);
}

void add_latency(Ratios& to, const std::vector<Latency>& latencies) {
    if (latencies.empty()) {
        to.add({.id = "C10", .what = "added latency p50, us", .less_is_better = true}, kAddedP50Us);
        to.add({.id = "C10", .what = "added latency p99, us", .less_is_better = true}, kAddedP99Us);
    }
    for (const Latency& one : latencies) {
        const std::string rate = fmt::format("{:.0f}/s", one.commits_per_s);
        to.add({.id = "C10",
                .what = "added latency p50, us",
                .of = rate,
                .value = one.ours.p50_us - one.count.p50_us,
                .less_is_better = true},
               kAddedP50Us);
        to.add({.id = "C10",
                .what = "added latency p99, us",
                .of = rate,
                .value = one.ours.p99_us - one.count.p99_us,
                .less_is_better = true},
               kAddedP99Us);
    }
}

}  // namespace

const char* Ratio::verdict() const {
    if (!value) return "not measured";
    const double sign = less_is_better ? -1 : 1;
    if (sign * *value >= sign * goal) return "ok";
    return sign * *value >= sign * floor ? "below goal" : "below floor";
}

std::vector<Ratio> ratios(const Results& results) {
    Ratios all;
    for (std::size_t i = 0; i < results.sets.size(); ++i) add_set(all, results.sets[i], i);
    add_peak(all, results.sets);
    add_latency(all, results.latencies);
    return all.take();
}

}  // namespace evenkeel::bench
