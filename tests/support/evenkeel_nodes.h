// Three real evenkeel nodes on loopback, each with its own etcd member, that watch one cluster.
// Not thread-safe. The nodes die with the thread that started them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "io/http_client.h"
#include "io/process.h"
#include "lab/mariadb_topology.h"

namespace evenkeel::test {

class EvenkeelNodes {
public:
    // Writes the configurations below `folder` and starts the nodes. `more` is put at the end of
    // each configuration.
    EvenkeelNodes(std::string folder, lab::MariadbTopology& servers, const std::string& more = {});

    void start(std::size_t node);
    // As if the host was lost: supervisor, worker and etcd member, by SIGKILL.
    void kill_host(std::size_t node);
    bool running(std::size_t node) const { return nodes_.at(node).process.running(); }
    // The node's supervisor ended by itself meanwhile; then reaps it.
    bool ended(std::size_t node);
    std::size_t size() const { return nodes_.size(); }
    std::string api(std::size_t node) const { return nodes_.at(node).api; }

    // The answer's body, when it is 200.
    std::optional<std::string> get(std::size_t node, const std::string& path);
    // The node that answers leader-check with 200.
    std::optional<std::size_t> leader();
    // `path` from the first running node that answers it.
    std::optional<std::string> get_any(const std::string& path);

    // A node's worker that comes to this moment of a recovery ("before:<step>", "after:<step>")
    // kills its whole node, once.
    void arm(const std::string& moment);
    bool armed() const;

private:
    struct Node {
        std::string config{};
        std::string api{};
        std::string log{};
        io::Process process{};
    };

    std::string fault_path() const { return folder_ + "/fault"; }

    std::string folder_;
    std::vector<Node> nodes_;
    io::HttpClient http_;
};

}  // namespace evenkeel::test
