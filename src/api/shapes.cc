#include "api/shapes.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace evenkeel::api {
namespace {

using Json = nlohmann::ordered_json;

// Server versions and error texts come from outside and need not be UTF-8.
std::string dumped(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const char* health_name(topology::Health health) {
    switch (health) {
        case topology::Health::unknown: return "unknown";
        case topology::Health::alive: return "alive";
        case topology::Health::silent: return "silent";
        case topology::Health::gone: return "gone";
        case topology::Health::denied: return "denied";
    }
    return "unknown";
}

const char* thread_name(topology::ThreadState state) {
    switch (state) {
        case topology::ThreadState::none: return "none";
        case topology::ThreadState::stopped: return "stopped";
        case topology::ThreadState::connecting: return "connecting";
        case topology::ThreadState::running: return "running";
    }
    return "none";
}

Json names(const std::vector<ServerId>& servers) {
    Json list = Json::array();
    for (const ServerId& server : servers) list.push_back(server.str());
    return list;
}

Json member_json(const coord::Member& member, const coord::GroupView& group) {
    return {{"node", member.node},
            {"api_address", member.api_address},
            {"version", member.version},
            {"live", member.live},
            {"leads", group.leader && group.leader->node == member.node}};
}

std::string own_address(const coord::GroupView& group) {
    for (const coord::Member& member : group.members) {
        if (member.node == group.self) return member.api_address;
    }
    return {};
}

std::string uri_of(const std::string& address, const NodeFacts& node) {
    return address.empty() ? "" : (node.https ? "https://" : "http://") + address;
}

Json replication_json(const topology::Replication& replication) {
    Json json{{"source", replication.source.str()},  {"io", thread_name(replication.io)},
              {"sql", thread_name(replication.sql)}, {"io_error", replication.io_error},
              {"sql_error", replication.sql_error},  {"lag_s", nullptr},
              {"uses_gtid", replication.uses_gtid},  {"received", replication.received.str()}};
    if (replication.lag_s) json["lag_s"] = *replication.lag_s;
    return json;
}

Json server_json(const topology::ServerView& server, const ClusterFact& fact) {
    const bool fenced =
        std::find(fact.fenced.begin(), fact.fenced.end(), server.id) != fact.fenced.end();
    const char* role = fact.primary == server.id ? "primary"
                       : fenced                  ? "fenced"
                       : server.replication      ? "replica"
                                                 : "unknown";
    Json json{{"server", server.id.str()},
              {"role", role},
              {"health", health_name(server.health)},
              {"reason", server.reason},
              {"version", server.version},
              {"server_id", server.server_id},
              {"read_only", server.read_only},
              {"log_bin", server.log_bin},
              {"log_replica_updates", server.log_replica_updates},
              {"binlog_format", server.binlog_format},
              {"uptime_s", server.uptime_s},
              {"applied", server.applied.str()},
              {"binlog_state", server.binlog_state.str()},
              {"semi_sync_primary", server.semi_sync_primary},
              {"semi_sync_replica", server.semi_sync_replica},
              {"semi_sync_clients", server.semi_sync_clients},
              {"replicas", names(server.replicas)},
              {"replication", nullptr}};
    if (server.replication) json["replication"] = replication_json(*server.replication);
    return json;
}

Json recovery_json(const topology::RecoveryRecord& record) {
    Json steps = Json::array();
    for (const topology::RecoveryStep& step : record.steps) {
        steps.push_back({{"name", step.name},
                         {"state", step.state},
                         {"text", step.text},
                         {"started_ms", step.started_ms},
                         {"finished_ms", step.finished_ms}});
    }
    return {{"id", record.id},
            {"kind", record.kind},
            {"state", record.state},
            {"cluster", record.cluster},
            {"failed", record.failed},
            {"successor", record.successor},
            {"epoch", record.epoch},
            {"started_ms", record.started_ms},
            {"finished_ms", record.finished_ms},
            {"text", record.text},
            {"steps", std::move(steps)}};
}

Json finding_json(const topology::Finding& finding) {
    return {{"code", finding.code},
            {"server", finding.server.str()},
            {"text", finding.text},
            {"actionable", finding.actionable}};
}

// Name, primary and counts: what /api/v1/clusters lists.
Json summary_json(const topology::ClusterReport& report) {
    Json json{{"name", report.view.cluster},
              {"primary", nullptr},
              {"replicas", names(report.fact.replicas)},
              {"fenced", names(report.fact.fenced)},
              {"epoch", report.fact.epoch.value},
              {"failovers", report.fact.failovers},
              {"servers", report.view.servers.size()},
              {"findings", Json::array()},
              {"last_decision", report.last_decision}};
    if (report.fact.primary) json["primary"] = report.fact.primary->str();
    for (const auto& finding : report.findings) json["findings"].push_back(finding_json(finding));
    return json;
}

}  // namespace

std::string json_status(const coord::GroupView& group, std::string_view version) {
    Json json{{"node", group.self},
              {"version", version},
              {"healthy", group.healthy},
              {"leads", group.leads},
              {"leader", nullptr},
              {"leader_api_address", nullptr},
              {"leader_epoch", group.leader_epoch.value},
              {"members", Json::array()},
              {"duties", Json::array()}};
    if (group.leader) {
        json["leader"] = group.leader->node;
        json["leader_api_address"] = group.leader->api_address;
    }
    for (const auto& member : group.members) json["members"].push_back(member_json(member, group));
    for (const coord::Duty& duty : group.duties) {
        json["duties"].push_back(
            {{"name", duty.name}, {"holder", duty.holder}, {"epoch", duty.epoch.value}});
    }
    return dumped(json);
}

std::string json_raft_status(const coord::GroupView& group, const NodeFacts& node,
                             std::string_view state, const std::string& leader) {
    Json peers = Json::array();
    for (const coord::Member& member : group.members) peers.push_back(member.api_address);
    const std::string own = own_address(group);
    const bool healthy = group.healthy && group.leader.has_value();
    return dumped({{"RaftBind", node.bind.empty() ? own : node.bind},
                   {"RaftAdvertise", own},
                   {"State", state},
                   {"Healthy", healthy},
                   {"IsPartOfQuorum", group.healthy},
                   {"Leader", leader},
                   {"LeaderURI", uri_of(leader, node)},
                   {"Peers", std::move(peers)}});
}

std::string json_leader(const coord::GroupView& group, const NodeFacts& node,
                        std::int64_t since_ms) {
    Json json{
        {"leader", nullptr},   {"api_address", nullptr},     {"epoch", group.leader_epoch.value},
        {"since_ms", nullptr}, {"ttl_ms", node.ttl.count()}, {"members", Json::array()}};
    if (group.leader) {
        json["leader"] = group.leader->node;
        json["api_address"] = group.leader->api_address;
    }
    if (since_ms > 0) json["since_ms"] = since_ms;
    for (const auto& member : group.members) json["members"].push_back(member_json(member, group));
    return dumped(json);
}

std::string json_transfer(const std::string& from, const std::string& to, Epoch epoch) {
    return dumped({{"from", from}, {"leader", to}, {"epoch", epoch.value}});
}

Result<std::string> transfer_target(const std::string& json) {
    if (trim(json).empty()) return std::string();
    const Json parsed = Json::parse(json, nullptr, false);
    if (!parsed.is_object()) {
        return Error{Errc::invalid, R"(read the request: send {"to":"<node>"} or nothing)"};
    }
    for (const auto& [key, value] : parsed.items()) {
        if (key != "to" || !value.is_string()) {
            return Error{
                Errc::invalid,
                fmt::format(R"(read the request: {} is not {{"to":"<node>"}})", dumped(parsed))};
        }
    }
    return parsed.value("to", std::string());
}

std::string json_health(const coord::GroupView& group, const NodeFacts& node) {
    Json live = Json::array();
    for (const coord::Member& member : group.members) {
        if (member.live) live.push_back(member.api_address);
    }
    const std::string leader = group.leader ? group.leader->api_address : "";
    const Json details{
        {"Healthy", group.healthy},
        {"Hostname", group.self},
        {"Token", ""},
        {"IsActiveNode", group.leads},
        {"ActiveNode", {{"Hostname", group.leader ? group.leader->node : ""}, {"Token", ""}}},
        {"Error", nullptr},
        {"AvailableNodes", Json::array()},
        {"RaftLeader", leader},
        {"IsRaftLeader", group.leads},
        {"RaftLeaderURI", uri_of(leader, node)},
        {"RaftAdvertise", own_address(group)},
        {"RaftHealthyMembers", std::move(live)}};
    return json_envelope(group.healthy,
                         group.healthy ? "Application node is healthy"
                                       : "Application node is unhealthy: no confirmed write",
                         dumped(details));
}

std::string json_clusters(const std::vector<topology::ClusterReport>& reports) {
    Json json{{"clusters", Json::array()}};
    for (const auto& report : reports) json["clusters"].push_back(summary_json(report));
    return dumped(json);
}

std::string json_cluster(const topology::ClusterReport& report, bool colour) {
    Json json = summary_json(report);
    json["servers"] = Json::array();
    for (const auto& [id, server] : report.view.servers) {
        json["servers"].push_back(server_json(server, report.fact));
    }
    json["verdicts"] = Json::array();
    for (const topology::NodeVerdict& verdict : report.verdicts) {
        json["verdicts"].push_back(
            {{"node", verdict.node}, {"verdict", verdict.verdict}, {"reason", verdict.reason}});
    }
    json["recoveries"] = Json::array();
    for (const auto& record : report.recoveries) {
        json["recoveries"].push_back(recovery_json(record));
    }
    json["tree"] = topology::draw_tree(report, colour);
    return dumped(json);
}

std::string json_recoveries(const std::vector<topology::ClusterReport>& reports) {
    std::vector<const topology::RecoveryRecord*> records;
    for (const auto& report : reports) {
        for (const auto& record : report.recoveries) records.push_back(&record);
    }
    std::stable_sort(records.begin(), records.end(),
                     [](const auto* a, const auto* b) { return a->started_ms > b->started_ms; });
    Json json{{"recoveries", Json::array()}};
    for (const auto* record : records) json["recoveries"].push_back(recovery_json(*record));
    return dumped(json);
}

std::string json_streams(const std::vector<cdc::StreamReport>& reports,
                         const coord::GroupView& group) {
    Json json{{"streams", Json::array()}};
    for (const cdc::StreamReport& report : reports) {
        std::string holder;
        for (const coord::Duty& duty : group.duties) {
            if (duty.name == "stream/" + report.name) holder = duty.holder;
        }
        json["streams"].push_back({{"name", report.name},
                                   {"holder", holder},
                                   {"state", report.state},
                                   {"text", report.text},
                                   {"source", report.source},
                                   {"gtid", report.gtid},
                                   {"checkpoint", report.checkpoint},
                                   {"rows", report.rows},
                                   {"transactions", report.transactions},
                                   {"bytes", report.bytes},
                                   {"reconnects", report.reconnects},
                                   {"dead_letters", report.dead_letters},
                                   {"lag_ms", report.lag_ms}});
    }
    return dumped(json);
}

Result<std::vector<cdc::StreamReport>> streams_from_json(const std::string& json) {
    try {
        std::vector<cdc::StreamReport> reports;
        const Json parsed = Json::parse(json);
        for (const Json& stream : parsed.at("streams")) {
            reports.push_back({.name = stream.at("name"),
                               .state = stream.at("state"),
                               .text = stream.at("text"),
                               .source = stream.at("source"),
                               .gtid = stream.at("gtid"),
                               .checkpoint = stream.at("checkpoint"),
                               .rows = stream.at("rows"),
                               .transactions = stream.at("transactions"),
                               .bytes = stream.at("bytes"),
                               .reconnects = stream.at("reconnects"),
                               // A node of an older version does not say.
                               .dead_letters = stream.value("dead_letters", std::uint64_t{0}),
                               .lag_ms = stream.at("lag_ms")});
        }
        return reports;
    } catch (const Json::exception& error) {
        return Error{Errc::corrupt, fmt::format("read streams: {}", error.what())};
    }
}

std::string json_envelope(bool ok, std::string_view message, std::string_view details_json) {
    return fmt::format(R"({{"Code":"{}","Message":{},"Details":{},"Detail":{}}})",
                       ok ? "OK" : "ERROR", json_quote(message), details_json, details_json);
}

std::string json_list(const std::vector<std::string>& texts) {
    std::vector<std::string> quoted;
    for (const std::string& text : texts) quoted.push_back(json_quote(text));
    return "[" + join(quoted, ",") + "]";
}

std::string with_stale_mark(const std::string& json) {
    if (json.size() < 3 || json.front() != '{') return json;
    return R"({"stale":true,)" + json.substr(1);
}

}  // namespace evenkeel::api
