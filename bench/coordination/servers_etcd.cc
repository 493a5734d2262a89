#include <fmt/core.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "bench/coordination/servers.h"
#include "coord/config.h"
#include "coord/member/managed_etcd.h"
#include "io/clock.h"
#include "io/http_client.h"
#include "io/process.h"
#include "io/thread.h"

namespace evenkeel::bench {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMembers = 3;
constexpr Millis kAnswerLimit{500};
constexpr Millis kPause{20};

class Etcd final : public Servers {
public:
    Result<> begin(const std::string& folder) {
        std::vector<std::string> nodes;
        for (std::size_t i = 0; i < kMembers; ++i) {
            nodes.push_back(fmt::format("127.0.0.1:{}", io::free_port()));
        }
        for (std::size_t i = 0; i < kMembers; ++i) {
            coord::Config config{.engine = coord::EngineKind::raft,
                                 .group = "bench",
                                 .node = fmt::format("n{}", i),
                                 .data_dir = fmt::format("{}/n{}", folder, i)};
            config.bind = nodes[i];
            config.nodes = nodes;
            config.client_port = io::free_port();
            members_.push_back({.config = config});
            endpoints_.push_back(coord::client_url(config));
            EK_TRY_VOID(start(i));
        }
        return {};
    }

    const std::vector<std::string>& endpoints() const override { return endpoints_; }

    Result<std::size_t> leader(Deadline deadline) override {
        io::StopToken pause;
        while (!deadline.passed(io::now())) {
            for (std::size_t i = 0; i < kMembers; ++i) {
                const auto status = status_of(i);
                if (status && status->leader != 0 && status->leader == status->id) return i;
            }
            pause.wait_for(kPause);
        }
        return Error{Errc::unavailable, "no etcd member leads"};
    }

    void kill(std::size_t server) override {
        members_[server].process.signal(SIGKILL);
        members_[server].process.wait(io::within(Millis(5000)));
        members_[server].etcd.lock = {};
    }

    Result<> start(std::size_t server) override {
        Member& member = members_[server];
        EK_TRY(member.etcd, coord::prepare(member.config));
        EK_TRY(member.process, io::Process::start(member.etcd.command));
        return {};
    }

    Result<> wait_ready(Deadline deadline) override {
        io::StopToken pause;
        while (!deadline.passed(io::now())) {
            std::size_t following = 0;
            for (std::size_t i = 0; i < kMembers; ++i) {
                const auto status = status_of(i);
                if (status && status->leader != 0) ++following;
            }
            if (following == kMembers) return {};
            pause.wait_for(kPause);
        }
        return Error{Errc::timed_out, "the etcd members do not find a leader"};
    }

private:
    struct Member {
        coord::Config config{};
        coord::ManagedEtcd etcd{};
        io::Process process{};
    };
    struct Status {
        std::uint64_t id = 0;
        std::uint64_t leader = 0;  // 0: none.
    };

    std::optional<Status> status_of(std::size_t member) {
        const auto answer = http_.post(endpoints_[member] + "/v3/maintenance/status", "{}",
                                       io::within(kAnswerLimit));
        const Json json = answer ? Json::parse(answer->body, nullptr, false) : Json();
        if (!json.is_object() || !json.contains("header")) return {};
        return Status{.id = std::stoull(json.at("header").value("member_id", "0")),
                      .leader = std::stoull(json.value("leader", "0"))};
    }

    std::vector<Member> members_;
    std::vector<std::string> endpoints_;
    io::HttpClient http_;
};

}  // namespace

Result<std::unique_ptr<Servers>> start_etcd(const std::string& folder) {
    auto servers = std::make_unique<Etcd>();
    EK_TRY_VOID(servers->begin(folder));
    return std::unique_ptr<Servers>(std::move(servers));
}

}  // namespace evenkeel::bench
