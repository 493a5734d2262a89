#include "tests/chaos/world.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/bytes.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "tests/support/eventually.h"

namespace evenkeel::test {
namespace {

using Json = nlohmann::json;

constexpr const char* kStatus = "/v3/maintenance/status";
constexpr Millis kDeathLimit{10'000};
constexpr Millis kCallLimit{1'000};
constexpr Millis kMoveLimit{5'000};
constexpr std::size_t kCaptureBytes = 16u << 20;

GroupOptions group_options(const std::string& folder, const Timing& timing, Lan& lan, bool tls) {
    return {.folder = folder,
            .nodes = World::kNodes,
            .lan = &lan,
            .coordination = {fmt::format("ttl_ms = {}", timing.ttl.count()),
                             fmt::format("heartbeat_ms = {}", timing.heartbeat.count()),
                             fmt::format("election_ms = {}", timing.election.count())},
            .tls = tls};
}

// A process that nobody has reaped yet is dead too.
bool dead(pid_t pid) {
    const auto stat = io::read_file(fmt::format("/proc/{}/stat", pid));
    if (!stat) return true;
    const auto name_end = stat->rfind(')');
    return name_end == std::string::npos ||
           stat->substr(name_end, 3).find_first_of("ZX") != std::string::npos;
}

}  // namespace

World::World(const std::string& folder, const Timing& timing, bool tls)
    : timing_(timing),
      trace_(folder + "/leases"),
      lan_(kNodes),
      group_(group_options(folder, timing, lan_, tls)) {
    lan_.capture(kCaptureBytes);
    for (std::size_t i = 0; i < kNodes; ++i) members_[i] = group_.member_client(i);
    group_.add_environment("EVENKEEL_LEASE_TRACE=" + trace_);
    group_.start_all();
    witness_ = std::make_unique<Witness>(group_);
    writers_ = std::make_unique<FactWriters>(group_);
}

World::~World() {
    if (!::testing::Test::HasFailure()) return;
    const std::string file = trace_.substr(0, trace_.rfind('/')) + "/frames.pcap";
    if (lan_.write_pcap(file)) fmt::print("the last frames between the nodes: {}\n", file);
}

bool World::wait_whole(Millis limit) {
    // A lease lasts while members elect or start: only an answer with a quorum tells of those.
    const std::string read = Json{{"key", base64_encode("/chaos")}}.dump();
    return eventually(limit, [&] {
        for (std::size_t i = 0; i < kNodes; ++i) {
            if (group_.ask(i, "/api/raft-health").status != 200) return false;
            const auto answer =
                group_.ask_member(*members_[i], i, "/v3/kv/range", read, kCallLimit);
            if (!answer || answer->status != 200) return false;
        }
        return leader().has_value();
    });
}

std::optional<std::size_t> World::leader() {
    const auto leaders = group_.leaders();
    if (leaders.size() != 1) return {};
    return leaders.front();
}

bool World::wait_outside(std::size_t node, Millis limit) {
    return eventually(limit, [&] {
        return group_.ask(node, "/api/raft-health").status == 500 &&
               group_.ask(node, "/api/leader-check").status == 404;
    });
}

void World::pause(Millis time) {
    io::StopToken never;
    never.wait_for(time);
}

std::vector<std::string> World::violations() const {
    auto found =
        lease_violations(holdings(lease_spans(io::read_file(trace_).value_or("")), deaths_));
    for (std::string& text : proven_overlaps(witness_->runs())) found.push_back(std::move(text));
    return found;
}

std::size_t World::grants() const {
    std::set<std::pair<std::string, std::uint64_t>> granted;
    for (const LeaseSpan& span : lease_spans(io::read_file(trace_).value_or(""))) {
        granted.insert({span.duty, span.epoch});
    }
    return granted.size();
}

std::string World::member_says(std::size_t node, const std::string& path, const std::string& body) {
    const auto answer = group_.ask_member(*members_[node], node, path, body, kCallLimit);
    return answer ? answer->body : answer.error().what;
}

Result<> World::move_engine_leader(std::size_t to) {
    std::string last_words;
    const bool moved = eventually(kMoveLimit, [&] {
        const std::string text = member_says(to, kStatus, "{}");
        const Json status = Json::parse(text, nullptr, false);
        last_words = text;
        if (!status.is_object() || !status.contains("header")) return false;
        const std::string wanted = status["header"].value("member_id", "");
        if (status.value("leader", "") == wanted) return true;
        // Only the present leader moves it; the others refuse.
        for (std::size_t i = 0; i < kNodes; ++i) {
            if (i == to) continue;
            last_words += " " + member_says(i, "/v3/maintenance/transfer-leadership",
                                            Json{{"targetID", wanted}}.dump());
        }
        return false;
    });
    if (moved) return {};
    return Error{Errc::timed_out, "move the engine's leader: " + last_words};
}

pid_t World::pid(std::size_t node, Part part) const {
    switch (part) {
        case Part::supervisor: return group_.node(node).process.pid();
        case Part::worker: return group_.child(node, "node-worker");
        case Part::member: break;
    }
    return group_.child(node, "etcd");
}

Instant World::kill(std::size_t node, Part part) {
    if (part == Part::supervisor) return kill_node(node);
    const pid_t victim = pid(node, part);
    EXPECT_GT(victim, 0);
    if (victim <= 0) return io::now();
    EXPECT_EQ(::kill(victim, SIGKILL), 0);
    const Instant at = io::now();
    if (part == Part::worker) deaths_.push_back({group_.node(node).name, at});
    return at;
}

Instant World::kill_node(std::size_t node) {
    const pid_t worker = pid(node, Part::worker);
    const pid_t member = pid(node, Part::member);
    const Instant start = io::now();
    group_.kill_host(node);  // Its children die with it.
    const bool gone = eventually(kDeathLimit, [&] {
        return (worker <= 0 || dead(worker)) && (member <= 0 || dead(member));
    });
    EXPECT_TRUE(gone) << "the children of " << group_.node(node).name << " live on";
    deaths_.push_back({group_.node(node).name, io::now()});
    return start;
}

void World::freeze(std::size_t node, Part part) {
    const pid_t victim = pid(node, part);
    EXPECT_GT(victim, 0);
    if (victim <= 0 || ::kill(victim, SIGSTOP) != 0) return;
    frozen_.push_back(victim);
}

void World::thaw() {
    for (const pid_t victim : frozen_) ::kill(victim, SIGCONT);
    frozen_.clear();
}

void World::heal() {
    lan_.heal();
    thaw();
    for (std::size_t i = 0; i < kNodes; ++i) {
        if (!group_.node(i).process.running()) group_.start(i);
    }
}

}  // namespace evenkeel::test
