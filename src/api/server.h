// The node's HTTP server: answers the routes, and forwards what is the leader's to the leader.
// Bounds: requests' sizes, waits, threads and queued connections; see server.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/sources.h"
#include "base/result.h"
#include "model/server_id.h"

namespace evenkeel::api {

struct ServerOptions {
    ServerId listen{"127.0.0.1", 3000};
    std::string advertise{};  // Where other nodes reach it; never forwarded to.
    std::string node{};       // Goes into forwarded requests.
};

// Thread-safe.
class Server {
public:
    // `sources.http` is set by the server itself.
    Server(ServerOptions options, Sources sources);
    ~Server();  // Stops.
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Answers when this returns. Errors: conflict  the port is in use;
    //         invalid   the address is not one of this machine, or not allowed.
    Result<> start();
    // Ends open connections within about a second.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::api
