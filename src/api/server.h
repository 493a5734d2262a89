// The node's HTTP server: answers the routes, and forwards what is the leader's to the leader. Two
// listeners have the same routes: the public one, and the nodes' one, where only a certificate of
// the group gets in and what comes is trusted as a node's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/sources.h"
#include "base/result.h"
#include "io/tls_files.h"
#include "model/server_id.h"

namespace evenkeel::api {

struct ServerOptions {
    ServerId listen{"127.0.0.1", 3000};
    std::string advertise{};  // Where other nodes reach it; never forwarded to.
    std::string node{};       // Goes into forwarded requests.
    // Between the nodes: needs `tls`.
    std::optional<ServerId> peers{};
    io::TlsFiles tls{};
    // HTTPS on `listen`.
    std::string tls_cert{};
    std::string tls_key{};
    // Who may change something from another host; without a user nobody may.
    std::string user{};
    std::string password{};
    // The nodes as configured: in a group without TLS their addresses are trusted.
    std::vector<std::string> node_addresses{};
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
    //         invalid, denied, not_found  the address or a certificate cannot be used.
    Result<> start();
    // Ends open connections within about a second.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::api
