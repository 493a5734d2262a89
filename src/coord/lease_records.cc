#include "coord/lease_records.h"

#include <nlohmann/json.hpp>

namespace evenkeel::coord {
namespace {

using Json = nlohmann::json;

constexpr MemberState kStates[] = {MemberState::live, MemberState::expelled, MemberState::dead,
                                   MemberState::left};

}  // namespace

const char* to_string(MemberState state) {
    switch (state) {
        case MemberState::live: return "live";
        case MemberState::expelled: return "expelled";
        case MemberState::dead: return "dead";
        case MemberState::left: return "left";
    }
    return "unknown";
}

std::string to_json(const MemberRecord& record) {
    return Json{{"node", record.node},       {"incarnation", record.incarnation},
                {"api", record.api_address}, {"peer", record.peer_address},
                {"version", record.version}, {"state", to_string(record.state)},
                {"beat", record.beat},       {"ttl_ms", record.ttl.count()}}
        .dump();
}

std::string to_json(const DutyRecord& record) {
    Json json{{"holder", record.holder},
              {"incarnation", record.incarnation},
              {"epoch", record.epoch.value}};
    if (!record.preferred.empty()) json["preferred"] = record.preferred;
    return json.dump();
}

std::optional<MemberRecord> member_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return {};
    try {
        MemberRecord record;
        record.node = json.at("node").get<std::string>();
        record.incarnation = json.at("incarnation").get<std::string>();
        record.api_address = json.at("api").get<std::string>();
        record.peer_address = json.value("peer", std::string());
        record.version = json.at("version").get<std::string>();
        record.beat = json.at("beat").get<std::uint64_t>();
        record.ttl = Millis(json.at("ttl_ms").get<std::int64_t>());
        const auto name = json.at("state").get<std::string>();
        for (const MemberState state : kStates) {
            if (name != to_string(state)) continue;
            record.state = state;
            return record;
        }
    } catch (const Json::exception&) {
        // Falls through: not a record of ours.
    }
    return {};
}

std::optional<DutyRecord> duty_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return {};
    try {
        DutyRecord record;
        record.holder = json.at("holder").get<std::string>();
        record.incarnation = json.at("incarnation").get<std::string>();
        record.epoch.value = json.at("epoch").get<std::uint64_t>();
        record.preferred = json.value("preferred", std::string());
        return record;
    } catch (const Json::exception&) {
        return {};
    }
}

}  // namespace evenkeel::coord
