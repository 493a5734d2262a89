#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "api/routes.h"
#include "base/text.h"

namespace evenkeel::api {
namespace {

using Json = nlohmann::ordered_json;

int status_of(const Error& error) {
    switch (error.code) {
        case Errc::invalid: return 400;
        case Errc::not_found: return 404;
        case Errc::conflict: return 409;
        default: return 503;
    }
}

Answer failed(const Request& request, const Error& error) {
    // orchestrator's clients know one status for every error.
    const bool ours = request.path.starts_with("/api/v1/");
    return error_answer(request.path, ours ? status_of(error) : 500, error.what);
}

Json to_json(const coord::MemberRow& member) {
    return {{"node", member.node.empty() ? Json() : Json(member.node)},
            {"address", member.address},
            {"id", fmt::format("{:x}", member.id)},
            {"state", coord::state_of(member)},
            {"live", member.live},
            {"db_bytes", member.db_bytes},
            {"db_bytes_used", member.db_bytes_used},
            {"version", member.version}};
}

Answer members(const Sources& sources, const Request& request) {
    const auto found = sources.members();
    if (!found) return failed(request, found.error());
    Json list = Json::array();
    for (const coord::MemberRow& member : *found) list.push_back(to_json(member));
    return {.body = Json{{"members", list}, {"majority", coord::majority_of(*found)}}.dump()};
}

Answer done(const Request& request, const Result<std::string>& result) {
    if (!result) return failed(request, result.error());
    return {.body = Json{{"message", *result}}.dump()};
}

Answer add_member(const Sources& sources, const Request& request) {
    const Json body = Json::parse(request.body, nullptr, false);
    const auto address = body.is_object() ? body.find("address") : body.end();
    if (address == body.end() || !address->is_string()) {
        return error_answer(request.path, 400,
                            R"(the body has to be {"address":"host:port"}, the new node's `bind`)");
    }
    return done(request, sources.add_member(address->get<std::string>()));
}

Answer remove_member(const Sources& sources, const Request& request) {
    return done(request, sources.remove_member(request.value("node")));
}

Answer replace_member(const Sources& sources, const Request& request) {
    return done(request, sources.replace_member(request.value("node")));
}

// orchestrator answers with the address alone.
Answer raft_peer(const Request& request, const Result<std::string>& result) {
    if (!result) return failed(request, result.error());
    return {.body = json_quote(request.value("addr"))};
}

Answer raft_add_peer(const Sources& sources, const Request& request) {
    return raft_peer(request, sources.add_member(request.value("addr")));
}

Answer raft_remove_peer(const Sources& sources, const Request& request) {
    return raft_peer(request, sources.remove_member(request.value("addr")));
}

}  // namespace

std::vector<Route> member_routes() {
    return {
        {"/api/v1/members", Scope::leader,
         "Engine raft: the group's members, their state (`leader`, `follower`, `learner`, "
         "`unstarted`) and the size of their stores.",
         members},
        {"/api/v1/members", Scope::leader,
         "Adds the node whose `bind` is given, `{\"address\":\"host:port\"}`, before it is "
         "started. 409: it would not be safe now.",
         add_member, "POST", true},
        {"/api/v1/members/:node", Scope::leader,
         "Removes a member, by node id or address. 409: the group would stand still without it.",
         remove_member, "DELETE", true},
        {"/api/v1/members/:node/replace", Scope::leader,
         "Makes the group forget the lost data of a node that is away, so that it can start with "
         "an empty folder.",
         replace_member, "POST", true},
        {"/api/raft-add-peer/:addr", Scope::leader, "orchestrator's: adds a member.", raft_add_peer,
         "GET", true},
        {"/api/raft-remove-peer/:addr", Scope::leader, "orchestrator's: removes a member.",
         raft_remove_peer, "GET", true},
    };
}

}  // namespace evenkeel::api
