#include "api/leader_client.h"

#include <fmt/core.h>

#include "io/clock.h"

namespace evenkeel::api {
namespace {

// A leader that does not answer by then is as good as none; callers retry.
constexpr Millis kReadLimit{5'000};
// A change may wait for the group: for a new leader, for a member that joins.
constexpr Millis kChangeLimit{30'000};
constexpr std::size_t kIdleMax = 8;

}  // namespace

std::string node_url(const coord::Member& member, const io::TlsFiles& tls, bool https) {
    if (tls.on() && !member.peer_address.empty()) return "https://" + member.peer_address;
    return (https ? "https://" : "http://") + member.api_address;
}

std::unique_ptr<io::HttpClient> LeaderClient::take() {
    Lock lock(mutex_);
    if (idle_.empty()) return std::make_unique<io::HttpClient>(options_.tls);
    auto client = std::move(idle_.back());
    idle_.pop_back();
    return client;
}

void LeaderClient::give_back(std::unique_ptr<io::HttpClient> client) {
    Lock lock(mutex_);
    if (idle_.size() < kIdleMax) idle_.push_back(std::move(client));
}

Result<Answer> LeaderClient::ask(const coord::Member& leader, const HttpCall& call, bool changes) {
    io::HttpRequest request{
        // The leader's answer to HEAD has the same head; the body is left out by the listener.
        .method = call.method == "HEAD" ? "GET" : call.method,
        .url = node_url(leader, options_.tls, options_.https) + call.target,
        .body = call.body,
        .headers = {"X-Evenkeel-Forwarded: " + options_.node}};
    const bool trusted = options_.tls.on() && !leader.peer_address.empty();
    if (!trusted) {
        const std::string shown =
            options_.credentials.empty() ? call.header("authorization") : options_.credentials;
        if (!shown.empty()) request.headers.push_back("Authorization: " + shown);
    }
    // libcurl repeats a request by itself when a kept connection turns out dead.
    auto client = changes ? std::make_unique<io::HttpClient>(options_.tls) : take();
    const auto answer = client->send(request, io::within(changes ? kChangeLimit : kReadLimit));
    if (!answer) {
        return Error{answer.error().code, fmt::format("the leader {} does not answer: {}",
                                                      leader.node, answer.error().what)};
    }
    give_back(std::move(client));
    return Answer{.status = answer->status, .body = answer->body, .type = answer->type};
}

}  // namespace evenkeel::api
