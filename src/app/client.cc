#include "app/client.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "app/api_client.h"
#include "app/exit_status.h"
#include "app/table.h"
#include "base/result.h"
#include "base/text.h"

namespace evenkeel::app {
namespace {

using Json = nlohmann::ordered_json;

// As ApiClient, read as JSON.
class Client {
public:
    Result<Json> get(const std::string& path) {
        EK_TRY(const std::string body, api_.get(path));
        return Json::parse(body, nullptr, false);
    }

private:
    ApiClient api_;
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
