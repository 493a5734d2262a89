#include "bench/coordination/servers.h"
#include "io/clock.h"
#include "io/thread.h"
#include "lab/zookeeper_ensemble.h"

namespace evenkeel::bench {
namespace {

constexpr std::size_t kServers = 3;
constexpr Millis kPause{20};

class Zookeeper final : public Servers {
public:
    explicit Zookeeper(lab::ZookeeperEnsemble ensemble) : ensemble_(std::move(ensemble)) {
        for (std::size_t i = 0; i < kServers; ++i) endpoints_.push_back(ensemble_.address(i));
    }

    const std::vector<std::string>& endpoints() const override { return endpoints_; }

    Result<std::size_t> leader(Deadline deadline) override {
        io::StopToken pause;
        while (!deadline.passed(io::now())) {
            if (const auto leader = ensemble_.leader()) return *leader;
            pause.wait_for(kPause);
        }
        return Error{Errc::unavailable, "no ZooKeeper server leads"};
    }

    void kill(std::size_t server) override { ensemble_.kill(server); }
    Result<> start(std::size_t server) override { return ensemble_.start(server); }

    Result<> wait_ready(Deadline deadline) override {
        if (ensemble_.wait_serving(kServers, deadline.left(io::now()))) return {};
        return Error{Errc::timed_out, "the ZooKeeper servers do not serve"};
    }

private:
    lab::ZookeeperEnsemble ensemble_;
    std::vector<std::string> endpoints_;
};

}  // namespace

Result<std::unique_ptr<Servers>> start_zookeeper(const std::string& folder) {
    EK_TRY(auto ensemble, lab::ZookeeperEnsemble::create({.folder = folder, .servers = kServers}));
    EK_TRY_VOID(ensemble.start_all());
    return std::unique_ptr<Servers>(std::make_unique<Zookeeper>(std::move(ensemble)));
}

}  // namespace evenkeel::bench
