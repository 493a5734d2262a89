#include "bench/cdc/measure.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace evenkeel::bench {
namespace {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

Cost with_median_wall(std::vector<Cost> costs) {
    std::sort(costs.begin(), costs.end(),
              [](const Cost& a, const Cost& b) { return a.wall_s < b.wall_s; });
    Cost middle = costs[costs.size() / 2];
    std::vector<double> cpu;
    for (const Cost& cost : costs) cpu.push_back(cost.cpu_s);
    middle.cpu_s = median(std::move(cpu));
    return middle;
}

// Readers take turns, so that a slow minute of the machine hits all of them.
class Round {
public:
    Round(const lab::Server& server, const Options& options, Recorded where, bool of_part)
        : server_(server), options_(options), where_(std::move(where)), of_part_(of_part) {}

    Result<> run(const std::vector<Contestant>& all) {
        for (int run = 0; run < options_.runs; ++run) {
            for (const Contestant& one : all) {
                if (takes_part(one, run)) EK_TRY_VOID(let_read(one));
            }
        }
        for (const Contestant& one : all) {
            if (of_part_ == one.only_a_part) lines_.push_back(line_of(one));
        }
        return {};
    }
    const std::vector<Line>& lines() const { return lines_; }
    std::uint64_t rows() const { return rows_; }
    double wall_s() const { return wall_s_; }
    double foreign_s() const { return foreign_s_; }

private:
    bool takes_part(const Contestant& one, int run) const {
        if (!one.missing.empty() || failed_.contains(one.who)) return false;
        // Of a part, ours is read once, for its number of rows.
        if (one.who == Who::ours) return run == 0 || !of_part_;
        return one.only_a_part == of_part_ && (run == 0 || !one.once);
    }

    Result<> let_read(const Contestant& one) {
        if (one.once) fmt::print(stderr, "  {} ...\n", one.name);
        const bool prints = one.counts_rows || one.who == Who::count;
        auto cost = run_child(one.command(where_, rows_),
                              prints ? Output::ends_in_numbers : Output::to_nowhere, server_.pid());
        if (!cost) {
            if (one.who <= Who::verbose) return cost.error();
            fmt::print(stderr, "  warning: {} failed: {}\n", one.name, cost.error().what);
            failed_[one.who] = cost.error().what;
            return {};
        }
        wall_s_ += cost->wall_s;
        foreign_s_ += cost->foreign_s;
        if (one.counts_rows) compare_rows(one, *cost);
        costs_[one.who].push_back(*std::move(cost));
        return {};
    }

    void compare_rows(const Contestant& one, const Cost& cost) {
        const auto counted =
            cost.printed.empty() ? 0 : static_cast<std::uint64_t>(cost.printed.front());
        if (rows_ == 0) rows_ = counted;
        if (counted == rows_) return;
        fmt::print(stderr, "  warning: {} counted {} rows, evenkeel {}\n", one.name, counted,
                   rows_);
    }

    Line line_of(const Contestant& one) const {
        Line line{.who = one.who,
                  .name = one.name,
                  .missing = one.missing,
                  .rows = rows_,
                  .bytes = where_.bytes};
        const auto failed = failed_.find(one.who);
        if (failed != failed_.end()) line.missing = failed->second;
        const auto costs = costs_.find(one.who);
        if (costs != costs_.end()) line.cost = with_median_wall(costs->second);
        return line;
    }

    const lab::Server& server_;
    const Options& options_;
    const Recorded where_;
    const bool of_part_;
    std::uint64_t rows_ = 0;
    double wall_s_ = 0;
    double foreign_s_ = 0;
    std::map<Who, std::vector<Cost>> costs_;
    std::map<Who, std::string> failed_;
    std::vector<Line> lines_;
};

}  // namespace

double Line::start_s() const {
    return times_itself() ? cost.wall_s - cost.printed[2] : 0;
}

double Line::rows_per_s() const {
    if (times_itself()) return cost.printed[1] / cost.printed[2];
    return static_cast<double>(rows) / cost.wall_s;
}

double Line::mb_per_s() const {
    return static_cast<double>(bytes) / 1e6 * rows_per_s() / static_cast<double>(rows);
}

double Line::cpu_us_per_row() const {
    if (times_itself()) return cost.printed[3] * 1e6 / cost.printed[1];
    return cost.cpu_s * 1e6 / static_cast<double>(rows);
}

const Line* SetResult::of(Who who) const {
    for (const Line& line : lines) {
        if (line.who == who && line.missing.empty()) return &line;
    }
    return nullptr;
}

Result<SetResult> measure(const lab::Server& server, const DataSet& set, const Options& options,
                          const std::string& folder) {
    const std::vector<Contestant> all = contestants(server, options, folder);
    EK_TRY(const Recorded whole, record(server, set, options.scale));
    EK_TRY_VOID(make_raw_sink(folder, whole));
    Round round(server, options, whole, false);
    EK_TRY_VOID(round.run(all));
    SetResult result{
        .set = set, .bytes = whole.bytes, .rows = round.rows(), .lines = round.lines()};
    double wall_s = round.wall_s();
    double foreign_s = round.foreign_s();
    if (!options.peers.empty()) {
        EK_TRY(const Recorded part, record(server, set, options.scale * options.part));
        Round slow(server, options, part, true);
        EK_TRY_VOID(slow.run(all));
        result.lines.insert(result.lines.end(), slow.lines().begin(), slow.lines().end());
        wall_s += slow.wall_s();
        foreign_s += slow.foreign_s();
    }
    result.foreign_cores = foreign_s / wall_s;
    return result;
}

}  // namespace evenkeel::bench
