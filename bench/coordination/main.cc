// How long a duty stands still when its holder is killed, frozen, cut off, or lost together with
// the server that leads, and what one write of a fact costs: evenkeel's lease on each engine beside
// the locks that etcd and ZooKeeper have themselves. Prints tables and ratios.
#include <fmt/core.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "bench/coordination/holder.h"
#include "bench/coordination/servers.h"
#include "coord/config.h"
#include "coord/coordinator.h"
#include "coord/engines/etcd_engine.h"
#include "coord/engines/local_engine.h"
#include "coord/engines/zookeeper_engine.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/process.h"
#include "io/thread.h"
#include "lab/tcp_gate.h"

namespace evenkeel::bench {
namespace {

constexpr std::size_t kHolders = 3;
constexpr Millis kReadyLimit{60'000};
constexpr Millis kTakeOverLimit{30'000};
constexpr Millis kSettle{1'500};  // Between rounds: everybody is back and has renewed.

struct Options {
    int rounds = 10;
    int writes = 500;
    Millis ttl{1000};
    bool json = false;
};

enum class Fault { kill, freeze, cut, kill_with_leader };
constexpr Fault kFaults[] = {Fault::kill, Fault::freeze, Fault::cut, Fault::kill_with_leader};

const char* name_of(Fault fault) {
    switch (fault) {
        case Fault::kill: return "kill -9 of the holder";
        case Fault::freeze: return "freeze of the holder";
        case Fault::cut: return "holder cut off";
        case Fault::kill_with_leader: return "kill -9 of holder and leading server";
    }
    return "";
}

struct Measured {
    std::vector<double> take_over_ms{};  // From the fault to the first act of another.
    std::size_t acts_beside = 0;         // Of the old holder, after that.
};

struct System {
    const char* name;
    LockKind lock;
};

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(last * share + 0.5)];
}

double ms_between(Instant from, Instant to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
}

// Three holders of one lock, each behind gates of its own.
class Contest {
public:
    Contest(Servers& servers, LockKind lock, Millis ttl, std::string folder)
        : servers_(servers),
          lock_(lock),
          ttl_(ttl),
          folder_(std::move(folder)),
          holders_(kHolders) {
        for (std::size_t i = 0; i < kHolders; ++i) start(i);
    }

    Result<> round(Fault fault, Measured& into);

private:
    struct Holder {
        std::vector<std::unique_ptr<lab::TcpGate>> gates{};
        io::Process process{};
    };

    std::string notes(std::size_t holder) const {
        return fmt::format("{}/holder{}", folder_, holder);
    }
    void start(std::size_t holder);
    // Who acted last, once somebody acts.
    std::optional<std::size_t> acting();
    void strike(Fault fault, std::size_t victim, std::optional<std::size_t> leader);
    void heal(Fault fault, std::size_t victim, std::optional<std::size_t> leader);

    Servers& servers_;
    const LockKind lock_;
    const Millis ttl_;
    const std::string folder_;
    std::vector<Holder> holders_;
    io::StopToken pause_;
};

void Contest::start(std::size_t index) {
    Holder& holder = holders_[index];
    HolderTask task{.lock = lock_,
                    .endpoints = {},
                    .node = fmt::format("node{}", index),
                    .ttl = ttl_,
                    .notes = notes(index)};
    holder.gates.clear();
    for (const std::string& endpoint : servers_.endpoints()) {
        const std::size_t scheme = endpoint.find("://");
        const std::string prefix =
            scheme == std::string::npos ? "" : endpoint.substr(0, scheme + 3);
        const auto port = parse_number(endpoint.substr(endpoint.rfind(':') + 1)).value_or(0);
        holder.gates.push_back(std::make_unique<lab::TcpGate>(static_cast<int>(port)));
        task.endpoints.push_back(
            fmt::format("{}127.0.0.1:{}", prefix, holder.gates.back()->port()));
    }
    std::vector<std::string> argv{io::own_path(), "--holder"};
    for (const std::string& word : words_of(task)) argv.push_back(word);
    auto process = io::Process::start({.argv = argv, .output = folder_ + "/holders.log"});
    if (process) holder.process = *std::move(process);
}

std::optional<std::size_t> Contest::acting() {
    const Deadline deadline = io::within(kTakeOverLimit);
    while (!deadline.passed(io::now())) {
        for (std::size_t i = 0; i < kHolders; ++i) {
            const auto acts = acts_in(notes(i));
            if (!acts.empty() && io::now() - acts.back() < Millis(50)) return i;
        }
        pause_.wait_for(Millis(20));
    }
    return {};
}

void Contest::strike(Fault fault, std::size_t victim, std::optional<std::size_t> leader) {
    Holder& holder = holders_[victim];
    switch (fault) {
        case Fault::kill: holder.process.signal(SIGKILL); break;
        case Fault::freeze: holder.process.signal(SIGSTOP); break;
        case Fault::cut:
            for (auto& gate : holder.gates) gate->hold();
            break;
        case Fault::kill_with_leader:
            holder.process.signal(SIGKILL);
            servers_.kill(*leader);
            break;
    }
}

void Contest::heal(Fault fault, std::size_t victim, std::optional<std::size_t> leader) {
    Holder& holder = holders_[victim];
    if (fault == Fault::freeze) holder.process.signal(SIGCONT);
    if (fault == Fault::cut) {
        for (auto& gate : holder.gates) gate->open();
    }
    if (leader) (void)servers_.start(*leader);
    if (fault == Fault::kill || fault == Fault::kill_with_leader) {
        holder.process.wait(io::within(Millis(5000)));
    }
}

Result<> Contest::round(Fault fault, Measured& into) {
    EK_TRY_VOID(servers_.wait_ready(io::within(kReadyLimit)));
    pause_.wait_for(kSettle);
    const auto victim = acting();
    if (!victim) return Error{Errc::timed_out, "nobody takes the lock"};
    std::optional<std::size_t> leader;
    if (fault == Fault::kill_with_leader) {
        EK_TRY(leader, servers_.leader(io::within(kReadyLimit)));
    }
    const Instant struck = io::now();
    strike(fault, *victim, leader);
    // The first act of another after that.
    std::optional<Instant> taken;
    const Deadline deadline = io::within(kTakeOverLimit);
    while (!taken && !deadline.passed(io::now())) {
        pause_.wait_for(Millis(20));
        for (std::size_t i = 0; i < kHolders; ++i) {
            if (i == *victim) continue;
            for (const Instant act : acts_in(notes(i))) {
                if (act > struck && (!taken || act < *taken)) taken = act;
            }
        }
    }
    if (!taken) return Error{Errc::timed_out, std::string("no take-over after ") + name_of(fault)};
    into.take_over_ms.push_back(ms_between(struck, *taken));
    pause_.wait_for(Millis(300));
    heal(fault, *victim, leader);
    pause_.wait_for(Millis(700));
    for (const Instant act : acts_in(notes(*victim))) {
        if (act > *taken) ++into.acts_beside;
    }
    // Notes are small again, and a killed holder is back.
    for (std::size_t i = 0; i < kHolders; ++i) {
        if (holders_[i].process.running() && i != *victim) continue;
        holders_[i].process = {};
        start(i);
    }
    return {};
}

// --- writes -------------------------------------------------------------------------------------

Result<std::vector<double>> write_latency(coord::Engine& engine, const Options& options) {
    coord::Coordinator coordinator(engine, {.node = "writer",
                                            .incarnation = fmt::format("{:x}", io::wall_ms()),
                                            .api_address = "writer:1",
                                            .ttl = options.ttl});
    EK_TRY_VOID(coordinator.start(io::within(kReadyLimit)));
    coordinator.want("bench");
    io::StopToken pause;
    const Deadline deadline = io::within(kReadyLimit);
    std::optional<Grant> grant;
    while (!(grant = coordinator.holds("bench"))) {
        if (deadline.passed(io::now())) return Error{Errc::timed_out, "no grant for the writer"};
        pause.wait_for(Millis(10));
    }
    std::vector<double> latencies;
    for (int i = 0; i < options.writes; ++i) {
        const Instant begin = io::now();
        EK_TRY_VOID(coordinator.put(*grant, "bench/fact", std::string(100, 'x') + std::to_string(i),
                                    io::within(Millis(5000))));
        latencies.push_back(ms_between(begin, io::now()));
    }
    return latencies;
}

// --- tables -------------------------------------------------------------------------------------

using Results = std::map<std::string, std::map<Fault, Measured>>;
using Latencies = std::map<std::string, std::vector<double>>;

void print_take_overs(const std::vector<System>& systems, Results& results) {
    for (const Fault fault : kFaults) {
        fmt::print("\n{}: ms to the first act of another\n", name_of(fault));
        fmt::print("  {:<28}{:>8}{:>8}{:>8}{:>8}{:>8}{:>20}\n", "lock", "rounds", "min", "p50",
                   "p90", "max", "acts beside it");
        for (const System& system : systems) {
            const Measured& measured = results[system.name][fault];
            const auto at = [&](double share) { return percentile(measured.take_over_ms, share); };
            fmt::print("  {:<28}{:>8}{:>8.0f}{:>8.0f}{:>8.0f}{:>8.0f}{:>20}\n", system.name,
                       measured.take_over_ms.size(), at(0), at(0.5), at(0.9), at(1),
                       measured.acts_beside);
        }
    }
}

void print_latencies(const Latencies& latencies) {
    fmt::print("\none write of a fact under a grant, one at a time: ms\n");
    fmt::print("  {:<28}{:>8}{:>8}{:>8}{:>8}\n", "engine", "writes", "p50", "p99", "max");
    for (const auto& [engine, values] : latencies) {
        fmt::print("  {:<28}{:>8}{:>8.2f}{:>8.2f}{:>8.2f}\n", engine, values.size(),
                   percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1));
    }
}

// Median take-over of the engine's own lock to ours.
void print_ratios(Results& results) {
    const auto ratio = [&](const char* theirs, const char* ours, Fault fault) {
        return percentile(results[theirs][fault].take_over_ms, 0.5) /
               percentile(results[ours][fault].take_over_ms, 0.5);
    };
    fmt::print("\ntimes faster at the median than the engine's own lock\n");
    fmt::print("  {:<38}{:>10}{:>12}\n", "", "etcd", "ZooKeeper");
    for (const Fault fault : kFaults) {
        fmt::print("  {:<38}{:>10.2f}{:>12.2f}\n", name_of(fault),
                   ratio("etcd lease", "evenkeel on etcd", fault),
                   ratio("ZooKeeper session", "evenkeel on ZooKeeper", fault));
    }
}

void print_json(Results& results, const Latencies& latencies) {
    std::string text = "{\"take_over_ms\":{";
    for (auto& [system, faults] : results) {
        text += fmt::format("{}{}:{{", text.ends_with('{') ? "" : ",", json_quote(system));
        for (auto& [fault, measured] : faults) {
            text +=
                fmt::format(R"({}{}:{{"rounds":{},"p50":{:.1f},"p90":{:.1f},"max":{:.1f},)"
                            R"("acts_beside":{}}})",
                            text.ends_with('{') ? "" : ",", json_quote(name_of(fault)),
                            measured.take_over_ms.size(), percentile(measured.take_over_ms, 0.5),
                            percentile(measured.take_over_ms, 0.9),
                            percentile(measured.take_over_ms, 1), measured.acts_beside);
        }
        text += "}";
    }
    text += "},\"write_ms\":{";
    for (const auto& [engine, values] : latencies) {
        text += fmt::format(R"({}{}:{{"p50":{:.3f},"p99":{:.3f}}})", text.ends_with('{') ? "" : ",",
                            json_quote(engine), percentile(values, 0.5), percentile(values, 0.99));
    }
    fmt::print("{}}}}}\n", text);
}

// --- the run ------------------------------------------------------------------------------------

Result<> contest(Servers& servers, const System& system, const Options& options,
                 const std::string& folder, Results& results) {
    EK_TRY_VOID(io::make_folders(folder));
    Contest contest(servers, system.lock, options.ttl, folder);
    for (const Fault fault : kFaults) {
        fmt::print(stderr, "{}: {} ...\n", system.name, name_of(fault));
        for (int round = 0; round < options.rounds; ++round) {
            EK_TRY_VOID(contest.round(fault, results[system.name][fault]));
        }
    }
    return {};
}

Result<> run(const Options& options, const std::string& folder) {
    const std::vector<System> systems{{"evenkeel on etcd", LockKind::lease_on_etcd},
                                      {"etcd lease", LockKind::etcd_lease},
                                      {"evenkeel on ZooKeeper", LockKind::lease_on_zookeeper},
                                      {"ZooKeeper session", LockKind::zookeeper_session}};
    Results results;
    Latencies latencies;
    {
        EK_TRY(const auto local, coord::open_local_engine(folder + "/local.db"));
        EK_TRY(latencies["local"], write_latency(*local, options));
    }
    {
        EK_TRY(const auto etcd, start_etcd(folder + "/etcd"));
        EK_TRY_VOID(etcd->wait_ready(io::within(kReadyLimit)));
        const auto engine = coord::make_etcd_engine(
            {.endpoints = {etcd->endpoints().front()}, .root = "/evenkeel/writes/"});
        EK_TRY(latencies["etcd, three members"], write_latency(*engine, options));
        for (const System& system : {systems[0], systems[1]}) {
            EK_TRY_VOID(contest(*etcd, system, options, folder + "/" + system.name, results));
        }
    }
    {
        EK_TRY(const auto zookeeper, start_zookeeper(folder + "/zookeeper"));
        EK_TRY_VOID(zookeeper->wait_ready(io::within(kReadyLimit)));
        const auto engine = coord::make_zookeeper_engine(
            {.servers = join(zookeeper->endpoints(), ","), .root = "/evenkeel/writes"});
        EK_TRY(latencies["ZooKeeper, three servers"], write_latency(*engine, options));
        for (const System& system : {systems[2], systems[3]}) {
            EK_TRY_VOID(contest(*zookeeper, system, options, folder + "/" + system.name, results));
        }
    }
    if (options.json) {
        print_json(results, latencies);
        return {};
    }
    fmt::print("ttl, lease and session: {} ms; {} rounds\n", options.ttl.count(), options.rounds);
    print_take_overs(systems, results);
    print_latencies(latencies);
    print_ratios(results);
    return {};
}

int main(int argc, char** argv) {
    (void)log::set_level("error");
    if (argc > 1 && std::string_view(argv[1]) == "--holder") {
        const auto task = task_of({argv + 2, argv + argc});
        const auto done = task ? run_holder(*task) : Result<>(task.error());
        if (!done) fmt::print(stderr, "{}\n", done.error().what);
        return 1;
    }
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            options.json = true;
        } else if (word == "--rounds" && i + 1 < argc) {
            options.rounds = static_cast<int>(::strtol(argv[++i], nullptr, 10));
        } else if (word == "--ttl" && i + 1 < argc) {
            options.ttl = Millis(::strtol(argv[++i], nullptr, 10));
        } else {
            fmt::print(stderr, "bench_coordination [--rounds 10] [--ttl 1000] [--json]\n");
            return 2;
        }
    }
    const auto folder = io::make_temp_folder("evenkeel-bench");
    if (!folder) return 1;
    const auto done = run(options, *folder);
    if (done) {
        (void)io::remove_all(*folder);
    } else {
        fmt::print(stderr, "bench_coordination: {} (logs: {})\n", done.error().what, *folder);
    }
    return done ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel::bench

int main(int argc, char** argv) {
    return evenkeel::bench::main(argc, argv);
}
