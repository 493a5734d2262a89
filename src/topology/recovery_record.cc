#include "topology/recovery_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace evenkeel::topology {
namespace {

using Json = nlohmann::json;

Json to_json_value(const RecoveryStep& step) {
    return {{"name", step.name},
            {"state", step.state},
            {"text", step.text},
            {"started_ms", step.started_ms},
            {"finished_ms", step.finished_ms}};
}

RecoveryStep step_from(const Json& json) {
    return {.name = json.at("name").get<std::string>(),
            .state = json.at("state").get<std::string>(),
            .text = json.value("text", ""),
            .started_ms = json.value("started_ms", std::int64_t{0}),
            .finished_ms = json.value("finished_ms", std::int64_t{0})};
}

RecoveryRecord record_from(const Json& json) {
    RecoveryRecord record{.id = json.at("id").get<std::string>(),
                          .kind = json.at("kind").get<std::string>(),
                          .state = json.at("state").get<std::string>(),
                          .cluster = json.at("cluster").get<std::string>(),
                          .failed = json.at("failed").get<std::string>(),
                          .successor = json.value("successor", ""),
                          .epoch = json.value("epoch", std::uint64_t{0}),
                          .started_ms = json.value("started_ms", std::int64_t{0}),
                          .finished_ms = json.value("finished_ms", std::int64_t{0}),
                          .text = json.value("text", "")};
    for (const Json& each : json.at("steps")) record.steps.push_back(step_from(each));
    record.replicas = json.value("replicas", std::vector<std::string>{});
    record.received = json.value("received", std::map<std::string, std::string>{});
    record.position = json.value("position", "");
    record.semi_sync = json.value("semi_sync", false);
    record.writes = json.value("writes", std::uint64_t{0});
    return record;
}

}  // namespace

std::string recovery_prefix(const std::string& cluster) {
    return "recovery/" + cluster + "/";
}

std::string recovery_key(const RecoveryRecord& record) {
    return recovery_prefix(record.cluster) + record.id;
}

std::string to_json(const RecoveryRecord& record) {
    Json steps = Json::array();
    for (const RecoveryStep& each : record.steps) steps.push_back(to_json_value(each));
    const Json json{{"id", record.id},
                    {"kind", record.kind},
                    {"state", record.state},
                    {"cluster", record.cluster},
                    {"failed", record.failed},
                    {"successor", record.successor},
                    {"epoch", record.epoch},
                    {"started_ms", record.started_ms},
                    {"finished_ms", record.finished_ms},
                    {"text", record.text},
                    {"steps", std::move(steps)},
                    {"replicas", record.replicas},
                    {"received", record.received},
                    {"position", record.position},
                    {"semi_sync", record.semi_sync},
                    {"writes", record.writes}};
    // A server's error text may hold any bytes.
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<RecoveryRecord> recovery_record_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return Error{Errc::corrupt, "read recovery: not a JSON object"};
    try {
        return record_from(json);
    } catch (const Json::exception& error) {
        return Error{Errc::corrupt, std::string("read recovery: ") + error.what()};
    }
}

RecoveryStep& step(RecoveryRecord& record, const std::string& name) {
    const auto it = std::find_if(record.steps.begin(), record.steps.end(),
                                 [&](const RecoveryStep& each) { return each.name == name; });
    if (it != record.steps.end()) return *it;
    record.steps.push_back({.name = name});
    return record.steps.back();
}

}  // namespace evenkeel::topology
