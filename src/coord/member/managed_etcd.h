// The etcd member that a node with engine = "raft" runs by itself: checks its data folder and its
// configuration, says how to start it, and explains why it ended. Never starts or stops it.
#pragma once

#include <string>

#include "base/result.h"
#include "coord/config.h"
#include "coord/engines/etcd_engine.h"
#include "coord/member/formation.h"
#include "io/fd.h"
#include "io/process.h"

namespace evenkeel::coord {

struct ManagedEtcd {
    // For the supervisor, which starts and watches it. Of an empty member: as one of a new group of
    // all `nodes`; see start_as().
    io::Command command{};
    std::string client_url{};
    std::string log_path{};
    std::string folder{};  // etcd's data.
    std::string listen{};  // The peer port, "host:port" with a numeric host.
    io::Fd lock{};         // Keeps a second process out of the folder; hold it while running.
};

// Errors: invalid   the configuration cannot work (an even number of nodes, `bind` not in `nodes`);
//         conflict  the folder belongs to another node or group, or is in use; a port is in use;
//         corrupt   a part of the folder is missing;
//         not_found  etcd is not installed; the text names the package.
Result<ManagedEtcd> prepare(const Config& config);

// True while the member has no log: it was never started here, or its data was lost. Then only a
// decision of formation.h may start it.
bool is_empty(const ManagedEtcd& etcd);
// Makes `etcd.command` start the empty member as decided (form or join), in a clean folder.
Result<> start_as(ManagedEtcd& etcd, const Config& config, const Formation& formation);

// Why the member ended, from how it did and from the last lines of its log behind `from` (its size
// when the member was started), with the remedy when one is known.
struct EtcdEnd {
    std::string text{};
    bool needs_person = false;  // Starting it again would end the same way.
};
EtcdEnd explain_end(const ManagedEtcd& etcd, const io::Exit& exit, std::size_t from);

// The port of etcd's client interface on 127.0.0.1.
int client_port(const Config& config);
// Its address: "https://127.0.0.1:10009", http without TLS between the nodes.
std::string client_url(const Config& config);
// How this node reaches its member.
EtcdOptions own_member(const Config& config);
// "host:port" with the port given, or 10008.
std::string peer_address(const std::string& configured);

}  // namespace evenkeel::coord
