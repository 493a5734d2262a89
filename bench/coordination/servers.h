// The three servers of etcd or ZooKeeper that the bench's locks are kept in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"

namespace evenkeel::bench {

class Servers {
public:
    virtual ~Servers() = default;

    // As the holders reach them: "http://127.0.0.1:4711", "127.0.0.1:4711".
    virtual const std::vector<std::string>& endpoints() const = 0;
    // The one that leads. Errors: unavailable  none says so before the deadline.
    virtual Result<std::size_t> leader(Deadline deadline) = 0;
    virtual void kill(std::size_t server) = 0;
    virtual Result<> start(std::size_t server) = 0;
    // Until all three serve.
    virtual Result<> wait_ready(Deadline deadline) = 0;
};

// heartbeat 50 ms, election 500 ms: what evenkeel's preset "vm" gives its members.
Result<std::unique_ptr<Servers>> start_etcd(const std::string& folder);
// tickTime 200 ms, so that sessions of a second are allowed.
Result<std::unique_ptr<Servers>> start_zookeeper(const std::string& folder);

}  // namespace evenkeel::bench
