// Real evenkeel nodes without databases, on loopback or each on a host of a test network: what a
// group does by itself. The nodes die with the thread that started them.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/instant.h"
#include "io/http_client.h"
#include "io/process.h"
#include "tests/support/lan.h"

namespace evenkeel::test {

// The path of the built evenkeel.
std::string evenkeel_program();

// A run of evenkeel to its end.
struct Ran {
    int status = -1;  // -1: it did not end by itself in time.
    std::string output{};
};
Ran run_evenkeel(const std::vector<std::string>& arguments, const std::string& folder,
                 Millis limit);

struct GroupOptions {
    std::string folder{};  // Configurations and state are below it.
    std::size_t nodes = 3;
    // Node 0 runs on host 0, and so on, and is asked from the observer. None: all on loopback.
    Lan* lan = nullptr;
    std::vector<std::string> coordination{"ttl_ms = 1000"};  // More lines of that section.
    // Certificates of their own, by `evenkeel cert init`. Without them nodes on a test network talk
    // in clear text.
    bool tls = false;
};

// Not thread-safe, but for what says otherwise.
class EvenkeelGroup {
public:
    struct Node {
        std::string name{};
        std::string folder{};  // data_dir
        std::string config{};
        std::string api{};  // host:port
        std::string bind{};
        std::string peers{};  // Empty: the default.
        int client_port = 0;
        io::Process process{};
    };

    // Starts nothing.
    explicit EvenkeelGroup(GroupOptions options);
    EvenkeelGroup(std::string folder, std::size_t nodes)
        : EvenkeelGroup(GroupOptions{.folder = std::move(folder), .nodes = nodes}) {}

    // The configuration of a node, to change and write again.
    std::string config_text(std::size_t index) const;
    void write_config(std::size_t index, const std::string& text);
    // Put into the environment of nodes that are started from now on: "NAME=value".
    void add_environment(std::string entry) { environment_.push_back(std::move(entry)); }
    void start(std::size_t index);
    void start_all();
    bool wait_healthy(Millis limit);

    // What a node shows; empty in a group without TLS.
    io::TlsFiles tls_files(std::size_t index) const;
    Node& node(std::size_t index) { return nodes_.at(index); }
    const Node& node(std::size_t index) const { return nodes_.at(index); }
    std::size_t size() const { return nodes_.size(); }
    std::string log(std::size_t index) const;
    // Of all nodes: one that misses in a group is seldom the one that tells why.
    std::string logs() const;

    // Waits for a node to answer as the given `client`, which may be another thread's than that of
    // the group. Thread-safe.
    Result<io::HttpAnswer> ask_as(io::HttpClient& client, std::size_t index,
                                  const std::string& path, Millis limit) const;
    // For ask_member() of that node only: all members have the same address, each on its own host.
    std::unique_ptr<io::HttpClient> member_client(std::size_t index) const;
    // A call of the etcd member's JSON gateway, made on the node's own host. Thread-safe.
    Result<io::HttpAnswer> ask_member(io::HttpClient& client, std::size_t index,
                                      const std::string& path, const std::string& body,
                                      Millis limit) const;
    // Status 0: no answer.
    io::HttpAnswer ask(std::size_t index, const std::string& path);
    // Those that answer leader-check with 200.
    std::vector<std::size_t> leaders();
    // How long until a node other than `index` leads; nothing when none did within `limit`.
    std::optional<Millis> time_to_other_leader(std::size_t index, Millis limit);

    // The node's child whose command line has `word`; 0: none.
    pid_t child(std::size_t index, const std::string& word) const;
    void kill_host(std::size_t index);
    // A node that ended by itself since it was started, if there is one; it counts once.
    std::optional<std::size_t> ended();

private:
    void make_certificates();

    const GroupOptions options_;
    std::vector<std::string> environment_;
    std::vector<Node> nodes_;
    io::HttpClient http_;
};

}  // namespace evenkeel::test
