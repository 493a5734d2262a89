#include "tests/support/evenkeel_nodes.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>

#include "io/clock.h"
#include "io/file.h"

namespace evenkeel::test {
namespace {

constexpr Millis kAnswerLimit{500};

const char* program() {
    const char* path = std::getenv("EVENKEEL_PROGRAM");
    return path != nullptr ? path : "evenkeel";
}

}  // namespace

EvenkeelNodes::EvenkeelNodes(std::string folder, lab::MariadbTopology& servers,
                             const std::string& more)
    : folder_(std::move(folder)), nodes_(3) {
    std::string peers;
    std::vector<std::string> binds;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        binds.push_back(fmt::format("127.0.0.1:{}", io::free_port()));
        peers += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", binds.back());
    }
    const lab::Accounts& accounts = servers.accounts();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        Node& node = nodes_[i];
        node.api = fmt::format("127.0.0.1:{}", io::free_port());
        node.config = fmt::format("{}/node{}.toml", folder_, i + 1);
        node.log = fmt::format("{}/node{}.log", folder_, i + 1);
        const std::string text = fmt::format(
            "[node]\nid = \"node{0}\"\ndata_dir = \"{1}/node{0}\"\n\n"
            "[coordination]\nengine = \"raft\"\nbind = \"{2}\"\nnodes = [{3}]\nclient_port = {4}\n"
            "ttl_ms = 1000\n\n"
            "[api]\nlisten = \"{5}\"\n\n"
            "[[cluster]]\nname = \"main\"\nseeds = [\"{6}\"]\nuser = \"{7}\"\npassword = \"{8}\"\n"
            "replication_user = \"{9}\"\nreplication_password = \"{10}\"\n"
            "poll_interval_ms = 500\nfailover_pause_ms = 0\n\n{11}",
            i + 1, folder_, binds[i], peers, io::free_port(), node.api,
            servers.server(0).id().str(), accounts.evenkeel.user, accounts.evenkeel.password,
            accounts.replication.user, accounts.replication.password, more);
        const auto written = io::replace_file(node.config, text);
        EXPECT_TRUE(written) << written.error().what;
        start(i);
    }
}

void EvenkeelNodes::start(std::size_t index) {
    Node& node = nodes_.at(index);
    auto process = io::Process::start({.argv = {program(), "node", "--config", node.config},
                                       .environment = {"EVENKEEL_FAULT_FILE=" + fault_path()},
                                       .output = node.log,
                                       .own_group = true});
    ASSERT_TRUE(process) << process.error().what;
    node.process = std::move(*process);
}

void EvenkeelNodes::kill_host(std::size_t index) {
    io::Process& process = nodes_.at(index).process;
    process.signal(SIGKILL);  // Worker and etcd member die with it: PR_SET_PDEATHSIG.
    process.wait(io::within(Millis(5000)));
}

bool EvenkeelNodes::ended(std::size_t index) {
    return nodes_.at(index).process.wait(io::within(Millis(0))).has_value();
}

std::optional<std::string> EvenkeelNodes::get(std::size_t index, const std::string& path) {
    const auto answer = http_.get("http://" + api(index) + path, io::within(kAnswerLimit));
    if (!answer || answer->status != 200) return {};
    return answer->body;
}

std::optional<std::size_t> EvenkeelNodes::leader() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (running(i) && get(i, "/api/leader-check")) return i;
    }
    return {};
}

std::optional<std::string> EvenkeelNodes::get_any(const std::string& path) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (!running(i)) continue;
        if (auto body = get(i, path)) return body;
    }
    return {};
}

void EvenkeelNodes::arm(const std::string& moment) {
    const auto written = io::replace_file(fault_path(), moment);
    ASSERT_TRUE(written) << written.error().what;
}

bool EvenkeelNodes::armed() const {
    return io::exists(fault_path());
}

}  // namespace evenkeel::test
