#include "app/demo_world.h"

#include <fmt/core.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::app {
namespace {

constexpr int kNodes = 3;
constexpr Millis kStartLimit{60'000};
constexpr Millis kAskLimit{400};

// Children of `parent`, by the kernel's own list.
std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> children;
    const auto list = io::read_file(fmt::format("/proc/{0}/task/{0}/children", parent));
    if (!list) return children;
    for (const std::string& word : split(trim(*list), ' ')) {
        if (const auto pid = parse_number(word)) children.push_back(static_cast<pid_t>(*pid));
    }
    return children;
}

}  // namespace

Result<> DemoWorld::wait_until(const std::string& what, Millis limit,
                               const std::function<bool()>& condition) {
    const Deadline deadline = io::within(limit);
    while (!condition()) {
        if (deadline.passed(io::now())) {
            return Error{Errc::timed_out,
                         fmt::format("wait for {}: not within {}", what,
                                     human_duration(static_cast<std::uint64_t>(limit.count())))};
        }
        EK_TRY_VOID(pause_());
    }
    return {};
}

Result<> DemoWorld::start() {
    EK_TRY_VOID(start_databases());
    EK_TRY_VOID(pause_());
    EK_TRY_VOID(start_nodes());
    return wait_ready();
}

Result<> DemoWorld::start_databases() {
    // Replicas that apply one transaction after the other fall behind four writers, and a candidate
    // has to apply what it received before it is promoted.
    EK_TRY(auto started, lab::MariadbTopology::start(
                             {.folder = folder_ + "/db", .options = {"--slave-parallel-threads=4"}},
                             io::within(kStartLimit)));
    databases_ = std::make_unique<lab::MariadbTopology>(std::move(started));
    EK_TRY([[maybe_unused]] const auto none,
           databases_->server(0).query(
               {"CREATE DATABASE demo",
                "CREATE TABLE demo.writes (writer INT NOT NULL, seq BIGINT NOT NULL, "
                "payload VARCHAR(100) NOT NULL, PRIMARY KEY (writer, seq))"},
               io::within(kStartLimit)));
    return {};
}

std::string DemoWorld::node_config(const Node& node) const {
    std::vector<std::string> peers;
    for (const Node& each : nodes_)
        peers.push_back(fmt::format("\"127.0.0.1:{}\"", each.peer_port));
    const auto& accounts = databases_->accounts();
    return fmt::format(
        "[node]\nid = \"{}\"\ndata_dir = \"{}\"\n\n"
        "[coordination]\nengine = \"raft\"\ngroup = \"demo\"\nbind = \"127.0.0.1:{}\"\n"
        "nodes = [{}]\nclient_port = {}\n"
        "# All is on one machine: shorter than the defaults.\n"
        "ttl_ms = 1000\nheartbeat_ms = 30\nelection_ms = 300\n\n"
        "[api]\nlisten = \"{}\"\n\n"
        "[[cluster]]\nname = \"{}\"\nseeds = [\"{}\"]\nuser = \"{}\"\npassword = \"{}\"\n"
        "replication_user = \"{}\"\nreplication_password = \"{}\"\nfailover_pause_ms = 1000\n\n"
        "[[stream]]\nname = \"demo\"\ncluster = \"{}\"\nproducer = \"file\"\n"
        "output_file = \"{}\"\n",
        node.name, folder_ + "/" + node.name, node.peer_port, join(peers, ", "), node.client_port,
        node.api, kDemoCluster, databases_->server(0).id().str(), accounts.evenkeel.user,
        accounts.evenkeel.password, accounts.replication.user, accounts.replication.password,
        kDemoCluster, stream_file());
}

Result<> DemoWorld::start_nodes() {
    for (int number = 1; number <= kNodes; ++number) {
        Node node{.name = fmt::format("node{}", number)};
        node.api = fmt::format("127.0.0.1:{}", io::free_port());
        node.peer_port = io::free_port();
        node.client_port = io::free_port();
        nodes_.push_back(std::move(node));
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        EK_TRY_VOID(
            io::replace_file(folder_ + "/" + nodes_[i].name + ".toml", node_config(nodes_[i])));
        EK_TRY_VOID(start_node(i));
    }
    return {};
}

Result<> DemoWorld::start_node(std::size_t index) {
    Node& node = nodes_[index];
    EK_TRY(node.process, io::Process::start({.program = io::kOwnImage,
                                             .argv = {io::own_path(), "node", "--config",
                                                      folder_ + "/" + node.name + ".toml"},
                                             .output = folder_ + "/" + node.name + ".log",
                                             .own_group = true}));
    return {};
}

Result<> DemoWorld::wait_ready() {
    const auto all_healthy = [this] {
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (ask(i, "/api/raft-health").status != 200) return false;
        }
        return leader() >= 0;
    };
    EK_TRY_VOID(wait_until("three healthy nodes", kStartLimit, all_healthy));
    const std::string primary = "\"primary\":\"" + databases_->server(0).id().str() + "\"";
    const std::string replicas = std::to_string(databases_->size());
    EK_TRY_VOID(wait_until("the nodes to know the cluster", kStartLimit, [&] {
        const std::string answer = ask_leader("/clusters");
        return answer.find(primary) != std::string::npos &&
               answer.find("\"servers\":" + replicas) != std::string::npos;
    }));
    return wait_until("the change stream", kStartLimit, [this] {
        return ask_leader("/streams").find("\"state\":\"streaming\"") != std::string::npos;
    });
}

void DemoWorld::stop() {
    // They are not needed any more, and leaving a group that is going away takes its time.
    for (Node& node : nodes_) node.process.signal(SIGKILL);
    nodes_.clear();
    if (databases_) databases_->stop(Millis(0));
    databases_.reset();
}

std::vector<ServerId> DemoWorld::servers() {
    std::vector<ServerId> ids;
    for (std::size_t i = 0; i < databases_->size(); ++i) ids.push_back(databases_->server(i).id());
    return ids;
}

io::HttpAnswer DemoWorld::ask(std::size_t node, const std::string& path) {
    const auto answer = http_.get(api(node) + path, io::within(kAskLimit));
    return answer ? *answer : io::HttpAnswer{};
}

int DemoWorld::leader() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (!nodes_[i].process.running()) continue;
        if (ask(i, "/api/leader-check").status == 200) return static_cast<int>(i);
    }
    return -1;
}

std::string DemoWorld::ask_leader(const std::string& path) {
    const int index = leader();
    if (index < 0) return {};
    const io::HttpAnswer answer = ask(static_cast<std::size_t>(index), "/api/v1" + path);
    return answer.status == 200 ? answer.body : std::string();
}

void DemoWorld::kill_node(std::size_t index) {
    io::Process& supervisor = nodes_[index].process;
    const auto children = children_of(supervisor.pid());
    // First the supervisor: it must not see its children die and certify or restart anything.
    supervisor.signal(SIGKILL);
    for (const pid_t child : children) ::kill(child, SIGKILL);
    supervisor.wait(io::within(Millis(5000)));
}

}  // namespace evenkeel::app
