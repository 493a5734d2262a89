// The engine over etcd's v3 JSON gateway: a member that evenkeel runs itself, or a cluster that is
// already there. A key's version is etcd's mod_revision.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coord/engine.h"
#include "io/tls_files.h"

namespace evenkeel::coord {

struct EtcdOptions {
    std::vector<std::string> endpoints{};  // "https://127.0.0.1:10009"
    std::string root{};                    // Put before every key: "/evenkeel/<group>/".
    io::TlsFiles tls{};                    // For endpoints that are https.
    std::string user{};                    // Empty: the cluster asks for no password.
    std::string password{};
    Millis call_limit{200};  // For the calls that a watch makes by itself.
};

// Does not connect.
std::unique_ptr<Engine> make_etcd_engine(EtcdOptions options);

}  // namespace evenkeel::coord
