#include "tests/support/evenkeel_group.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "tests/support/eventually.h"

namespace evenkeel::test {
namespace {
constexpr Millis kAnswerLimit{500};
constexpr Millis kCertLimit{30'000};
constexpr Millis kDeathLimit{5'000};
// On a test network, where each node has a host of its own.
constexpr int kApiPort = 3000;
constexpr int kPeerPort = 10008;
constexpr int kClientPort = 10009;

int port_of(const std::string& address) {
    return std::stoi(address.substr(address.rfind(':') + 1));
}

}  // namespace

std::string evenkeel_program() {
    const char* path = std::getenv("EVENKEEL_PROGRAM");
    return path != nullptr ? path : "evenkeel";
}

Ran run_evenkeel(const std::vector<std::string>& arguments, const std::string& folder,
                 Millis limit) {
    const std::string output = folder + "/run.log";
    EXPECT_TRUE(io::remove_all(output));
    io::Command command{.argv = {evenkeel_program()}, .output = output, .own_group = true};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    auto process = io::Process::start(command);
    if (!process) return {.status = -1, .output = process.error().what};
    const auto exit = process->wait(io::within(limit));
    if (!exit) process->stop(Millis(5000));
    return {.status = exit && exit->signal == 0 ? exit->code : -1,
            .output = io::read_file(output).value_or("")};
}

EvenkeelGroup::EvenkeelGroup(GroupOptions options)
    : options_(std::move(options)), nodes_(options_.nodes) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        node.name = fmt::format("node{}", i + 1);
        node.folder = options_.folder + "/" + node.name;
        node.config = node.folder + ".toml";
        const auto address = [&](int on_lan) {
            return options_.lan != nullptr ? fmt::format("{}:{}", Lan::address(i), on_lan)
                                           : fmt::format("127.0.0.1:{}", io::free_port());
        };
        node.api = address(kApiPort);
        node.bind = address(kPeerPort);
        if (options_.tls && options_.lan == nullptr) node.peers = address(0);
        node.client_port = options_.lan != nullptr ? kClientPort : io::free_port();
    }
    EXPECT_TRUE(io::make_folders(options_.folder));
    if (options_.tls) make_certificates();
    for (std::size_t i = 0; i < nodes_.size(); ++i) write_config(i, config_text(i));
}

void EvenkeelGroup::make_certificates() {
    std::vector<std::string> arguments{"cert", "init", "--dir", options_.folder + "/pki"};
    for (const Node& node : nodes_) {
        arguments.push_back("--node");
        arguments.push_back(node.name + "=" + node.bind.substr(0, node.bind.rfind(':')));
    }
    const Ran made = run_evenkeel(arguments, options_.folder, kCertLimit);
    EXPECT_EQ(made.status, 0) << made.output;
}

io::TlsFiles EvenkeelGroup::tls_files(std::size_t index) const {
    if (!options_.tls) return {};
    const std::string own = options_.folder + "/pki/" + nodes_[index].name;
    return {.ca = options_.folder + "/pki/ca.pem", .cert = own + ".pem", .key = own + ".key"};
}

std::unique_ptr<io::HttpClient> EvenkeelGroup::member_client(std::size_t index) const {
    return std::make_unique<io::HttpClient>(tls_files(index));
}

std::string EvenkeelGroup::config_text(std::size_t index) const {
    const Node& node = nodes_[index];
    std::string text =
        fmt::format("[node]\nid = \"{}\"\ndata_dir = \"{}\"\n[api]\nlisten = \"{}\"\n", node.name,
                    node.folder, node.api);
    if (nodes_.size() == 1) return text;
    // The default, `bind` and two more, could be another node's.
    if (options_.tls && options_.lan == nullptr)
        text += fmt::format("peers = \"{}\"\n", node.peers);
    std::vector<std::string> binds;
    for (const Node& each : nodes_) binds.push_back(json_quote(each.bind));
    text += fmt::format(
        "[coordination]\nengine = \"raft\"\nbind = \"{}\"\nnodes = [{}]\nclient_port = {}\n"
        "insecure = {}\n{}\n",
        node.bind, join(binds, ", "), node.client_port, !options_.tls,
        join(options_.coordination, "\n"));
    if (options_.tls) {
        const io::TlsFiles files = tls_files(index);
        text += fmt::format("[tls]\nca = \"{}\"\ncert = \"{}\"\nkey = \"{}\"\n", files.ca,
                            files.cert, files.key);
    }
    return text;
}

void EvenkeelGroup::write_config(std::size_t index, const std::string& text) {
    const auto written = io::replace_file(nodes_[index].config, text);
    ASSERT_TRUE(written) << written.error().what;
}

void EvenkeelGroup::start(std::size_t index) {
    Node& node = nodes_[index];
    io::Command command{.argv = {evenkeel_program(), "node", "--config", node.config},
                        .environment = environment_,
                        .output = node.folder + ".log",
                        .own_group = true};
    if (options_.lan != nullptr) {
        command.network_namespace = options_.lan->network(index).descriptor();
    }
    auto process = io::Process::start(command);
    ASSERT_TRUE(process) << process.error().what;
    node.process = *std::move(process);
}

void EvenkeelGroup::start_all() {
    for (std::size_t i = 0; i < size(); ++i) start(i);
}

bool EvenkeelGroup::wait_healthy(Millis limit) {
    // A node alone has no group to be healthy in.
    const char* path = size() == 1 ? "/api/health" : "/api/raft-health";
    return eventually(limit, [this, path] {
        for (std::size_t i = 0; i < size(); ++i) {
            if (ask(i, path).status != 200) return false;
        }
        return leaders().size() == 1;
    });
}

std::string EvenkeelGroup::logs() const {
    std::string all;
    for (std::size_t i = 0; i < size(); ++i) all += log(i);
    return all;
}

std::string EvenkeelGroup::log(std::size_t index) const {
    return io::read_file(nodes_[index].folder + ".log").value_or("");
}

Result<io::HttpAnswer> EvenkeelGroup::ask_as(io::HttpClient& client, std::size_t index,
                                             const std::string& path, Millis limit) const {
    std::optional<InNetwork> there;
    if (options_.lan != nullptr) there.emplace(options_.lan->network(options_.lan->observer()));
    return client.get("http://" + nodes_[index].api + path, io::within(limit));
}

Result<io::HttpAnswer> EvenkeelGroup::ask_member(io::HttpClient& client, std::size_t index,
                                                 const std::string& path, const std::string& body,
                                                 Millis limit) const {
    std::optional<InNetwork> there;
    if (options_.lan != nullptr) there.emplace(options_.lan->network(index));
    const char* scheme = options_.tls ? "https" : "http";
    return client.post(fmt::format("{}://127.0.0.1:{}{}", scheme, nodes_[index].client_port, path),
                       body, io::within(limit));
}

io::HttpAnswer EvenkeelGroup::ask(std::size_t index, const std::string& path) {
    const auto answer = ask_as(http_, index, path, kAnswerLimit);
    return answer ? *answer : io::HttpAnswer{};
}

std::vector<std::size_t> EvenkeelGroup::leaders() {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < size(); ++i) {
        if (ask(i, "/api/leader-check").status == 200) found.push_back(i);
    }
    return found;
}

std::optional<Millis> EvenkeelGroup::time_to_other_leader(std::size_t index, Millis limit) {
    const Instant start = io::now();
    const bool found = eventually(limit, [&] {
        for (std::size_t i = 0; i < size(); ++i) {
            if (i != index && ask(i, "/api/leader-check").status == 200) return true;
        }
        return false;
    });
    if (!found) return {};
    return std::chrono::duration_cast<Millis>(io::now() - start);
}

pid_t EvenkeelGroup::child(std::size_t index, const std::string& word) const {
    const pid_t parent = nodes_[index].process.pid();
    const auto list = io::read_file(fmt::format("/proc/{0}/task/{0}/children", parent));
    if (!list) return 0;
    for (const std::string& pid : split(trim(*list), ' ')) {
        const auto line = io::read_file("/proc/" + pid + "/cmdline");
        if (!line || line->find(word) == std::string::npos) continue;
        return static_cast<pid_t>(parse_number(pid).value_or(0));
    }
    return 0;
}

void EvenkeelGroup::kill_host(std::size_t index) {
    Node& node = nodes_[index];
    node.process.signal(SIGKILL);  // Worker and etcd member die with it.
    node.process.wait(io::within(kDeathLimit));
    if (options_.lan != nullptr) return;
    // They do so a moment later, and a member may still write: the host is dead when both are.
    EXPECT_TRUE(eventually(kDeathLimit, [&] {
        return io::port_is_free("127.0.0.1", port_of(node.api)) &&
               io::port_is_free("127.0.0.1", node.client_port);
    })) << node.name;
}

std::optional<std::size_t> EvenkeelGroup::ended() {
    for (std::size_t i = 0; i < size(); ++i) {
        io::Process& process = nodes_[i].process;
        if (process.running() && process.wait(io::within(Millis(0)))) return i;
    }
    return {};
}

}  // namespace evenkeel::test
