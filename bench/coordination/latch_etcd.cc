#include <fmt/core.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "bench/coordination/latches.h"
#include "io/clock.h"
#include "io/http_client.h"

namespace evenkeel::bench {
namespace {

using Json = nlohmann::json;

constexpr Millis kCallLimit{500};
constexpr Millis kPause{20};

// One caller of the gateway, on the first endpoint that answers.
class Gateway {
public:
    explicit Gateway(const std::vector<std::string>& endpoints) : endpoints_(endpoints) {}

    Json call(const std::string& path, const Json& body) {
        for (std::size_t tries = 0; tries < endpoints_.size(); ++tries) {
            const auto answer =
                client_.post(endpoint() + path, body.dump(), io::within(kCallLimit));
            if (answer && answer->status == 200) return Json::parse(answer->body, nullptr, false);
            ++current_;
        }
        return {};
    }

    // Until a message of the watch says that the key is gone, or the connection ends.
    void wait_for_delete(const std::string& key, std::uint64_t from, io::StopToken& stop) {
        const Json body{{"create_request",
                         {{"key", key},
                          {"start_revision", std::to_string(from)},
                          {"filters", Json::array({"NOPUT"})}}}};
        const auto ended = client_.stream(
            {.method = "POST", .url = endpoint() + "/v3/watch", .body = body.dump()},
            [](std::string_view data) { return data.find("DELETE") == std::string_view::npos; },
            [&] { return !stop.requested(); }, kCallLimit);
        if (!ended) ++current_;
    }

private:
    const std::string& endpoint() const { return endpoints_[current_ % endpoints_.size()]; }

    const std::vector<std::string> endpoints_;
    std::size_t current_ = 0;
    io::HttpClient client_;
};

std::uint64_t revision_of(const Json& answer) {
    return std::stoull(answer.value("header", Json::object()).value("revision", "0"));
}

// False when the lease is gone.
bool kept_alive(Gateway& gateway, const std::string& lease) {
    const Json answer = gateway.call("/v3/lease/keepalive", {{"ID", lease}});
    return answer.is_object() && answer.value("result", Json::object()).contains("TTL");
}

}  // namespace

void run_etcd_latch(const std::vector<std::string>& endpoints, const std::string& node, int ttl_s,
                    const OnBelief& on_belief, io::StopToken& stop) {
    const std::string key = base64_encode("/latch/leader");
    Gateway gateway(endpoints);
    while (!stop.requested()) {
        const Json granted = gateway.call("/v3/lease/grant", {{"TTL", std::to_string(ttl_s)}});
        if (!granted.is_object() || !granted.contains("ID")) {
            stop.wait_for(kPause);
            continue;
        }
        const std::string lease = granted.at("ID");
        std::atomic<bool> gone{false};
        const io::Worker keeper("keep-alive", [&](io::StopToken& ended) {
            Gateway own(endpoints);
            while (!ended.wait_for(Millis(1000 * ttl_s / 3))) {
                if (kept_alive(own, lease)) continue;
                gone = true;
                return;
            }
        });
        while (!gone && !stop.requested()) {
            const Json body{
                {"compare", {{{"key", key}, {"target", "CREATE"}, {"create_revision", "0"}}}},
                {"success",
                 {{{"request_put",
                    {{"key", key}, {"value", base64_encode(node)}, {"lease", lease}}}}}}};
            const Json answer = gateway.call("/v3/kv/txn", body);
            if (!answer.is_object()) continue;
            if (answer.value("succeeded", false)) {
                on_belief(true);
                while (!gone && !stop.requested()) stop.wait_for(Millis(1));
                on_belief(false);
                break;
            }
            gateway.wait_for_delete(key, revision_of(answer) + 1, stop);
        }
    }
}

}  // namespace evenkeel::bench
