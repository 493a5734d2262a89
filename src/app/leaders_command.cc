#include "app/leaders_command.h"

#include <fmt/core.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/api_client.h"
#include "app/exit_status.h"
#include "base/log.h"
#include "coord/lease_records.h"
#include "coord/open_engine.h"
#include "io/clock.h"
#include "io/thread.h"
#include "model/server_id.h"

namespace evenkeel::app {
namespace {

constexpr Millis kLookPause{50};
constexpr const char* kStreamPrefix = "stream/";

void print_leader(const std::string& stream, const std::string& host) {
    fmt::print("[INFO] MaxwellLeaders: clientID:{}:leaders now are -> {}\n", stream, host);
}

int nobody(const std::string& client_id) {
    fmt::print(stderr,
               "evenkeel leaders: {}: no process runs it; start `evenkeel cdc` with the same "
               "--client_id and --ha, or a node with that [[stream]]\n",
               client_id.empty() ? "no stream is running" : "no process runs stream " + client_id);
    return kFailed;
}

int fail(const Error& error) {
    fmt::print(stderr, "evenkeel leaders: {}\n", error.what);
    return kFailed;
}

std::string host_of(const std::string& address) {
    const auto parsed = parse_server_id(address);
    return parsed ? parsed->host : address;
}

// --- the nodes' API --------------------------------------------------------------------------

int ask_nodes(const std::string& client_id) {
    ApiClient client;
    const auto body = client.get("/api/v1/status");
    if (!body) return fail(body.error());
    const auto status = nlohmann::json::parse(*body, nullptr, false);
    std::map<std::string, std::string> hosts;
    for (const auto& member : status.at("members")) {
        if (member.at("live")) hosts[member.at("node")] = host_of(member.at("api_address"));
    }
    bool found = false;
    for (const auto& duty : status.at("duties")) {
        const std::string name = duty.at("name");
        if (!name.starts_with(kStreamPrefix)) continue;
        const std::string stream = name.substr(std::string_view(kStreamPrefix).size());
        const auto host = hosts.find(duty.at("holder"));
        if (host == hosts.end() || (!client_id.empty() && stream != client_id)) continue;
        print_leader(stream, host->second);
        found = true;
    }
    return found ? kOk : nobody(client_id);
}

// --- the engine itself -----------------------------------------------------------------------

// The member that holds the stream's duty by the records; it may be dead without anybody having
// noticed, when nobody is left who would.
Result<std::optional<coord::MemberRecord>> holder(coord::Engine& engine, const std::string& stream,
                                                  Deadline deadline) {
    const std::string key = std::string(coord::kDutyPrefix) + kStreamPrefix + stream;
    EK_TRY(const coord::Snapshot duties, engine.read(key, deadline));
    for (const coord::Entry& entry : duties.entries) {
        const auto duty = coord::duty_from_json(entry.value);
        if (entry.key != key || !duty || duty->holder.empty()) continue;
        EK_TRY(const coord::Snapshot members,
               engine.read(coord::kMemberPrefix + duty->holder, deadline));
        for (const coord::Entry& each : members.entries) {
            const auto member = coord::member_from_json(each.value);
            if (!member || member->node != duty->holder) continue;
            if (member->state != coord::MemberState::live) continue;
            if (member->incarnation == duty->incarnation) return member;
        }
    }
    return std::optional<coord::MemberRecord>();
}

// Waits until the holder's record is renewed, for a ttl at most: who renews lives.
Result<std::optional<coord::MemberRecord>> living_holder(coord::Engine& engine,
                                                         const std::string& stream,
                                                         Deadline deadline) {
    EK_TRY(const auto first, holder(engine, stream, deadline));
    if (!first) return first;
    const Deadline silent = io::within(first->ttl).sooner(deadline);
    io::StopToken pause;
    while (!silent.passed(io::now())) {
        EK_TRY(const auto now, holder(engine, stream, deadline));
        if (!now) return now;
        const bool same = now->node == first->node && now->incarnation == first->incarnation;
        if (!same || now->beat != first->beat) return now;
        pause.wait_for(kLookPause);
    }
    return std::optional<coord::MemberRecord>();
}

int ask_engine(const LeadersArgs& args) {
    const auto engine = coord::open_engine(args.ha.group);
    if (!engine) return fail(engine.error());
    const auto found = living_holder(**engine, args.client_id, io::within(args.ha.join_limit));
    if (!found) return fail(found.error());
    if (!*found) return nobody(args.client_id);
    print_leader(args.client_id, host_of((*found)->api_address));
    return kOk;
}

}  // namespace

int run_leaders(const LeadersArgs& args) {
    log::set_level("error");  // What is printed is for scripts.
    return args.ha.kind == HaKind::raft ? ask_nodes(args.client_id) : ask_engine(args);
}

}  // namespace evenkeel::app
