#include "app/member_command.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "app/api_client.h"
#include "app/exit_status.h"
#include "app/table.h"
#include "base/result.h"

namespace evenkeel::app {
namespace {

using Json = nlohmann::ordered_json;

// etcd takes its time before it trusts the members' connections.
constexpr Millis kChangeLimit{30'000};
constexpr const char* kMembers = "/api/v1/members";

Result<std::string> send(ApiClient& client, const MemberArgs& args) {
    const std::string one = std::string(kMembers) + "/" + args.target;
    if (args.action == "add") {
        const Json body{{"address", args.target}};
        return client.send("POST", kMembers, body.dump(), kChangeLimit);
    }
    if (args.action == "remove") return client.send("DELETE", one, "", kChangeLimit);
    if (args.action == "replace") return client.send("POST", one + "/replace", "", kChangeLimit);
    return client.get(kMembers);
}

Result<Json> ask(const MemberArgs& args) {
    ApiClient client;
    EK_TRY(const std::string body, send(client, args));
    Json json = Json::parse(body, nullptr, false);
    if (json.is_object()) return json;
    return Error{Errc::unavailable, "not an answer of evenkeel"};
}

std::string in_kilobytes(const Json& bytes) {
    const auto count = bytes.get<std::uint64_t>();
    return count == 0 ? "-" : fmt::format("{} kB", (count + 1023) / 1024);
}

std::string or_dash(const Json& text) {
    return text.is_string() && !text.get<std::string>().empty() ? text.get<std::string>() : "-";
}

void print_members(const Json& answer) {
    std::vector<std::vector<Cell>> rows;
    for (const Json& member : answer.at("members")) {
        const std::string state = member.at("state");
        const bool live = member.at("live");
        const bool good = live && (state == "leader" || state == "follower");
        rows.push_back(
            {{or_dash(member.at("node")), {}},
             {or_dash(member.at("address")), {}},
             {live || state == "unstarted" ? state : state + ", away", good ? kGood : kBad},
             {in_kilobytes(member.at("db_bytes")), {}},
             {or_dash(member.at("version")), {}}});
    }
    print_table({"NODE", "ADDRESS", "STATE", "DB SIZE", "ETCD"}, rows);
}

}  // namespace

int run_member(const MemberArgs& args) {
    const auto answer = ask(args);
    if (!answer) {
        fmt::print(stderr, "evenkeel member {}: {}\n", args.action, answer.error().what);
        return kFailed;
    }
    if (args.json) {
        fmt::print("{}\n", answer->dump(2));
    } else if (args.action == "list") {
        print_members(*answer);
    } else {
        fmt::print("{}\n", answer->value("message", ""));
    }
    return kOk;
}

}  // namespace evenkeel::app
