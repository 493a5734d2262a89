#include "bench/coordination/holder.h"

#include <fmt/core.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>

#include "base/text.h"
#include "bench/coordination/latches.h"
#include "coord/config.h"
#include "coord/coordinator.h"
#include "coord/engines/etcd_engine.h"
#include "coord/engines/zookeeper_engine.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"

namespace evenkeel::bench {
namespace {

constexpr Millis kJoinLimit{30'000};
constexpr Millis kActPause{1};

// Notes an act whenever `may_act` says so, for ever.
[[noreturn]] void act(const std::string& notes, const std::function<bool()>& may_act) {
    std::FILE* file = std::fopen(notes.c_str(), "w");
    io::StopToken pause;
    while (true) {
        // The check comes first: what is noted is when the act would have happened.
        if (may_act()) {
            fmt::print(file, "{}\n", io::now().time_since_epoch().count());
            std::fflush(file);
        }
        pause.wait_for(kActPause);
    }
}

std::unique_ptr<coord::Engine> engine_of(const HolderTask& task) {
    if (task.lock == LockKind::lease_on_zookeeper) {
        return coord::make_zookeeper_engine(
            {.servers = join(task.endpoints, ","), .root = "/evenkeel/bench"});
    }
    return coord::make_etcd_engine({.endpoints = task.endpoints,
                                    .root = "/evenkeel/bench/",
                                    .call_limit = coord::call_limit(task.ttl)});
}

Result<> act_under_lease(const HolderTask& task) {
    const auto engine = engine_of(task);
    coord::Coordinator coordinator(
        *engine, {.node = task.node,
                  .incarnation = fmt::format("{:x}-{}", io::wall_ms(), ::getpid()),
                  .api_address = task.node + ":1",
                  .ttl = task.ttl,
                  .call_limit = coord::call_limit(task.ttl)});
    EK_TRY_VOID(coordinator.start(io::within(kJoinLimit)));
    coordinator.want(coord::kLeaderDuty);
    act(task.notes, [&] { return coordinator.holds(coord::kLeaderDuty).has_value(); });
}

void act_under_latch(const HolderTask& task) {
    std::atomic<bool> believes{false};
    const auto on_belief = [&](bool holds) { believes = holds; };
    const io::Worker campaigner("latch", [&](io::StopToken& stop) {
        if (task.lock == LockKind::etcd_lease) {
            const auto seconds = std::chrono::ceil<std::chrono::seconds>(task.ttl).count();
            run_etcd_latch(task.endpoints, task.node, static_cast<int>(seconds), on_belief, stop);
        } else {
            run_zookeeper_latch(join(task.endpoints, ","), task.node, task.ttl, on_belief, stop);
        }
    });
    act(task.notes, [&] { return believes.load(); });
}

}  // namespace

std::vector<std::string> words_of(const HolderTask& task) {
    return {std::to_string(static_cast<int>(task.lock)), join(task.endpoints, ","), task.node,
            std::to_string(task.ttl.count()), task.notes};
}

Result<HolderTask> task_of(const std::vector<std::string>& words) {
    const Error wrong{Errc::invalid, "a holder needs LOCK ENDPOINTS NODE TTL NOTES"};
    if (words.size() != 5) return wrong;
    const auto lock = parse_number(words[0]);
    const auto ttl = parse_number(words[3]);
    if (!lock || *lock > 3 || !ttl) return wrong;
    return HolderTask{.lock = static_cast<LockKind>(*lock),
                      .endpoints = split(words[1], ','),
                      .node = words[2],
                      .ttl = Millis(static_cast<std::int64_t>(*ttl)),
                      .notes = words[4]};
}

Result<> run_holder(const HolderTask& task) {
    if (task.lock == LockKind::lease_on_etcd || task.lock == LockKind::lease_on_zookeeper) {
        return act_under_lease(task);
    }
    act_under_latch(task);
    return {};
}

std::vector<Instant> acts_in(const std::string& notes) {
    std::vector<Instant> acts;
    const std::string text = io::read_file(notes).value_or("");
    // A line that is being written has no end yet.
    for (const std::string& line : split(text.substr(0, text.rfind('\n') + 1), '\n')) {
        if (const auto at = parse_number(line)) {
            acts.emplace_back(BootClock::duration(static_cast<std::int64_t>(*at)));
        }
    }
    return acts;
}

}  // namespace evenkeel::bench
