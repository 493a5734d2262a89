// The demo's world: database servers, nodes and their files, on loopback and in one folder. All of
// it dies with the thread that made it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"
#include "io/http_client.h"
#include "io/process.h"
#include "lab/mariadb_topology.h"

namespace evenkeel::app {

inline constexpr const char* kDemoCluster = "demo";

// Not thread-safe. Addresses nodes by index 0, 1, 2.
class DemoWorld {
public:
    // A wait that ends early when the demo was interrupted: sleeps a little, says whether to go on.
    using Pause = std::function<Result<>()>;

    DemoWorld(std::string folder, Pause pause)
        : folder_(std::move(folder)), pause_(std::move(pause)) {}
    ~DemoWorld() { stop(); }
    DemoWorld(const DemoWorld&) = delete;
    DemoWorld& operator=(const DemoWorld&) = delete;

    // Starts everything and waits until the group is healthy and the stream runs.
    Result<> start();
    void stop();

    // Runs `condition` until it holds. Errors: timed_out  "wait for `what`: …".
    Result<> wait_until(const std::string& what, Millis limit,
                        const std::function<bool()>& condition);

    lab::MariadbTopology& databases() { return *databases_; }
    std::vector<ServerId> servers();
    std::size_t nodes() const { return nodes_.size(); }
    const std::string& node_name(std::size_t index) const { return nodes_[index].name; }
    std::string api(std::size_t index) const { return "http://" + nodes_[index].api; }
    std::string stream_file() const { return folder_ + "/stream.json"; }
    const std::string& folder() const { return folder_; }

    // Status 0: no answer.
    io::HttpAnswer ask(std::size_t node, const std::string& path);
    // The index of the node that answers leader-check with 200; -1: none.
    int leader();
    // The body of `path` below /api/v1 from the leader; empty: no answer.
    std::string ask_leader(const std::string& path);

    // SIGKILL to every process of the node at once, as a lost host.
    void kill_node(std::size_t index);
    Result<> start_node(std::size_t index);

private:
    struct Node {
        std::string name{};
        std::string api{};  // host:port
        int peer_port = 0;
        int client_port = 0;
        io::Process process{};
    };

    Result<> start_databases();
    Result<> start_nodes();
    Result<> wait_ready();
    std::string node_config(const Node& node) const;

    const std::string folder_;
    const Pause pause_;
    std::unique_ptr<lab::MariadbTopology> databases_;
    std::vector<Node> nodes_;
    io::HttpClient http_;
};

}  // namespace evenkeel::app
