#include "lab/zookeeper_ensemble.h"

#include <fmt/core.h>
#include <signal.h>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "lab/loopback.h"

namespace evenkeel::lab {
namespace {

constexpr Millis kPollPause{20};
constexpr const char* kJars = "/usr/share/java/";
constexpr Millis kAskLimit{300};

}  // namespace

Result<ZookeeperEnsemble> ZookeeperEnsemble::create(ZookeeperConfig config) {
    if (!io::exists(std::string(kJars) + "zookeeper.jar")) {
        return Error{Errc::not_found, "ZooKeeper is not installed: apt-get install zookeeper"};
    }
    ZookeeperEnsemble ensemble;
    ensemble.config_ = std::move(config);
    std::string group;
    for (std::size_t i = 0; i < ensemble.config_.servers; ++i) {
        Member member{.client_port = io::free_port(),
                      .peer_port = io::free_port(),
                      .election_port = io::free_port()};
        group += fmt::format("server.{}=127.0.0.1:{}:{}\n", i + 1, member.peer_port,
                             member.election_port);
        ensemble.members_.push_back(std::move(member));
    }
    for (std::size_t i = 0; i < ensemble.members_.size(); ++i) {
        const std::string folder = ensemble.folder(i);
        EK_TRY_VOID(io::make_folders(folder + "/data"));
        EK_TRY_VOID(io::replace_file(folder + "/data/myid", std::to_string(i + 1)));
        EK_TRY_VOID(io::replace_file(
            folder + "/zoo.cfg",
            fmt::format("tickTime={}\ninitLimit=25\nsyncLimit=5\ndataDir={}/data\n"
                        "clientPort={}\nclientPortAddress=127.0.0.1\nmaxClientCnxns=0\n"
                        "maxSessionTimeout=60000\n4lw.commands.whitelist=*\n"
                        "admin.enableServer=false\n{}{}",
                        ensemble.config_.tick.count(), folder, ensemble.members_[i].client_port,
                        group, ensemble.config_.extra)));
    }
    return ensemble;
}

std::string ZookeeperEnsemble::folder(std::size_t server) const {
    return fmt::format("{}/zk{}", config_.folder, server + 1);
}

std::string ZookeeperEnsemble::log_path(std::size_t server) const {
    return folder(server) + "/log";
}

Result<> ZookeeperEnsemble::start(std::size_t server) {
    const std::string jars = kJars;
    // Started by hand it finds no log library: slf4j-simple writes to stderr.
    const io::Command command{
        .argv = {"java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                 "-Dorg.slf4j.simpleLogger.showDateTime=true",
                 "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
                 "-Dzookeeper.admin.enableServer=false", "-cp",
                 jars + "zookeeper.jar:" + jars + "slf4j-simple.jar",
                 "org.apache.zookeeper.server.quorum.QuorumPeerMain", folder(server) + "/zoo.cfg"},
        .output = log_path(server),
        .own_group = true};
    EK_TRY(members_[server].process, io::Process::start(command));
    return {};
}

Result<> ZookeeperEnsemble::start_all() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (!running(i)) EK_TRY_VOID(start(i));
    }
    return {};
}

bool ZookeeperEnsemble::wait_serving(std::size_t servers, Millis limit) {
    const Deadline deadline = io::within(limit);
    io::StopToken pause;
    while (!serving(servers)) {
        if (deadline.passed(io::now())) return false;
        pause.wait_for(kPollPause);
    }
    return true;
}

bool ZookeeperEnsemble::serving(std::size_t servers) const {
    std::size_t serving = 0;
    std::size_t leaders = 0;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        const std::string role = running(i) ? mode(i) : "";
        if (!role.empty()) ++serving;
        if (role == "leader" || role == "standalone") ++leaders;
    }
    // Two: a former one that was suspended has not noticed yet.
    return serving >= servers && leaders == 1;
}

void ZookeeperEnsemble::kill(std::size_t server) {
    members_[server].process.signal(SIGKILL);
    members_[server].process.wait(io::within(Millis(10'000)));
}

void ZookeeperEnsemble::stop(std::size_t server) {
    if (running(server)) members_[server].process.stop(Millis(5000));
}

void ZookeeperEnsemble::suspend(std::size_t server) {
    members_[server].process.signal(SIGSTOP);
}

void ZookeeperEnsemble::resume(std::size_t server) {
    members_[server].process.signal(SIGCONT);
}

std::string ZookeeperEnsemble::address(std::size_t server) const {
    return "127.0.0.1:" + std::to_string(port(server));
}

std::string ZookeeperEnsemble::addresses() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < size(); ++i) all.push_back(address(i));
    return join(all, ",");
}

std::string ZookeeperEnsemble::mode(std::size_t server) const {
    const std::string answer = ask_loopback(port(server), "srvr", kAskLimit);
    const std::string word = "Mode: ";
    const auto at = answer.find(word);
    if (at == std::string::npos) return {};
    const auto begin = at + word.size();
    return answer.substr(begin, answer.find('\n', begin) - begin);
}

std::optional<std::size_t> ZookeeperEnsemble::leader() const {
    std::optional<std::size_t> leads;
    for (std::size_t i = 0; i < size(); ++i) {
        if (!running(i) || mode(i) != "leader") continue;
        if (leads) return {};
        leads = i;
    }
    return leads;
}

}  // namespace evenkeel::lab
