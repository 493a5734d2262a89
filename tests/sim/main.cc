// Simulates histories of the lease and duty core and judges them: `sim --help`.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <optional>

#include "base/mutex.h"
#include "io/clock.h"
#include "io/thread.h"
#include "tests/sim/history.h"

namespace evenkeel::sim {
namespace {

struct Run {
    Settings settings{};  // The seed is the first one.
    std::uint64_t seeds = 2000;
    unsigned workers = 2;
    bool must_be_caught = false;
};

struct Broken {
    std::uint64_t seed = 0;
    std::string what{};
};

// Hands out seeds to workers and collects what they found.
class Desk {
public:
    explicit Desk(const Run& run) : run_(run) {}

    void work() {
        while (true) {
            const std::uint64_t number = next_++;
            if (number >= run_.seeds || done_) return;
            Settings settings = run_.settings;
            settings.seed += number;
            History history(settings);
            const std::string what = history.run();
            Lock lock(mutex_);
            tally_.add(history.tally());
            ++judged_;
            if (what.empty()) continue;
            done_ = true;
            if (!broken_ || settings.seed < broken_->seed) broken_ = Broken{settings.seed, what};
        }
    }
    std::uint64_t judged() const {
        Lock lock(mutex_);
        return judged_;
    }
    Tally tally() const {
        Lock lock(mutex_);
        return tally_;
    }
    std::optional<Broken> broken() const {
        Lock lock(mutex_);
        return broken_;
    }

private:
    const Run& run_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<bool> done_{false};
    mutable Mutex mutex_;
    Tally tally_ EK_GUARDED_BY(mutex_);
    std::uint64_t judged_ EK_GUARDED_BY(mutex_) = 0;
    std::optional<Broken> broken_ EK_GUARDED_BY(mutex_);
};

void show_progress(const Desk& desk, const Run& run, Instant begin) {
    if (isatty(STDERR_FILENO) == 0) return;
    const auto seconds = std::chrono::duration<double>(io::now() - begin).count();
    fmt::print(stderr, "\r{} of {} histories, {:.0f} s ", desk.judged(), run.seeds, seconds);
    std::fflush(stderr);
}

void judge_all(Desk& desk, const Run& run) {
    const Instant begin = io::now();
    std::vector<io::Worker> workers;
    std::atomic<unsigned> running{run.workers};
    for (unsigned i = 0; i < run.workers; ++i) {
        workers.emplace_back("sim-" + std::to_string(i), [&](io::StopToken&) {
            desk.work();
            --running;
        });
    }
    io::StopToken pause;
    while (running > 0) {
        pause.wait_for(Millis(200));
        show_progress(desk, run, begin);
    }
    if (isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r{:60}\r", "");
}

std::string options_of(const Settings& settings) {
    std::string options;
    if (settings.nodes != 0) options += fmt::format(" --nodes {}", settings.nodes);
    if (settings.ttl.count() != 0) options += fmt::format(" --ttl {}", settings.ttl.count());
    if (settings.mutant != Mutant::none) {
        options += fmt::format(" --mutant {}", to_string(settings.mutant));
    }
    return options;
}

void print_tally(const Tally& tally, double seconds) {
    fmt::print("{} histories, {:.1f} hours of virtual time, in {:.1f} s: no promise was broken\n",
               tally.histories, std::chrono::duration<double>(tally.simulated).count() / 3600,
               seconds);
    fmt::print("  faults   {} cuts, {} freezes, {} crashes, {} calls without an answer\n",
               tally.cuts, tally.freezes, tally.crashes, tally.unknown);
    fmt::print("  leases   {} grants, {} expulsions, {} death certificates, {} transfers\n",
               tally.grants, tally.expelled, tally.certified, tally.transfers);
    fmt::print("  work     {} writes acknowledged, {} refused; {} plans begun, {} taken up again\n",
               tally.writes, tally.refused, tally.plans, tally.resumed);
}

int judge_seeds(const Run& run) {
    const Instant begin = io::now();
    Desk desk(run);
    judge_all(desk, run);
    const double seconds = std::chrono::duration<double>(io::now() - begin).count();
    const auto broken = desk.broken();
    if (run.must_be_caught) {
        if (broken) {
            fmt::print("{} is caught by seed {}: {}\n", to_string(run.settings.mutant),
                       broken->seed, broken->what);
            return 0;
        }
        fmt::print("{} is NOT caught in {} histories\n", to_string(run.settings.mutant), run.seeds);
        return 1;
    }
    if (broken) {
        fmt::print("seed {}: {}\nreplay it: ./dev sim --replay {}{}\n", broken->seed, broken->what,
                   broken->seed, options_of(run.settings));
        return 1;
    }
    const Tally tally = desk.tally();
    print_tally(tally, seconds);
    const bool idle = tally.grants == 0 || tally.writes == 0 || tally.plans == 0;
    if (idle) fmt::print("nothing ever happened: that proves nothing\n");
    return idle ? 1 : 0;
}

int replay(Settings settings, std::uint64_t seed) {
    settings.seed = seed;
    settings.transcript = true;
    History history(settings);
    const std::string what = history.run();
    fmt::print("{}\n", what.empty() ? "no promise was broken" : what);
    return what.empty() ? 0 : 1;
}

int run_program(int argc, char** argv) {
    Run run;
    std::optional<std::uint64_t> replayed;
    std::int64_t ttl = 0;
    std::string mutant = "none";
    std::string mutants;
    for (const Mutant each : all_mutants()) mutants += std::string(" ") + to_string(each);
    CLI::App app{"Simulates histories of leases and duties under faults, and judges them"};
    app.add_option("--seeds", run.seeds, "How many histories")->capture_default_str();
    app.add_option("--first", run.settings.seed, "The first seed")->capture_default_str();
    app.add_option("--nodes", run.settings.nodes, "3 or 5; without it by the seed")
        ->check(CLI::IsMember({3, 5}));
    app.add_option("--ttl", ttl, "Milliseconds; without it by the seed")
        ->check(CLI::Range(200, 10'000));
    app.add_option("--jobs", run.workers, "Histories at a time")->capture_default_str();
    app.add_option("--replay", replayed, "Print what happens in the history of this seed");
    app.add_option("--mutant", mutant, "Break a rule on purpose:" + mutants);
    app.add_flag("--must-be-caught", run.must_be_caught, "Fail unless a promise is broken");
    CLI11_PARSE(app, argc, argv);
    const auto named = mutant_named(mutant);
    if (!named) {
        fmt::print(stderr, "sim: no mutant \"{}\"; there are{}\n", mutant, mutants);
        return 2;
    }
    run.settings.mutant = *named;
    run.settings.ttl = Millis(ttl);
    if (replayed) return replay(run.settings, *replayed);
    return judge_seeds(run);
}

}  // namespace
}  // namespace evenkeel::sim

int main(int argc, char** argv) {
    return evenkeel::sim::run_program(argc, argv);
}
