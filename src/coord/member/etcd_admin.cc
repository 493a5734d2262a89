#include "coord/member/etcd_admin.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/text.h"

namespace evenkeel::coord {
namespace {

using Json = nlohmann::json;

// Codes of gRPC in the gateway's answers.
constexpr int kUnavailable = 14;
constexpr int kFailedPrecondition = 9;
constexpr int kNotFound = 5;
constexpr int kInvalidArgument = 3;

// 64-bit numbers travel as text; a zero field is left out.
std::uint64_t number(const Json& object, const char* name) {
    const auto it = object.find(name);
    if (it == object.end() || !it->is_string()) return 0;
    return parse_number(it->get<std::string>()).value_or(0);
}

// Runs `read`, which takes an answer apart: fields of other types than agreed make it throw.
template <typename Read>
auto shaped(Read read) -> decltype(read()) {
    try {
        return read();
    } catch (const Json::exception& cause) {
        return Error{Errc::timed_out, std::string("etcd: answer not understood: ") + cause.what()};
    }
}

EtcdMember member_from(const Json& json) {
    EtcdMember member{.id = number(json, "ID"),
                      .name = json.value("name", ""),
                      .address = {},
                      .started = !json.value("clientURLs", Json::array()).empty(),
                      .learner = json.value("isLearner", false)};
    const Json urls = json.value("peerURLs", Json::array());
    if (urls.empty()) return member;
    const std::string url = urls.front();
    const auto at = url.find("://");
    member.address = at == std::string::npos ? url : url.substr(at + 3);
    return member;
}

std::string id_body(const char* name, std::uint64_t id) {
    return Json{{name, std::to_string(id)}}.dump();
}

}  // namespace

EtcdAdmin::EtcdAdmin(EtcdOptions options) : options_(std::move(options)), client_(options_.tls) {}

Result<std::string> EtcdAdmin::call(const char* path, const std::string& body, Deadline deadline) {
    const std::string& endpoint = options_.endpoints.front();
    EK_TRY(const io::HttpAnswer answer, client_.post(endpoint + path, body, deadline));
    if (answer.status == 200) return answer.body;
    const Json json = Json::parse(answer.body, nullptr, false);
    const std::string cause = json.is_object() ? json.value("error", answer.body) : answer.body;
    const int code = json.is_object() ? json.value("code", 0) : 0;
    const std::string what = fmt::format("etcd {}{}: {}", endpoint, path, cause);
    switch (code) {
        case kFailedPrecondition:
        case kNotFound:
        case kInvalidArgument: return Error{Errc::conflict, what};
        case kUnavailable: break;
        default: return Error{Errc::timed_out, what};
    }
    // Said before anything is proposed; a timeout has the same code and may come after it.
    const bool refused = cause.find("unhealthy cluster") != std::string::npos ||
                         cause.find("not supported for learner") != std::string::npos ||
                         cause.find("no leader") != std::string::npos ||
                         cause.find("connection closed") != std::string::npos;
    return Error{refused ? Errc::unavailable : Errc::timed_out, what};
}

Result<std::vector<EtcdMember>> EtcdAdmin::members(Deadline deadline) {
    // etcd 3.4 lists what this member has applied; a linearizable read before makes that current.
    const Json read{{"key", base64_encode(options_.root)}, {"count_only", true}};
    EK_TRY_VOID(call("/v3/kv/range", read.dump(), deadline));
    EK_TRY(const std::string body, call("/v3/cluster/member/list", "{}", deadline));
    return shaped([&]() -> Result<std::vector<EtcdMember>> {
        std::vector<EtcdMember> members;
        const Json answer = Json::parse(body);
        for (const Json& each : answer.at("members")) {
            members.push_back(member_from(each));
        }
        return members;
    });
}

Result<std::uint64_t> EtcdAdmin::add_learner(const std::string& address, Deadline deadline) {
    const std::string url = (options_.tls.on() ? "https://" : "http://") + address;
    const Json body{{"peerURLs", {url}}, {"isLearner", true}};
    EK_TRY(const std::string answer, call("/v3/cluster/member/add", body.dump(), deadline));
    return shaped(
        [&]() -> Result<std::uint64_t> { return number(Json::parse(answer).at("member"), "ID"); });
}

Result<> EtcdAdmin::promote(std::uint64_t member, Deadline deadline) {
    EK_TRY_VOID(call("/v3/cluster/member/promote", id_body("ID", member), deadline));
    return {};
}

Result<> EtcdAdmin::remove(std::uint64_t member, Deadline deadline) {
    EK_TRY_VOID(call("/v3/cluster/member/remove", id_body("ID", member), deadline));
    return {};
}

Result<> EtcdAdmin::move_leader(std::uint64_t to, Deadline deadline) {
    EK_TRY_VOID(call("/v3/maintenance/transfer-leadership", id_body("targetID", to), deadline));
    return {};
}

Result<EtcdStatus> EtcdAdmin::status(Deadline deadline) {
    EK_TRY(const std::string body, call("/v3/maintenance/status", "{}", deadline));
    return shaped([&]() -> Result<EtcdStatus> {
        const Json json = Json::parse(body);
        const Json header = json.value("header", Json::object());
        return EtcdStatus{.member = number(header, "member_id"),
                          .leader = number(json, "leader"),
                          .raft_term = number(json, "raftTerm"),
                          .raft_index = number(json, "raftIndex"),
                          .raft_applied = number(json, "raftAppliedIndex"),
                          .revision = number(header, "revision"),
                          .db_bytes = number(json, "dbSize"),
                          .db_bytes_used = number(json, "dbSizeInUse"),
                          .version = json.value("version", ""),
                          .learner = json.value("isLearner", false)};
    });
}

Result<std::vector<EtcdAlarm>> EtcdAdmin::alarms(Deadline deadline) {
    EK_TRY(const std::string body, call("/v3/maintenance/alarm", R"({"action":"GET"})", deadline));
    return shaped([&]() -> Result<std::vector<EtcdAlarm>> {
        std::vector<EtcdAlarm> alarms;
        const Json answer = Json::parse(body);
        for (const Json& each : answer.value("alarms", Json::array())) {
            alarms.push_back({.member = number(each, "memberID"), .kind = each.value("alarm", "")});
        }
        return alarms;
    });
}

Result<> EtcdAdmin::disarm(const EtcdAlarm& alarm, Deadline deadline) {
    const Json body{{"action", "DEACTIVATE"},
                    {"memberID", std::to_string(alarm.member)},
                    {"alarm", alarm.kind}};
    EK_TRY_VOID(call("/v3/maintenance/alarm", body.dump(), deadline));
    return {};
}

Result<> EtcdAdmin::compact(std::uint64_t revision, Deadline deadline) {
    const Json body{{"revision", std::to_string(revision)}, {"physical", true}};
    EK_TRY_VOID(call("/v3/kv/compaction", body.dump(), deadline));
    return {};
}

Result<> EtcdAdmin::defragment(Deadline deadline) {
    EK_TRY_VOID(call("/v3/maintenance/defragment", "{}", deadline));
    return {};
}

}  // namespace evenkeel::coord
