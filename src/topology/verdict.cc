#include "topology/verdict.h"

#include <nlohmann/json.hpp>

namespace evenkeel::topology {

using Json = nlohmann::json;

std::string verdict_prefix(const std::string& cluster) {
    return "verdict/" + cluster + "/";
}

std::string to_json(const VerdictFact& fact) {
    const Json json{{"node", fact.node},       {"incarnation", fact.incarnation},
                    {"primary", fact.primary}, {"verdict", fact.verdict},
                    {"reason", fact.reason},   {"count", fact.count}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<VerdictFact> verdict_fact_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return {};
    try {
        return VerdictFact{.node = json.at("node").get<std::string>(),
                           .incarnation = json.at("incarnation").get<std::string>(),
                           .primary = json.at("primary").get<std::string>(),
                           .verdict = json.at("verdict").get<std::string>(),
                           .reason = json.at("reason").get<std::string>(),
                           .count = json.at("count").get<std::uint64_t>()};
    } catch (const Json::exception&) {
        return {};
    }
}

}  // namespace evenkeel::topology
