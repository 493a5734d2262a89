// How a node takes part in its group, as configured ([node], [coordination] and [tls]).
#pragma once

#include <string>
#include <vector>

#include "base/instant.h"
#include "io/tls_files.h"

namespace evenkeel::coord {

enum class EngineKind { local, raft, etcd, zookeeper };

// Timings that fit together; docs/internals/lease.md has the reasoning.
enum class Preset { lan, vm, wan };

struct Timing {
    Millis ttl{};
    Millis heartbeat{};  // Of the managed etcd member.
    Millis election{};
};

constexpr Timing timing_of(Preset preset) {
    switch (preset) {
        case Preset::lan: return {Millis{800}, Millis{30}, Millis{300}};
        case Preset::vm: break;
        case Preset::wan: return {Millis{8000}, Millis{250}, Millis{2500}};
    }
    return {Millis{1500}, Millis{50}, Millis{500}};
}

// An etcd that is already there.
struct EtcdAccess {
    std::vector<std::string> endpoints{};  // "https://etcd1:2379"
    std::string user{};                    // Empty: the cluster asks for none.
    std::string password{};
    io::TlsFiles tls{};
};

// A ZooKeeper that is already there; names and defaults are those of Maxwell's options.
struct ZookeeperAccess {
    std::string servers{};  // "zk1:2181,zk2:2181,zk3:2181"
    std::string chroot{};   // Empty: /evenkeel/<group>.
    std::string user{};     // Digest; empty: none.
    std::string password{};
    Millis session_timeout{6000};
    Millis connection_timeout{6000};
    int max_retries = 3;
    Millis retry_wait{1000};
};

struct Config {
    EngineKind engine = EngineKind::local;
    std::string group = "evenkeel";  // Name of the group; nodes of another group are refused.
    std::string node{};              // This node's id; default: `bind`, or the host's name.
    std::string data_dir{};          // State folder of this node.
    Preset preset = Preset::vm;
    Millis ttl = timing_of(Preset::vm).ttl;
    Millis join_limit{120'000};  // A node that cannot join its group by then exits.
    int size = 1;                // Nodes of the group; a majority of them has to agree.
    io::TlsFiles tls{};          // Between the nodes.
    bool insecure = false;       // Allows nodes on several hosts to talk without TLS.
    // engine = raft. Addresses are "host:port", port 10008 when omitted.
    std::string bind{};  // This node's address as the other nodes reach it.
    std::vector<std::string>
        nodes{};          // Every node of the group, this one too; the same list on each.
    int client_port = 0;  // etcd's client port on 127.0.0.1; 0: peer port + 1.
    Millis heartbeat = timing_of(Preset::vm).heartbeat;
    Millis election = timing_of(Preset::vm).election;
    // engine = etcd, engine = zookeeper.
    EtcdAccess etcd{};
    ZookeeperAccess zookeeper{};
};

// How long one try at the engine may take: long enough for a commit between distant hosts, short
// enough that several tries fit into a lease.
constexpr Millis call_limit(Millis ttl) {
    return ttl / 8 > Millis{200} ? ttl / 8 : Millis{200};
}

}  // namespace evenkeel::coord
