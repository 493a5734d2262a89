// The etcd member that a node with engine = "raft" runs by itself: checks its data folder and its
// configuration, says how to start it, and explains why it ended.
#pragma once

#include <string>

#include "base/result.h"
#include "coord/config.h"
#include "io/fd.h"
#include "io/process.h"

namespace evenkeel::coord {

struct ManagedEtcd {
    io::Command command{};  // For the supervisor, which starts and watches it.
    std::string client_url{};
    std::string log_path{};
    io::Fd lock{};  // Keeps a second process out of the folder; hold it while running.
};

// Errors: invalid   the configuration cannot work (an even number of nodes, `bind` not in `nodes`);
//         conflict  the folder belongs to another node or group, or is in use; a port is in use;
//         not_found  etcd is not installed; the text names the package.
Result<ManagedEtcd> prepare(const Config& config);

// Why the member ended, from the last lines of its log behind `from` (its size when the member was
// started), with the remedy when one is known.
struct EtcdEnd {
    std::string text{};
    bool needs_person = false;  // Starting it again would end the same way.
};
EtcdEnd explain_end(const std::string& log_path, std::size_t from);

// The port of etcd's client interface on 127.0.0.1.
int client_port(const Config& config);
// Its address: "https://127.0.0.1:10009", http without TLS between the nodes.
std::string client_url(const Config& config);
// "host:port" with the port given, or 10008.
std::string peer_address(const std::string& configured);

}  // namespace evenkeel::coord
