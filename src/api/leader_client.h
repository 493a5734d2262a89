// Hands a request that is the leader's on to it, over the nodes' TLS when the group has that.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/answer.h"
#include "api/http_listener.h"
#include "base/mutex.h"
#include "base/result.h"
#include "coord/coordinator.h"
#include "io/http_client.h"

namespace evenkeel::api {

// Where a node's API is for other nodes: "https://host:port" of its `peers`, or its public one.
std::string node_url(const coord::Member& member, const io::TlsFiles& tls, bool https);

struct LeaderClientOptions {
    std::string node{};         // This node.
    io::TlsFiles tls{};         // Of the group.
    bool https = false;         // The nodes' public APIs are HTTPS.
    std::string credentials{};  // Shown where there is no certificate to show; empty: none.
};

// Thread-safe.
class LeaderClient {
public:
    explicit LeaderClient(LeaderClientOptions options) : options_(std::move(options)) {}

    // The leader's answer, whatever its status. `changes`: it must not be done twice.
    // Errors: unavailable  it did not get the request;  timed_out  it may have.
    Result<Answer> ask(const coord::Member& leader, const HttpCall& call, bool changes);

private:
    std::unique_ptr<io::HttpClient> take();
    void give_back(std::unique_ptr<io::HttpClient> client);

    const LeaderClientOptions options_;
    Mutex mutex_;
    std::vector<std::unique_ptr<io::HttpClient>> idle_ EK_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::api
