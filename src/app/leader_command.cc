#include "app/leader_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/api_client.h"
#include "app/exit_status.h"
#include "app/table.h"
#include "base/text.h"
#include "io/clock.h"

namespace evenkeel::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr Millis kTransferLimit{20'000};

int fail(const Error& error) {
    fmt::print(stderr, "evenkeel leader: {}\n", error.what);
    return kFailed;
}

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "-";
}

void print_members(const Json& leader) {
    std::vector<std::vector<Cell>> rows;
    for (const Json& member : leader.at("members")) {
        const bool live = member.at("live");
        const bool leads = member.at("leads");
        rows.push_back({{text_of(member, "node"), {}},
                        {leads  ? "leads"
                         : live ? "live"
                                : "gone",
                         live ? kGood : kBad},
                        {text_of(member, "api_address"), {}},
                        {text_of(member, "version"), {}}});
    }
    print_table({"NODE", "STATE", "API", "VERSION"}, rows);
}

// Both clocks are wall clocks of different hosts, so it can only be said about.
std::string age_of(const Json& leader) {
    const auto since = leader.find("since_ms");
    if (since == leader.end() || !since->is_number_integer()) return "-";
    const std::int64_t age = std::max<std::int64_t>(0, io::wall_ms() - since->get<std::int64_t>());
    return human_duration(static_cast<std::uint64_t>(age));
}

void print_leader(const Json& leader) {
    print_table({"LEADER", "API", "EPOCH", "FOR", "LEASE"},
                {{{text_of(leader, "leader"), kGood},
                  {text_of(leader, "api_address"), {}},
                  {leader.at("epoch").dump(), {}},
                  {age_of(leader), {}},
                  {human_duration(leader.at("ttl_ms").get<std::uint64_t>()), {}}}});
    fmt::print("\n");
    print_members(leader);
}

// Without a leader the members, as the node that was asked knows them, still tell where to look.
int fail_with_members(ApiClient& client, const Error& error) {
    const auto body = client.get("/api/v1/leader?stale=true");
    if (body) {
        const Json copy = Json::parse(*body, nullptr, false);
        if (copy.is_object() && copy.contains("members")) print_members(copy);
    }
    return fail(error);
}

int show(const LeaderArgs& args) {
    ApiClient client;
    const auto body = client.get("/api/v1/leader");
    if (!body && args.json) return fail(body.error());
    if (!body) return fail_with_members(client, body.error());
    const Json leader = Json::parse(*body, nullptr, false);
    if (args.json) {
        fmt::print("{}\n", leader.dump(2));
    } else {
        print_leader(leader);
    }
    return kOk;
}

int transfer(const LeaderArgs& args) {
    ApiClient client;
    const Json request = args.to.empty() ? Json::object() : Json{{"to", args.to}};
    const auto body =
        client.send("POST", "/api/v1/leader/transfer", request.dump(), kTransferLimit);
    if (!body) return fail(body.error());
    const Json done = Json::parse(*body, nullptr, false);
    if (args.json) {
        fmt::print("{}\n", done.dump(2));
    } else if (done.at("from") == done.at("leader")) {
        fmt::print("{} leads already\n", text_of(done, "leader"));
    } else {
        fmt::print("{} leads now, under epoch {}; before: {}\n", text_of(done, "leader"),
                   done.at("epoch").dump(), text_of(done, "from"));
    }
    return kOk;
}

}  // namespace

int run_leader(const LeaderArgs& args) {
    return args.transfer ? transfer(args) : show(args);
}

}  // namespace evenkeel::app
