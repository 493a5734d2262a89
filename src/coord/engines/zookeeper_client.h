// Calls to a ZooKeeper ensemble that end by their deadline, over one connection at a time
// (libzookeeper_mt). Knows nodes, not maps: zookeeper_engine.h is built on it.
//
// The library is patient: it gives a server that answers nothing two thirds of the session's
// timeout, which is longer than a lease. So every connection is to one server, in a session of its
// own (nothing here depends on a session), and is given up for the next server when it ends or when
// an answer is overdue. Never sends anything twice that may have been carried out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"

namespace evenkeel::coord {

struct ZookeeperServers {
    std::vector<std::string> addresses{};  // "host:port"
    std::string user{};                    // Digest authentication; empty: none.
    std::string password{};
    Millis session_timeout{6000};
    Millis connection_timeout{6000};  // For one try at one server.
    Millis outage_reported{3000};     // Without any server for so long: a warning in the log.
    Millis retry_wait{1000};          // Pause before all servers are tried again, at most.
};

// What a server answered about one node.
struct NodeAnswer {
    enum class Code { ok, no_node, exists, wrong_version };
    Code code = Code::ok;
    std::string data{};
    std::vector<std::string> children{};
    std::int32_t version = 0;  // Of the data.
    std::uint64_t zxid = 0;    // Of the transaction that changed the data last.
};

struct NodeRead {
    enum class Kind {
        data,
        watched_data,  // The next change of the data counts as an event.
        children,
        sync,  // What follows sees everything that the ensemble's leader has committed by now.
    };
    Kind kind = Kind::data;
    std::string path{};
};

struct NodeWrite {
    enum class Kind { check, create, set, remove };
    Kind kind = Kind::check;
    std::string path{};
    std::string data{};
    std::int32_t version = -1;  // What the data's version must be; -1: any. Not for create.
};

// Thread-safe. Connects at the first call, in a thread of its own.
class ZookeeperClient {
public:
    explicit ZookeeperClient(ZookeeperServers servers);
    ~ZookeeperClient();  // No call may be under way.
    ZookeeperClient(const ZookeeperClient&) = delete;
    ZookeeperClient& operator=(const ZookeeperClient&) = delete;

    // All reads in order over one connection, without waiting in between; tried again over another
    // when it ends. One answer each.
    // Errors: unavailable  no server answered in time;  denied  no permission, or a wrong password.
    Result<std::vector<NodeAnswer>> read(const std::vector<NodeRead>& reads, Deadline deadline);

    // All or nothing, agreed on by a majority. An answer that is not ok: nothing was done. One with
    // a set among its writes tells the transaction's zxid.
    // Errors: unavailable, denied, invalid  it was not done and will not be;
    //         timed_out  unknown.
    Result<NodeAnswer> write(const std::vector<NodeWrite>& writes, Deadline deadline);

    // Grows when watched data may have changed, and when a connection begins or ends.
    std::uint64_t events() const;
    // Waits until events() is not `seen` any more, at most `limit`.
    void wait_event(std::uint64_t seen, Millis limit) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::coord
