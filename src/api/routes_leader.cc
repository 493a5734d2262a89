// Who leads, and giving that on: orchestrator's raft routes and ours.
#include <fmt/core.h>

#include <algorithm>

#include "api/routes.h"
#include "api/shapes.h"
#include "base/text.h"
#include "io/clock.h"

namespace evenkeel::api {
namespace {

constexpr Millis kTransferLimit{10'000};

bool in_healthy_group(const coord::GroupView& group) {
    return group.healthy && group.leader.has_value();
}

const char* raft_state_of(const coord::GroupView& group) {
    if (group.leads) return "Leader";
    return in_healthy_group(group) ? "Follower" : "Candidate";
}

// A node outside its group remembers a leader that may not be one any more.
std::string leader_address(const coord::GroupView& group) {
    return in_healthy_group(group) ? group.leader->api_address : "";
}

Answer alone(const Request& request) {
    return error_answer(request.path, request.path.starts_with("/api/v1/") ? 409 : 500,
                        "this node is alone (engine local): there is no group");
}

Answer leader_check(const Sources& sources, const Request& request) {
    if (sources.group().leads) return {.body = R"("OK")"};
    // The caller may choose the code: load balancers differ in what they take for "down".
    const auto code = parse_number(request.value("code"));
    const bool usable = code && *code >= 200 && *code <= 599;
    return {.status = usable ? static_cast<int>(*code) : 404, .body = R"("Not leader")"};
}

Answer raft_health(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    const coord::GroupView group = sources.group();
    if (in_healthy_group(group)) return {.body = R"("healthy")"};
    return error_answer(request.path, 500,
                        group.healthy ? "the group has no leader at the moment"
                                      : "this node is not part of a healthy group");
}

Answer raft_state(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    return {.body = json_quote(raft_state_of(sources.group()))};
}

Answer raft_leader(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    return {.body = json_quote(leader_address(sources.group()))};
}

Answer raft_status(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    const coord::GroupView group = sources.group();
    return {.body =
                json_raft_status(group, sources.node, raft_state_of(group), leader_address(group))};
}

Answer raft_peers(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    std::vector<std::string> peers;
    for (const coord::Member& member : sources.group().members) {
        peers.push_back(member.api_address);
    }
    return {.body = json_list(peers)};
}

Answer raft_snapshot(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    return {.body = R"("nothing to do: the engine makes its snapshots by itself")"};
}

Answer raft_follower_health_report(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    return {.body = R"("nothing to do: members renew their leases")"};
}

// --- giving the lead on ----------------------------------------------------------------------

bool is_named(const coord::Member& member, const std::string& name) {
    if (name == member.node || name == member.api_address) return true;
    const auto address = parse_server_id(member.api_address);
    return address && address->host == name;
}

bool is_hinted(const coord::Member& member, const std::string& hint) {
    return member.node.find(hint) != std::string::npos ||
           member.api_address.find(hint) != std::string::npos;
}

// The live member for which `fits` holds; others before the leader itself. Its node id; empty:
// none.
template <typename Fits>
std::string pick(const coord::GroupView& group, Fits fits) {
    std::string itself;
    for (const coord::Member& member : group.members) {
        if (!member.live || !fits(member)) continue;
        if (member.node != group.self) return member.node;
        itself = member.node;
    }
    return itself;
}

// The next of the live members, so that whoever repeats it goes round.
std::string pick_next(const coord::GroupView& group) {
    std::vector<std::string> others;
    for (const coord::Member& member : group.members) {
        if (member.live && member.node != group.self) others.push_back(member.node);
    }
    std::sort(others.begin(), others.end());
    const auto next = std::upper_bound(others.begin(), others.end(), group.self);
    if (others.empty()) return {};
    return next == others.end() ? others.front() : *next;
}

Error nobody(const coord::GroupView& group, const std::string& wanted) {
    std::vector<std::string> live;
    for (const coord::Member& member : group.members) {
        if (member.live) live.push_back(member.node);
    }
    const auto nearest = nearest_name(wanted, live);
    return {Errc::not_found,
            wanted.empty()
                ? "transfer the lead: no other node is live"
                : fmt::format("transfer the lead: no live node {}{}; live: {}", json_quote(wanted),
                              nearest ? "; did you mean " + *nearest + "?" : "", join(live, ", "))};
}

// The leader's own part; `node` empty: nobody fits `wanted`.
Result<> give_lead_to(const Sources& sources, const coord::GroupView& group,
                      const std::string& node, const std::string& wanted) {
    if (node.empty()) return nobody(group, wanted);
    if (node == group.self) return {};
    return sources.transfer(node, io::within(kTransferLimit));
}

Answer raft_yield(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    const coord::GroupView group = sources.group();
    const std::string wanted = request.value("node");
    const std::string node = pick(group, [&](const auto& each) { return is_named(each, wanted); });
    const auto given = give_lead_to(sources, group, node, wanted);
    if (!given) return error_answer(request.path, given.error());
    return {.body = json_envelope(true, "Yielded to " + node, "null")};
}

Answer raft_yield_hint(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    const coord::GroupView group = sources.group();
    const std::string hint = request.value("hint");
    const std::string node = pick(group, [&](const auto& each) { return is_hinted(each, hint); });
    const auto given = give_lead_to(sources, group, node, hint);
    if (!given) return error_answer(request.path, given.error());
    return {.body = json_envelope(true, "Yielded to " + node, json_quote(hint))};
}

Answer reelect(const Sources& sources, const Request& request) {
    if (!sources.node.grouped) return alone(request);
    const coord::GroupView group = sources.group();
    const std::string node = pick_next(group);
    const auto given = give_lead_to(sources, group, node, "");
    if (!given) return error_answer(request.path, given.error());
    return {.body = json_envelope(true, "Set re-elections: " + node + " leads", "null")};
}

Answer leader(const Sources& sources, const Request&) {
    return {.body = json_leader(sources.group(), sources.node, sources.leading_since())};
}

Answer transfer(const Sources& sources, const Request& request) {
    const auto to = transfer_target(request.body);
    if (!to) return error_answer(request.path, to.error());
    if (!sources.node.grouped) return alone(request);
    const coord::GroupView group = sources.group();
    const std::string node =
        to->empty() ? pick_next(group)
                    : pick(group, [&](const auto& each) { return is_named(each, *to); });
    const auto given = give_lead_to(sources, group, node, *to);
    if (!given) return error_answer(request.path, given.error());
    return {.body = json_transfer(group.self, node, sources.group().leader_epoch)};
}

}  // namespace

std::vector<Route> leader_routes() {
    const char* kCheck =
        "200 `\"OK\"` while this node leads, its lease valid at this moment; else 404 "
        "`\"Not leader\"`.";
    return {
        {"/api/leader-check", Scope::node, kCheck, leader_check},
        {"/api/leader-check/:code", Scope::node, "The same with that status in place of 404.",
         leader_check},
        {"/api/routed-leader-check", Scope::leader_or_node,
         "200 `\"OK\"` on every node that reaches a leader.", leader_check},
        {"/api/routed-leader-check/:code", Scope::leader_or_node,
         "The same with that status in place of 404.", leader_check},
        {"/api/raft-health", Scope::node,
         "200 `\"healthy\"` in a healthy group with a leader; else 500, also with engine local.",
         raft_health},
        {"/api/raft-state", Scope::node,
         "`\"Leader\"`, `\"Follower\"` or `\"Candidate\"`; 500 with engine local, as all raft "
         "routes.",
         raft_state},
        {"/api/raft-leader", Scope::node,
         "The leader's API address, `\"host:port\"`; `\"\"`: none. (orchestrator's is the address "
         "of raft, of which nothing can be asked.)",
         raft_leader},
        {"/api/raft-status", Scope::node,
         "`RaftBind`, `RaftAdvertise`, `State`, `Healthy`, `IsPartOfQuorum`, `Leader`, "
         "`LeaderURI`, `Peers`; all but RaftBind are API addresses.",
         raft_status},
        {"/api/raft-peers", Scope::node, "The API addresses of all members.", raft_peers},
        {"/api/raft-yield/:node", Scope::leader,
         "The lead goes to that node, by id, API address or host; answered when it has it.",
         raft_yield, "GET", true},
        {"/api/raft-yield-hint/:hint", Scope::leader,
         "The same for a live node whose id or address has that in it.", raft_yield_hint, "GET",
         true},
        {"/api/reelect", Scope::leader, "The lead goes to the next live node.", reelect, "GET",
         true},
        {"/api/raft-snapshot", Scope::node, "Does nothing: the engine does that by itself.",
         raft_snapshot},
        {"/api/raft-follower-health-report/:token/:bind/:advertise", Scope::node,
         "Does nothing: members renew their leases.", raft_follower_health_report},
        {"/api/v1/leader", Scope::leader,
         "Who leads, under which epoch, since when by its clock, with which ttl; all members.",
         leader},
        {"/api/v1/leader/transfer", Scope::leader,
         "The lead goes to `{\"to\":\"node2\"}`, or without that to the next live node; answered "
         "when it has it. 404: no such live node; 409: somebody else took it; 504: nobody did "
         "within 10 s.",
         transfer, "POST", true},
    };
}

}  // namespace evenkeel::api
