// The engine over an existing ZooKeeper ensemble (libzookeeper_mt). A key's version is the zxid of
// the transaction that changed it last.
//
// ZooKeeper has neither a version of a whole map, nor a compare on a zxid, nor an ordered watch. So
// every key is a node in one folder, and one node, `head`, changes with each transaction:
//     <root>/head               which keys the last transactions changed (zookeeper_records.h)
//     <root>/map/<escaped key>  the key's value
// A transaction is one multi() that compares the version of `head` that everything else was read
// under. A refusal and a read are confirmed the same way, by a multi() that only checks `head`:
// sync() alone is answered by a leader that may have been deposed without knowing it.
//
// Debian's client library is built without TLS: use loopback, a network that you trust, or a
// tunnel.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/instant.h"
#include "coord/engine.h"

namespace evenkeel::coord {

struct ZookeeperOptions {
    std::string servers{};  // "host:port,host:port,host:port"; a "/folder" behind goes before root.
    std::string root{};     // "/evenkeel/<group>": made when missing, nobody else's.
    // A server is given up much sooner than this when it answers nothing.
    Millis session_timeout{6000};
    Millis connection_timeout{6000};  // For one try at one server, at most.
    // A connection that is lost is tried again at once, on the next server, as long as it takes.
    // After max_retries * retry_wait without one the log says so. Calls end by their deadlines.
    int max_retries = 3;
    Millis retry_wait{1000};
    // Digest authentication: with it every node is made for this user alone, else for anyone.
    std::string user{};
    std::string password{};
    // After so many transactions `head` is made anew, because ZooKeeper counts in 32 bits.
    std::int32_t head_changes_max = 1 << 30;
};

// Does not connect.
std::unique_ptr<Engine> make_zookeeper_engine(ZookeeperOptions options);

}  // namespace evenkeel::coord
