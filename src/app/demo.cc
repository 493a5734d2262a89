#include "app/demo.h"

#include <fmt/core.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <set>

#include "app/demo_load.h"
#include "app/demo_report.h"
#include "app/demo_world.h"
#include "app/exit_status.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

constexpr Millis kTick{3};  // Between two looks while waiting: it bounds what is measured.
constexpr Millis kProgressPause{100};
constexpr Millis kEventLimit{60'000};
constexpr Millis kNoteworthySilence{250};
constexpr Millis kQueryLimit{20'000};

// One line on a terminal that says what is going on.
class Progress {
public:
    void set(std::string what) {
        what_ = std::move(what);
        show(true);
    }
    void watch(const DemoLoad* load) { load_ = load; }
    void show(bool now = false) {
        if (!on_) return;
        const Instant time = io::now();
        if (!now && time - shown_ < kProgressPause) return;
        shown_ = time;
        const std::string writes =
            load_ == nullptr ? "" : fmt::format(" ({} writes acknowledged)", load_->acknowledged());
        fmt::print(stderr, "\r\x1b[K{:6.1f} s  {}{}", seconds(time), what_, writes);
        ::fflush(stderr);
    }
    void clear() {
        if (on_) fmt::print(stderr, "\r\x1b[K");
    }

private:
    double seconds(Instant time) const {
        return std::chrono::duration<double>(time - started_).count();
    }

    const bool on_ = ::isatty(STDERR_FILENO) == 1;
    const Instant started_ = io::now();
    Instant shown_{};
    std::string what_;
    const DemoLoad* load_ = nullptr;
};

// Plays one round: the world, the load, and what happens to them.
class Play {
public:
    Play(const DemoArgs& args, Signals& signals, Progress& progress, std::string folder)
        : args_(args),
          signals_(signals),
          progress_(progress),
          world_(std::move(folder), [this] { return pause(kTick); }) {}

    DemoRound run();
    void keep();

private:
    Result<> play();
    Result<> kill_primary();
    Result<> kill_leading_node();
    Result<> return_of_old_primary();
    Result<> return_of_node();
    Result<> count_everything();
    Result<> compare_servers();
    void note_silences();
    // Errors: unavailable  the demo was interrupted.
    Result<> pause(Millis limit);
    Result<> settle(const std::string& what);
    void note(const std::string& text) { round_.events.push_back({io::wall_ms(), text}); }
    lab::Server& primary() { return *world_.databases().find(primary_); }
    std::string name(const ServerId& server) {
        return fmt::format("{} ({})", world_.databases().find(server)->config().name, server.str());
    }

    const DemoArgs& args_;
    Signals& signals_;
    Progress& progress_;
    DemoWorld world_;
    std::unique_ptr<DemoLoad> load_;
    DemoRound round_;
    ServerId old_primary_{};
    ServerId primary_{};
    std::size_t killed_node_ = 0;
    Instant primary_killed_{};
    Instant node_killed_{};
};

Result<> Play::pause(Millis limit) {
    progress_.show();
    if (signals_.wait(io::within(limit))) return Error{Errc::unavailable, "interrupted"};
    return {};
}

Result<> Play::settle(const std::string& what) {
    progress_.set(what);
    const Deadline until = io::within(args_.settle);
    while (!until.passed(io::now())) EK_TRY_VOID(pause(Millis(50)));
    return {};
}

DemoRound Play::run() {
    const auto played = play();
    if (load_) load_->stop();
    progress_.watch(nullptr);
    if (!played) round_.problem = played.error().what;
    if (round_.killed_ms == 0) round_.killed_ms = io::wall_ms();
    progress_.clear();
    return round_;
}

Result<> Play::play() {
    progress_.set("starting a primary, two replicas and three nodes");
    EK_TRY_VOID(world_.start());
    old_primary_ = world_.databases().server(0).id();
    load_ = std::make_unique<DemoLoad>(world_.servers(), world_.databases().accounts().app,
                                       args_.writers);
    progress_.watch(load_.get());
    load_->start();
    EK_TRY_VOID(settle("writing"));
    EK_TRY_VOID(kill_primary());
    EK_TRY_VOID(settle("writing to the new primary"));
    EK_TRY_VOID(kill_leading_node());
    EK_TRY_VOID(settle("two of three nodes are left"));
    EK_TRY_VOID(return_of_old_primary());
    EK_TRY_VOID(return_of_node());
    EK_TRY_VOID(settle("all are back"));
    return count_everything();
}

Result<> Play::kill_primary() {
    lab::Server& server = world_.databases().server(0);
    progress_.set("the primary is killed");
    round_.killed_ms = io::wall_ms();
    primary_killed_ = io::now();
    note(fmt::format("kill -9 of the primary, {}", name(old_primary_)));
    server.kill();
    const Instant dead = io::now();
    EK_TRY_VOID(world_.wait_until("a write after the primary's death", kEventLimit,
                                  [&] { return load_->last_ack() > dead; }));
    const auto done = [this] {
        const std::string recoveries = world_.ask_leader("/recoveries");
        return recoveries.find("\"state\":\"done\"") != std::string::npos &&
               recoveries.find("\"state\":\"running\"") == std::string::npos;
    };
    EK_TRY_VOID(world_.wait_until("the end of the failover", kEventLimit, done));
    for (std::size_t i = 1; i < world_.databases().size(); ++i) {
        const lab::Server& candidate = world_.databases().server(i);
        EK_TRY(const auto answer,
               candidate.query({"SELECT @@read_only AS ro"}, io::within(kQueryLimit)));
        if (answer.text(0, "ro") != "0") continue;
        if (!round_.new_primary.empty()) {
            return Error{Errc::conflict, "two servers take writes after the failover"};
        }
        primary_ = candidate.id();
        round_.new_primary = primary_.str();
    }
    if (!round_.new_primary.empty()) return {};
    return Error{Errc::not_found, "no server takes writes after the failover"};
}

Result<> Play::kill_leading_node() {
    const int leader = world_.leader();
    if (leader < 0) return Error{Errc::unavailable, "no node leads before its kill"};
    killed_node_ = static_cast<std::size_t>(leader);
    progress_.set("every process of the leading node is killed");
    note(
        fmt::format("kill -9 of every process of {}, which leads", world_.node_name(killed_node_)));
    node_killed_ = io::now();
    world_.kill_node(killed_node_);
    int next = -1;
    EK_TRY_VOID(world_.wait_until("another node to lead", kEventLimit,
                                  [&] { return (next = world_.leader()) >= 0; }));
    round_.leader_gap = std::chrono::ceil<Millis>(io::now() - node_killed_);
    note(fmt::format("{} leads", world_.node_name(static_cast<std::size_t>(next))));
    return {};
}

Result<> Play::return_of_old_primary() {
    progress_.set("the old primary comes back");
    note(fmt::format("the old primary, {}, starts again", name(old_primary_)));
    EK_TRY_VOID(world_.databases().server(0).start());
    const std::string path = fmt::format("/clusters/{}", kDemoCluster);
    EK_TRY_VOID(world_.wait_until("the old primary to replicate", kEventLimit, [&] {
        return replicates(world_.ask_leader(path), old_primary_.str(), primary_.str());
    }));
    round_.old_primary_rejoined = true;
    note(fmt::format("{} replicates from {}", name(old_primary_), name(primary_)));
    return {};
}

Result<> Play::return_of_node() {
    progress_.set("the killed node comes back");
    note(world_.node_name(killed_node_) + " starts again");
    EK_TRY_VOID(world_.start_node(killed_node_));
    EK_TRY_VOID(world_.wait_until("the killed node to be healthy", kEventLimit, [&] {
        return world_.ask(killed_node_, "/api/raft-health").status == 200;
    }));
    note(world_.node_name(killed_node_) + " is healthy");
    return {};
}

Result<std::set<RowKey>> read_table(const lab::Server& server) {
    EK_TRY(const auto answer,
           server.query({"SELECT writer, seq FROM demo.writes"}, io::within(kQueryLimit)));
    std::set<RowKey> rows;
    for (const auto& row : answer.rows) {
        rows.insert({static_cast<std::uint32_t>(parse_number(row[0].value_or("")).value_or(0)),
                     parse_number(row[1].value_or("")).value_or(0)});
    }
    return rows;
}

Result<> Play::count_everything() {
    progress_.set("the stream catches up");
    load_->stop();
    EK_TRY(const auto table, read_table(primary()));
    // The stream may take a moment for the last rows; what is missing after that is missing.
    const auto level = [&] {
        const auto content = io::read_file(world_.stream_file());
        const auto rows = content ? parse_stream(*content) : Result<std::vector<RowKey>>();
        if (!rows) return false;
        round_.tally = count(load_->records(), table, *rows);
        return round_.tally.stream_missing == 0;
    };
    const auto caught_up = world_.wait_until("the stream to catch up", Millis(30'000), level);
    if (!caught_up && caught_up.error().code != Errc::timed_out) return caught_up;
    EK_TRY(const std::string content, io::read_file(world_.stream_file()));
    EK_TRY(const auto rows, parse_stream(content));
    round_.tally = count(load_->records(), table, rows);
    round_.write_gap = longest_gap(load_->records(), primary_killed_, node_killed_);
    round_.write_gap_leader_kill = longest_gap(load_->records(), node_killed_, io::now());
    if (const Ack* first = first_ack(load_->records(), primary_killed_ + round_.write_gap / 2)) {
        const auto after = std::chrono::floor<Millis>(first->at - primary_killed_);
        round_.events.push_back(
            {round_.killed_ms + after.count(),
             "first write acknowledged by " + name(world_.databases().server(first->server).id())});
    }
    note_silences();
    for (DemoEvent& event : recovery_events(world_.ask_leader("/recoveries"))) {
        round_.events.push_back(std::move(event));
    }
    return compare_servers();
}

// The one around the primary's death is the demo's subject; any other needs an explanation too.
void Play::note_silences() {
    for (const Silence& silence : silences(load_->records(), kNoteworthySilence)) {
        const auto since = std::chrono::floor<Millis>(silence.from - primary_killed_);
        round_.events.push_back(
            {round_.killed_ms + since.count(),
             fmt::format("last write acknowledged for {} ms", silence.length.count())});
    }
}

Result<> Play::compare_servers() {
    progress_.set("comparing the servers");
    EK_TRY(const auto expected, read_table(primary()));
    const auto identical = [&] {
        for (std::size_t i = 0; i < world_.databases().size(); ++i) {
            const auto rows = read_table(world_.databases().server(i));
            if (!rows || *rows != expected) return false;
        }
        return true;
    };
    const auto level = world_.wait_until("the replicas to be level", Millis(15'000), identical);
    round_.servers_identical = level.has_value();
    if (!level && level.error().code != Errc::timed_out) return level;
    return {};
}

void Play::keep() {
    std::vector<std::string> endpoints;
    for (std::size_t i = 0; i < world_.nodes(); ++i) endpoints.push_back(world_.api(i));
    const auto& admin = world_.databases().accounts().admin;
    fmt::print(
        "\nThe world keeps running in {}. Look around:\n\n  export EVENKEEL_API=\"{}\"\n"
        "  {} status\n  {} topology\n  curl {}/metrics\n  tail -f {}\n",
        world_.folder(), join(endpoints, " "), io::own_path(), io::own_path(), endpoints.front(),
        world_.stream_file());
    for (std::size_t i = 0; i < world_.databases().size(); ++i) {
        const lab::Server& server = world_.databases().server(i);
        fmt::print("  mariadb -h127.0.0.1 -P{} -u{} -p{} demo    # {}{}\n", server.id().port,
                   admin.user, admin.password, server.config().name,
                   server.id() == primary_ ? ", the primary" : "");
    }
    fmt::print("\nCtrl-C ends all of it and removes the folder.\n");
    ::fflush(stdout);
    while (!signals_.wait(io::within(Millis(60'000)))) continue;
}

}  // namespace

int run_demo(const DemoArgs& args) {
    log::set_level("error");
    Signals signals;
    Progress progress;
    std::vector<DemoRound> rounds;
    const bool colour = ::isatty(STDOUT_FILENO) == 1 && ::getenv("NO_COLOR") == nullptr;
    for (int number = 1; number <= args.rounds; ++number) {
        const auto folder = io::make_temp_folder("evenkeel-demo-");
        if (!folder) {
            fmt::print(stderr, "evenkeel demo: {}\n", folder.error().what);
            return kFailed;
        }
        {
            Play play(args, signals, progress, *folder);
            rounds.push_back(play.run());
            const DemoRound& round = rounds.back();
            if (args.rounds > 1) fmt::print("round {} of {}\n", number, args.rounds);
            fmt::print("{}\n{}", timeline(round, colour), verdict(round));
            ::fflush(stdout);
            if (args.keep && round.problem != "interrupted") play.keep();
        }
        const bool interrupted = rounds.back().problem == "interrupted";
        const bool wanted = ::getenv("EVENKEEL_KEEP") != nullptr;
        if ((rounds.back().ok() && !wanted) || interrupted || args.keep) {
            [[maybe_unused]] const auto removed = io::remove_all(*folder);
        } else {
            fmt::print(stderr, "the logs are kept in {}\n", *folder);
        }
        if (interrupted) break;
    }
    if (args.json) fmt::print("{}\n", summary_json(rounds));
    for (const DemoRound& round : rounds) {
        if (!round.ok()) return kFailed;
    }
    return kOk;
}

}  // namespace evenkeel::app
