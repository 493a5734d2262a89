#include "app/client.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/exit_status.h"
#include "app/table.h"
#include "base/result.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/http_client.h"

namespace evenkeel::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr Millis kCheckLimit{1000};
constexpr Millis kAnswerLimit{5000};

std::vector<std::string> endpoints() {
    const char* api = ::getenv("EVENKEEL_API");
    auto parsed = parse_endpoints(api == nullptr ? "" : api);
    if (parsed.empty()) parsed.emplace_back("http://127.0.0.1:3000");
    return parsed;
}

// Asks the leader, or any node that answers: it forwards.
class Client {
public:
    // Errors: unavailable  no endpoint answers, or the group has no leader.
    Result<Json> get(const std::string& path) {
        if (base_.empty()) {
            EK_TRY(base_, find_node());
        }
        EK_TRY(const io::HttpAnswer answer, http_.get(base_ + path, io::within(kAnswerLimit)));
        Json json = Json::parse(answer.body, nullptr, false);
        if (answer.status == 200 && !json.is_discarded()) return json;
        const std::string text =
            json.is_object() ? json.value("error", answer.body) : "not an answer of evenkeel";
        return Error{answer.status == 404 ? Errc::not_found : Errc::unavailable,
                     fmt::format("{}{}: {}", base_, path, text)};
    }

private:
    Result<std::string> find_node() {
        std::string healthy;
        std::vector<std::string> failures;
        for (const std::string& endpoint : endpoints()) {
            const auto answer = http_.get(endpoint + "/api/leader-check", io::within(kCheckLimit));
            if (answer && answer->status == 200) return endpoint;
            if (answer) {
                healthy = endpoint;
            } else {
                failures.push_back(answer.error().what);
            }
        }
        if (!healthy.empty()) return healthy;
        return Error{Errc::unavailable,
                     fmt::format("no node answers: {}\nSet EVENKEEL_API to the addresses of your "
                                 "nodes, for example EVENKEEL_API=\"http://node1:3000 "
                                 "http://node2:3000\"",
                                 join(failures, "; "))};
    }

    io::HttpClient http_;
    std::string base_;
};

int fail(const Error& error) {
    fmt::print(stderr, "evenkeel: {}\n", error.what);
    return kFailed;
}

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return "-";
    const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
    return text.empty() ? "-" : text;
}

void print_nodes(const Json& status) {
    std::vector<std::vector<Cell>> rows;
    for (const Json& member : status.at("members")) {
        std::vector<std::string> duties;
        for (const Json& duty : status.at("duties")) {
            if (duty.at("holder") != member.at("node")) continue;
            duties.push_back(fmt::format("{} ({})", text_of(duty, "name"), text_of(duty, "epoch")));
        }
        const bool live = member.at("live");
        rows.push_back({{text_of(member, "node"), {}},
                        {live ? "live" : "gone", live ? kGood : kBad},
                        {text_of(member, "api_address"), {}},
                        {text_of(member, "version"), {}},
                        {duties.empty() ? "-" : join(duties, ", "), {}}});
    }
    print_table({"NODE", "STATE", "API", "VERSION", "DUTIES (EPOCH)"}, rows);
}

void print_clusters(const Json& clusters) {
    std::vector<std::vector<Cell>> rows;
    for (const Json& cluster : clusters) {
        const bool has_primary = !cluster.at("primary").is_null();
        const std::size_t findings = cluster.at("findings").size();
        rows.push_back(
            {{text_of(cluster, "name"), {}},
             {text_of(cluster, "primary"), has_primary ? kGood : kBad},
             {std::to_string(cluster.at("replicas").size()), {}},
             {text_of(cluster, "failovers"), {}},
             {findings == 0 ? "none" : std::to_string(findings), findings == 0 ? kGood : kBad}});
    }
    print_table({"CLUSTER", "PRIMARY", "REPLICAS", "FAILOVERS", "FINDINGS"}, rows);
    for (const Json& cluster : clusters) {
        for (const Json& finding : cluster.at("findings")) {
            fmt::print("  {} {} {}: {}\n", text_of(cluster, "name"),
                       painted(text_of(finding, "code"), kBad), text_of(finding, "server"),
                       text_of(finding, "text"));
        }
    }
}

void print_streams(const Json& streams) {
    std::vector<std::vector<Cell>> rows;
    for (const Json& stream : streams) {
        const std::string state = text_of(stream, "state");
        rows.push_back({{text_of(stream, "name"), {}},
                        {state, state == "streaming" ? kGood : kBad},
                        {text_of(stream, "holder"), {}},
                        {text_of(stream, "source"), {}},
                        {text_of(stream, "rows"), {}},
                        {text_of(stream, "lag_ms"), {}},
                        {text_of(stream, "checkpoint"), {}}});
    }
    print_table({"STREAM", "STATE", "NODE", "SOURCE", "ROWS", "LAG MS", "CHECKPOINT"}, rows);
}

Result<Json> collect_status(Client& client) {
    EK_TRY(Json status, client.get("/api/v1/status"));
    EK_TRY(const Json clusters, client.get("/api/v1/clusters"));
    EK_TRY(const Json streams, client.get("/api/v1/streams"));
    status["clusters"] = clusters.at("clusters");
    status["streams"] = streams.at("streams");
    return status;
}

Result<std::vector<std::string>> cluster_names(Client& client, const std::string& wanted) {
    if (!wanted.empty()) return std::vector<std::string>{wanted};
    EK_TRY(const Json all, client.get("/api/v1/clusters"));
    std::vector<std::string> names;
    for (const Json& cluster : all.at("clusters")) names.push_back(cluster.at("name"));
    return names;
}

}  // namespace

std::vector<std::string> parse_endpoints(const std::string& text) {
    std::vector<std::string> result;
    std::string blanks = text;
    for (char& c : blanks) {
        if (c == ',' || c == '\n' || c == '\t') c = ' ';
    }
    for (std::string endpoint : split(blanks, ' ')) {
        endpoint = std::string(trim(endpoint));
        if (endpoint.empty()) continue;
        while (endpoint.ends_with('/')) endpoint.pop_back();
        if (endpoint.ends_with("/api")) endpoint.resize(endpoint.size() - 4);
        if (endpoint.find("://") == std::string::npos) endpoint = "http://" + endpoint;
        result.push_back(endpoint);
    }
    return result;
}

int run_topology(const TopologyArgs& args) {
    Client client;
    const auto names = cluster_names(client, args.cluster);
    if (!names) return fail(names.error());
    Json all = Json::array();
    for (const std::string& name : *names) {
        const auto cluster =
            client.get("/api/v1/clusters/" + name + (colour() ? "?colour=true" : ""));
        if (!cluster) return fail(cluster.error());
        if (args.json) {
            all.push_back(*cluster);
            continue;
        }
        const std::string tree = cluster->at("tree");
        fmt::print("{}{}", tree, tree.ends_with('\n') ? "" : "\n");
    }
    if (args.json) fmt::print("{}\n", all.dump(2));
    if (!args.json && names->empty()) fmt::print("no [[cluster]] is configured\n");
    return kOk;
}

int run_status(const StatusArgs& args) {
    Client client;
    const auto status = collect_status(client);
    if (!status) return fail(status.error());
    if (args.json) {
        fmt::print("{}\n", status->dump(2));
        return kOk;
    }
    print_nodes(*status);
    fmt::print("\n");
    print_clusters(status->at("clusters"));
    fmt::print("\n");
    print_streams(status->at("streams"));
    return kOk;
}

}  // namespace evenkeel::app
