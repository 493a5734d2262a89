#include "model/cluster_fact.h"

#include <nlohmann/json.hpp>

namespace evenkeel {
namespace {

using Json = nlohmann::json;

Json names(const std::vector<ServerId>& servers) {
    Json list = Json::array();
    for (const ServerId& server : servers) list.push_back(server.str());
    return list;
}

std::vector<ServerId> servers(const Json& list) {
    std::vector<ServerId> found;
    for (const Json& name : list) {
        if (auto id = parse_server_id(name.get<std::string>())) found.push_back(*id);
    }
    return found;
}

}  // namespace

std::string to_json(const ClusterFact& fact) {
    Json json{{"cluster", fact.cluster},          {"primary", nullptr},
              {"replicas", names(fact.replicas)}, {"fenced", names(fact.fenced)},
              {"epoch", fact.epoch.value},        {"failovers", fact.failovers}};
    if (fact.primary) json["primary"] = fact.primary->str();
    return json.dump();
}

Result<ClusterFact> cluster_fact_from_json(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return Error{Errc::corrupt, "read cluster fact: not a JSON object"};
    try {
        ClusterFact fact;
        fact.cluster = json.at("cluster").get<std::string>();
        if (!json.at("primary").is_null()) {
            fact.primary = parse_server_id(json["primary"].get<std::string>());
        }
        fact.replicas = servers(json.at("replicas"));
        fact.fenced = servers(json.at("fenced"));
        fact.epoch.value = json.at("epoch").get<std::uint64_t>();
        fact.failovers = json.at("failovers").get<std::uint64_t>();
        return fact;
    } catch (const Json::exception& cause) {
        return Error{Errc::corrupt, std::string("read cluster fact: ") + cause.what()};
    }
}

}  // namespace evenkeel
