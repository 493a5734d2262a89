#include "tests/integration/conformance_world.h"

#include <fmt/core.h>

#include <csignal>

#include "base/bytes.h"
#include "base/check.h"
#include "coord/engines/etcd_engine.h"
#include "coord/engines/local_engine.h"
#include "coord/engines/zookeeper_engine.h"
#include "coord/member/managed_etcd.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/http_client.h"
#include "io/process.h"
#include "lab/zookeeper_ensemble.h"
#include "tests/support/etcd_cluster.h"
#include "tests/support/eventually.h"

namespace evenkeel::coord {
namespace {

using namespace std::chrono_literals;
using test::eventually;

constexpr const char* kRoot = "/evenkeel/";

// SQLite: a file has one engine, so all clients of a map share it.
class LocalWorld final : public World {
public:
    explicit LocalWorld(std::string folder) : folder_(std::move(folder)) {}
    std::string name() const override { return "local"; }
    std::size_t servers() const override { return 1; }
    std::unique_ptr<Engine> engine(const Access& access) override {
        auto& shared = engines_[access.root];
        if (!shared) {
            auto opened = open_local_engine(path(access.root));
            EK_CHECK(opened, opened.error().what.c_str());
            shared = std::move(*opened);
        }
        return std::make_unique<Shared>(shared);
    }
    void forget_clients() override { engines_.clear(); }

private:
    class Shared final : public Engine {
    public:
        explicit Shared(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
        Result<Snapshot> read(const std::string& prefix, Deadline deadline) override {
            return engine_->read(prefix, deadline);
        }
        Result<TxnOutcome> txn(const Txn& txn, Deadline deadline) override {
            return engine_->txn(txn, deadline);
        }
        void watch(const std::string& prefix,
                   const std::function<void(const WatchBatch&)>& on_batch,
                   io::StopToken& stop) override {
            engine_->watch(prefix, on_batch, stop);
        }
        std::string describe() const override { return engine_->describe(); }

    private:
        std::shared_ptr<Engine> engine_;
    };

    std::string path(std::string root) const {
        for (char& c : root) c = c == '/' ? '_' : c;
        return folder_ + "/" + root + ".db";
    }

    const std::string folder_;
    std::map<std::string, std::shared_ptr<Engine>> engines_;
};

// Three members, started the way a node starts its own.
class RaftWorld final : public World {
public:
    explicit RaftWorld(const std::string& folder) {
        std::vector<std::string> nodes;
        for (int i = 0; i < 3; ++i) nodes.push_back("127.0.0.1:" + std::to_string(io::free_port()));
        killed_.resize(3);
        for (std::size_t i = 0; i < 3; ++i) {
            configs_.push_back({.engine = EngineKind::raft,
                                .group = "test",
                                .node = "n" + std::to_string(i),
                                .data_dir = folder + "/n" + std::to_string(i),
                                .size = 3,
                                .bind = nodes[i],
                                .nodes = nodes,
                                .client_port = io::free_port()});
            members_.emplace_back();
            start(i);
        }
    }
    std::string name() const override { return "raft"; }
    int port(std::size_t server) const override { return client_port(configs_[server]); }
    std::unique_ptr<Engine> engine(const Access& access) override {
        std::vector<std::string> endpoints;
        for (const int port : access.ports) {
            endpoints.push_back("http://127.0.0.1:" + std::to_string(port));
        }
        return make_etcd_engine({.endpoints = endpoints, .root = access.root + "/"});
    }
    void start(std::size_t server) override {
        locks_[server] = {};
        auto etcd = prepare(configs_[server]);
        EK_CHECK(etcd, etcd.error().what.c_str());
        auto process = io::Process::start(etcd->command);
        EK_CHECK(process, process.error().what.c_str());
        locks_[server] = std::move(etcd->lock);
        members_[server] = std::move(*process);
        killed_[server] = false;
    }
    void kill(std::size_t server) override {
        members_[server].signal(SIGKILL);
        members_[server].wait(io::within(10s));
        killed_[server] = true;
    }
    void suspend(std::size_t server) override { members_[server].signal(SIGSTOP); }
    void resume(std::size_t server) override { members_[server].signal(SIGCONT); }
    bool serves(std::size_t server) override {
        const auto answer = client_.get(url(server) + "/health", io::within(500ms));
        return answer && answer->status == 200;
    }
    std::optional<std::size_t> leader() override {
        for (std::size_t i = 0; i < servers(); ++i) {
            const auto answer =
                client_.post(url(i) + "/v3/maintenance/status", "{}", io::within(500ms));
            if (!answer) continue;
            const std::string leads = field(answer->body, "leader");
            if (!leads.empty() && leads == field(answer->body, "member_id")) return i;
        }
        return {};
    }
    bool compact() override {
        const auto status = client_.post(url(0) + "/v3/maintenance/status", "{}", soon());
        if (!status) return false;
        const auto done = client_.post(
            url(0) + "/v3/kv/compaction",
            fmt::format(R"({{"revision":"{}","physical":true}})", field(status->body, "revision")),
            soon());
        return done && done->status == 200;
    }
    std::string on_wire(const std::string& value) const override { return base64_encode(value); }

private:
    std::string url(std::size_t server) const { return client_url(configs_[server]); }
    static std::string field(const std::string& json, const std::string& name) {
        const std::string before = "\"" + name + "\":\"";
        const auto at = json.find(before);
        if (at == std::string::npos) return {};
        const auto begin = at + before.size();
        return json.substr(begin, json.find('"', begin) - begin);
    }

    std::vector<Config> configs_;
    std::vector<io::Process> members_;
    io::Fd locks_[3];
    io::HttpClient client_;
};

// A cluster that is already there, with TLS and passwords.
class EtcdWorld final : public World {
public:
    explicit EtcdWorld(const std::string& folder) : cluster_(created(folder)) {
        killed_.resize(3);
        for (std::size_t i = 0; i < 3; ++i) start(i);
        EK_CHECK(eventually(30s, [&] { return cluster_.leader().has_value(); }), "no leader");
        const auto done = cluster_.require_passwords(kRoot, io::within(20s));
        EK_CHECK(done, done.error().what.c_str());
    }
    std::string name() const override { return "etcd"; }
    int port(std::size_t server) const override { return cluster_.port(server); }
    std::unique_ptr<Engine> engine(const Access& access) override {
        std::vector<std::string> endpoints;
        for (const int port : access.ports) {
            endpoints.push_back("https://127.0.0.1:" + std::to_string(port));
        }
        return make_etcd_engine({.endpoints = endpoints,
                                 .root = access.root + "/",
                                 .tls = cluster_.client_tls(),
                                 .user = cluster_.user(),
                                 .password = cluster_.password()});
    }
    void start(std::size_t server) override {
        const auto started = cluster_.start(server);
        EK_CHECK(started, started.error().what.c_str());
        killed_[server] = false;
    }
    void kill(std::size_t server) override {
        cluster_.kill(server);
        killed_[server] = true;
    }
    void suspend(std::size_t server) override { cluster_.suspend(server); }
    void resume(std::size_t server) override { cluster_.resume(server); }
    bool serves(std::size_t server) override { return cluster_.serves(server); }
    std::optional<std::size_t> leader() override { return cluster_.leader(); }
    bool compact() override { return cluster_.compact(soon()).has_value(); }
    std::string on_wire(const std::string&) const override { return {}; }

private:
    static test::EtcdCluster created(const std::string& folder) {
        auto cluster = test::EtcdCluster::create(folder);
        EK_CHECK(cluster, cluster.error().what.c_str());
        return std::move(*cluster);
    }

    test::EtcdCluster cluster_;
};

class ZookeeperWorld final : public World {
public:
    explicit ZookeeperWorld(const std::string& folder) : ensemble_(created(folder)) {
        killed_.resize(3);
        const auto started = ensemble_.start_all();
        EK_CHECK(started, started.error().what.c_str());
    }
    std::string name() const override { return "zookeeper"; }
    int port(std::size_t server) const override { return ensemble_.port(server); }
    std::unique_ptr<Engine> engine(const Access& access) override {
        std::string servers;
        for (const int port : access.ports) servers += fmt::format("127.0.0.1:{},", port);
        return make_zookeeper_engine({.servers = servers,
                                      .root = access.root,
                                      .session_timeout = access.session_timeout,
                                      .user = "keel",
                                      .password = "even"});
    }
    void start(std::size_t server) override {
        const auto started = ensemble_.start(server);
        EK_CHECK(started, started.error().what.c_str());
        killed_[server] = false;
    }
    void kill(std::size_t server) override {
        ensemble_.kill(server);
        killed_[server] = true;
    }
    void suspend(std::size_t server) override { ensemble_.suspend(server); }
    void resume(std::size_t server) override { ensemble_.resume(server); }
    bool serves(std::size_t server) override { return ensemble_.serves(server); }
    std::optional<std::size_t> leader() override { return ensemble_.leader(); }
    bool has_sessions() const override { return true; }

private:
    static lab::ZookeeperEnsemble created(const std::string& folder) {
        auto ensemble = lab::ZookeeperEnsemble::create({.folder = folder});
        EK_CHECK(ensemble, ensemble.error().what.c_str());
        return std::move(*ensemble);
    }

    lab::ZookeeperEnsemble ensemble_;
};

}  // namespace

void World::heal() {
    for (std::size_t i = 0; i < killed_.size(); ++i) {
        if (killed_[i]) start(i);
        resume(i);
    }
    const bool healed = eventually(60s, [&] {
        for (std::size_t i = 0; i < servers(); ++i) {
            if (!serves(i)) return false;
        }
        return servers() == 1 || leader().has_value();
    });
    EXPECT_TRUE(healed) << "the servers of " << name() << " do not come back";
}

void World::restart_all() {
    forget_clients();
    for (std::size_t i = 0; i < killed_.size(); ++i) kill(i);
    heal();
}

std::unique_ptr<World> make_world(const std::string& engine, const std::string& folder) {
    if (engine == "local") return std::make_unique<LocalWorld>(folder);
    if (engine == "raft") return std::make_unique<RaftWorld>(folder);
    if (engine == "etcd") return std::make_unique<EtcdWorld>(folder);
    return std::make_unique<ZookeeperWorld>(folder);
}

std::unique_ptr<World> Conformance::world_;
std::unique_ptr<test::TestFolder> Conformance::folder_;

void Conformance::SetUp() {
    if (!world_) {
        folder_ = std::make_unique<test::TestFolder>();
        world_ = make_world(GetParam(), folder_->path());
    }
    world_->heal();
}

void Conformance::TearDown() {
    // A failed case may have left servers suspended.
    if (HasFailure()) world_->heal();
}

void Conformance::TearDownTestSuite() {
    world_.reset();
    folder_.reset();
}

std::string Conformance::root() const {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    return kRoot + test.substr(0, test.find('/'));
}

std::unique_ptr<Engine> Conformance::engine(std::size_t server) {
    return world_->engine({.root = root(), .ports = {world_->port(server % world_->servers())}});
}

std::unique_ptr<Engine> Conformance::engine() {
    Access access{.root = root(), .ports = {}};
    for (std::size_t i = 0; i < world_->servers(); ++i) access.ports.push_back(world_->port(i));
    return world_->engine(access);
}

std::unique_ptr<Engine> Conformance::engine(const lab::TcpGate& gate) {
    return world_->engine({.root = root(), .ports = {gate.port()}});
}

std::string Conformance::alone() const {
    return world_->servers() > 1 ? "" : world_->name() + ": one process, no servers, no network";
}

Deadline soon() {
    return io::within(20s);
}

Fate fate_of(Engine& engine, const Txn& txn, Deadline deadline) {
    Fate fate;
    io::StopToken pause;
    while (true) {
        fate.outcome = engine.txn(txn, io::within(500ms).sooner(deadline));
        if (fate.outcome && !fate.outcome->applied && fate.was_unknown) {
            // Ours when every key that it wrote is as it wrote it.
            std::map<std::string, Entry> found;
            for (const Entry& entry : fate.outcome->found) found[entry.key] = entry;
            bool ours = true;
            for (const Op& op : txn.ops) {
                const auto it = found.find(op.key);
                ours = ours && (op.value ? it != found.end() && it->second.value == *op.value
                                         : it == found.end());
                if (ours && op.value) fate.outcome->version = it->second.version;
            }
            fate.outcome->applied = ours;
        }
        if (fate.outcome || deadline.passed(io::now())) return fate;
        if (fate.outcome.error().code == Errc::timed_out) fate.was_unknown = true;
        pause.wait_for(10ms);
    }
}

Result<TxnOutcome> resolve(Engine& engine, const Txn& txn, Deadline deadline) {
    return fate_of(engine, txn, deadline).outcome;
}

bool put(Engine& engine, const std::string& key, const std::string& value) {
    const Deadline deadline = soon();
    io::StopToken pause;
    while (!deadline.passed(io::now())) {
        if (engine.txn({{}, {{key, value}}}, io::within(500ms).sooner(deadline))) return true;
        pause.wait_for(10ms);
    }
    return false;
}

Watched::Watched(Engine& engine, const std::string& prefix)
    : worker_("watch", [this, &engine, prefix](io::StopToken& stop) {
          engine.watch(
              prefix, [this](const WatchBatch& batch) { take(batch); }, stop);
      }) {}

std::map<std::string, std::string> Watched::state() {
    Lock lock(mutex_);
    return state_;
}

std::vector<std::string> Watched::values(const std::string& key) {
    Lock lock(mutex_);
    return history_[key];
}

std::size_t Watched::whole_batches() {
    Lock lock(mutex_);
    return whole_batches_;
}

std::vector<std::string> Watched::wrongs() {
    Lock lock(mutex_);
    return wrongs_;
}

void Watched::check_states(
    std::function<std::string(const std::map<std::string, std::string>&)> check) {
    Lock lock(mutex_);
    check_ = std::move(check);
}

void Watched::take(const WatchBatch& batch) {
    Lock lock(mutex_);
    if (whole_batches_ == 0 && !batch.whole) wrongs_.push_back("began with a part of the state");
    if (batch.version < version_) wrongs_.push_back("a batch that is older than the last");
    if (batch.whole) {
        ++whole_batches_;
        state_.clear();
    }
    for (const Change& change : batch.changes) {
        Version& version = versions_[change.key];
        const bool repeated = batch.whole ? change.version < version : change.version <= version;
        if (repeated) wrongs_.push_back(change.key + ": an older state again");
        if (change.version > batch.version)
            wrongs_.push_back(change.key + ": newer than its batch");
        const bool news = change.version > version;
        version = std::max(version, change.version);
        if (change.value) {
            state_[change.key] = *change.value;
            if (news) history_[change.key].push_back(*change.value);
        } else {
            state_.erase(change.key);
        }
    }
    version_ = std::max(version_, batch.version);
    if (!check_) return;
    if (std::string wrong = check_(state_); !wrong.empty()) wrongs_.push_back(std::move(wrong));
}

}  // namespace evenkeel::coord
