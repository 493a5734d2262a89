// Three real ZooKeeper servers on loopback, as Debian packages them, each with a folder of its own.
// Not thread-safe. They die with the thread that started them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/process.h"

namespace evenkeel::lab {

struct ZookeeperConfig {
    std::string folder{};
    std::size_t servers = 3;
    Millis tick{200};     // Servers notice each other's silence after five of them.
    std::string extra{};  // More lines for every zoo.cfg; the last of a key wins.
};

class ZookeeperEnsemble {
public:
    // Errors: not_found  ZooKeeper or Java is not installed; unavailable.
    static Result<ZookeeperEnsemble> create(ZookeeperConfig config);

    Result<> start(std::size_t server);
    Result<> start_all();
    // A majority serves, and this many servers do.
    bool wait_serving(std::size_t servers, Millis limit);
    void kill(std::size_t server);  // SIGKILL, and waits until it is gone.
    void stop(std::size_t server);  // SIGTERM, and waits.
    // SIGSTOP and SIGCONT.
    void suspend(std::size_t server);
    void resume(std::size_t server);
    bool running(std::size_t server) const { return members_[server].process.running(); }

    std::size_t size() const { return members_.size(); }
    int port(std::size_t server) const { return members_[server].client_port; }
    std::string address(std::size_t server) const;
    std::string addresses() const;  // "host:port,host:port,host:port"
    bool serves(std::size_t server) const { return running(server) && !mode(server).empty(); }
    // The server that the others follow; nothing while there is none, or a former one has not
    // noticed that it is.
    std::optional<std::size_t> leader() const;
    std::string log_path(std::size_t server) const;

private:
    struct Member {
        int client_port = 0;
        int peer_port = 0;
        int election_port = 0;
        io::Process process{};
    };
    // "leader", "follower", or nothing when it serves nobody.
    std::string mode(std::size_t server) const;
    std::string folder(std::size_t server) const;
    bool serving(std::size_t servers) const;

    ZookeeperConfig config_;
    std::vector<Member> members_;
};

}  // namespace evenkeel::lab
