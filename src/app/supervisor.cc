#include "app/supervisor.h"

#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <vector>

#include "app/config.h"
#include "app/exit_status.h"
#include "app/node_certificates.h"
#include "app/restart_backoff.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "coord/coordinator.h"
#include "coord/member/formation_stage.h"
#include "coord/member/managed_etcd.h"
#include "coord/open_engine.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/process.h"
#include "topology/service.h"

namespace evenkeel::app {
namespace {

constexpr Millis kReapLimit{1000};
// One try to tell the group of a death; signals and other deaths wait meanwhile.
constexpr Millis kCertifyTry{250};
constexpr Millis kCertifyPause{20};
constexpr Millis kCertifyLimit{1000};  // While the node ends.
constexpr Millis kWorkerGrace{15'000};
// A member that cannot hand its leadership over waits longer; its log survives a kill.
constexpr Millis kEtcdGrace{2'000};
constexpr Millis kIdle{60'000};
// A member to which a stranger keeps knocking writes some megabytes an hour.
constexpr std::size_t kEtcdLogMax = 16u << 20;
constexpr Millis kFormationTick{50};

// A process that is started again when it ends by itself.
struct Child {
    io::Process process{};
    RestartBackoff backoff{};
    std::optional<Instant> restart_at{};
};

// A dead worker of which the group does not know yet.
struct Death {
    std::string incarnation{};
    Deadline useful{};  // Then its lease has run out by itself.
};

class Supervisor {
public:
    Supervisor(const Config& config, std::string file) : config_(config), file_(std::move(file)) {}

    // Errors: what a person has to repair before a node can run here.
    Result<> prepare();
    int run();

private:
    // An empty member is started only as the other nodes' answers allow.
    Result<> begin_formation();
    // The exit status of the node, when no start is allowed.
    std::optional<int> formed();
    void start_due();
    void start_etcd();
    void start_worker();
    void roll_etcd_log();
    void wait_for_event();
    // The exit status of the node, when the end of that child ends it.
    std::optional<int> worker_ended();
    std::optional<int> etcd_ended();
    void certify_deaths(Millis limit);
    Result<> certify(const Death& death, Millis limit);
    void stop_children();

    const Config& config_;
    const std::string file_;
    Signals signals_;
    io::Fd lock_;
    std::optional<coord::ManagedEtcd> managed_;
    std::unique_ptr<coord::FormationStage> formation_;
    Child etcd_;
    Child worker_;
    std::size_t etcd_log_start_ = 0;  // Where the log of the running member begins.
    std::string incarnation_;
    std::vector<Death> uncertified_;
    int starts_ = 0;
};

Result<> Supervisor::prepare() {
    // The member would be refused by all others, which tell only their own logs why.
    EK_TRY_VOID(check_certificate(config_));
    EK_TRY_VOID(io::make_folders(config_.node.data_dir));
    if (config_.coordination.engine == coord::EngineKind::raft) {
        EK_TRY(managed_, coord::prepare(config_.coordination));
        if (coord::is_empty(*managed_)) return begin_formation();
        etcd_.restart_at = io::now();
    } else {
        EK_TRY(lock_, io::lock_file(config_.node.data_dir + "/lock"));
    }
    return {};
}

int Supervisor::run() {
    worker_.restart_at = io::now();
    while (true) {
        start_due();
        certify_deaths(kCertifyTry);
        roll_etcd_log();
        wait_for_event();
        if (const auto signal = signals_.wait(io::within(Millis(0)))) {
            log::info("node", "signal {}: stopping", *signal);
            stop_children();
            return kOk;
        }
        // Killed with its worker, the member comes back while the worker's death waits for it.
        auto status = etcd_ended();
        if (!status) status = worker_ended();
        if (!status) status = formed();
        if (!status) continue;
        stop_children();
        return *status;
    }
}

Result<> Supervisor::begin_formation() {
    EK_TRY(formation_, coord::FormationStage::start(config_.coordination, managed_->listen));
    return {};
}

std::optional<int> Supervisor::formed() {
    const auto outcome = formation_ ? formation_->outcome() : std::nullopt;
    if (!outcome) return {};
    formation_.reset();  // Frees the peer port.
    if (outcome->step == coord::Formation::Step::refuse) {
        log::error("node", "{}", outcome->text);
        return kNeedsPerson;
    }
    log::info("node", "{}", outcome->text);
    if (const auto ready = coord::start_as(*managed_, config_.coordination, *outcome); !ready) {
        log::error("node", "{}", ready.error().what);
        return kNeedsPerson;
    }
    etcd_.restart_at = io::now();
    return {};
}

void Supervisor::start_due() {
    const Instant now = io::now();
    if (etcd_.restart_at && *etcd_.restart_at <= now) start_etcd();
    if (worker_.restart_at && *worker_.restart_at <= now) start_worker();
}

void Supervisor::start_etcd() {
    etcd_.restart_at.reset();
    const auto log = io::read_file(managed_->log_path);
    etcd_log_start_ = log ? log->size() : 0;
    auto process = io::Process::start(managed_->command);
    if (process) {
        etcd_.process = *std::move(process);
        log::info("node", "etcd member started, process {}, its log is {}", etcd_.process.pid(),
                  managed_->log_path);
        return;
    }
    log::error("node", "etcd member: {}", process.error().what);
    etcd_.restart_at = io::now() + etcd_.backoff.after_death(io::now());
}

void Supervisor::roll_etcd_log() {
    if (!managed_) return;
    const auto rolled = io::roll_log(managed_->log_path, kEtcdLogMax);
    if (rolled && *rolled) etcd_log_start_ = 0;
}

void Supervisor::start_worker() {
    worker_.restart_at.reset();
    incarnation_ = fmt::format("{:x}-{}-{}", io::wall_ms(), ::getpid(), ++starts_);
    auto process = io::Process::start(
        {.program = io::kOwnImage,
         .argv = {io::own_path(), "node-worker", "--config", file_, "--incarnation", incarnation_},
         // A group of its own: all that it starts ends with it, and a
         // terminal's Ctrl-C reaches the supervisor alone.
         .own_group = true});
    if (process) {
        worker_.process = *std::move(process);
        log::info("node", "worker started, process {}", worker_.process.pid());
        return;
    }
    log::error("node", "worker: {}", process.error().what);
    worker_.restart_at = io::now() + worker_.backoff.after_death(io::now());
}

// Until a signal, the end of a child, or the time to start one.
void Supervisor::wait_for_event() {
    Deadline wake = io::within(kIdle);
    if (formation_) wake = io::within(kFormationTick);
    if (!uncertified_.empty()) wake = io::within(kCertifyPause);
    pollfd polls[3] = {{signals_.fd(), POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}};
    int slot = 1;
    for (Child* child : {&worker_, &etcd_}) {
        if (child->restart_at) wake = wake.sooner({*child->restart_at});
        if (child->process.running()) polls[slot++] = {child->process.pidfd(), POLLIN, 0};
    }
    ::poll(polls, 3, static_cast<int>(wake.left(io::now()).count()));
}

std::optional<int> Supervisor::worker_ended() {
    if (!worker_.process.running()) return {};
    pollfd ended{worker_.process.pidfd(), POLLIN, 0};
    if (::poll(&ended, 1, 0) <= 0) return {};
    // What the worker started must be dead before its death is certified. Until it is reaped its
    // process group cannot be another's.
    ::kill(-worker_.process.pid(), SIGKILL);
    const auto exit = worker_.process.wait(io::within(kReapLimit));
    if (!exit) return {};
    uncertified_.push_back({incarnation_, io::within(config_.coordination.ttl)});
    certify_deaths(kCertifyTry);
    if (exit->signal == 0 && (exit->code == kNeedsPerson || exit->code == kCannotJoin)) {
        return exit->code;  // The worker has said why.
    }
    const Instant now = io::now();
    const Millis pause = worker_.backoff.after_death(now);
    worker_.restart_at = now + pause;
    log::error(
        "node", "worker {}; starting it again{}", exit->str(),
        pause > Millis(0)
            ? fmt::format(" in {}", human_duration(static_cast<std::uint64_t>(pause.count())))
            : "");
    return {};
}

std::optional<int> Supervisor::etcd_ended() {
    if (!etcd_.process.running()) return {};
    const auto exit = etcd_.process.wait(io::within(Millis(0)));
    if (!exit) return {};
    const coord::EtcdEnd why = coord::explain_end(*managed_, *exit, etcd_log_start_);
    log::error("node", "etcd member {}: {}", exit->str(), why.text);
    if (why.needs_person) return kNeedsPerson;
    const Instant now = io::now();
    // What the group said may be outdated: its members may have changed meanwhile.
    if (coord::is_empty(*managed_) && begin_formation()) return {};
    etcd_.restart_at = now + etcd_.backoff.after_death(now);
    return {};
}

// Others take a dead worker's duties at once instead of waiting for its lease to run out. What
// cannot be told now is told later: the certificate names the incarnation, so it is never too late
// to be true.
void Supervisor::certify_deaths(Millis limit) {
    std::erase_if(uncertified_, [&](const Death& death) {
        const auto done = certify(death, limit);
        if (done) return true;
        const bool later = config_.coordination.engine != coord::EngineKind::local;
        if (later && !death.useful.passed(io::now())) return false;
        log::warn("node", "worker's death not certified, its lease runs out: {}",
                  done.error().what);
        return true;
    });
}

Result<> Supervisor::certify(const Death& death, Millis limit) {
    if (managed_ && !etcd_.process.running()) {
        return Error{Errc::unavailable, "the etcd member does not run"};
    }
    // Opened for this moment only: a local engine's file belongs to the worker while it lives.
    EK_TRY(const auto engine, coord::open_engine(config_.coordination));
    EK_TRY_VOID(coord::certify_death(*engine, config_.coordination.node, death.incarnation,
                                     io::within(limit)));
    return {};
}

void Supervisor::stop_children() {
    if (worker_.process.running()) {
        const pid_t group = worker_.process.pid();
        const io::Exit exit = worker_.process.stop(kWorkerGrace);
        if (exit.signal != 0) {
            log::warn("node", "worker {} while stopping", exit.str());
            ::kill(-group, SIGKILL);
            uncertified_.push_back({incarnation_, io::within(Millis(0))});
            certify_deaths(kCertifyLimit);
        }
    }
    // Last: the worker needs it to leave the group.
    if (etcd_.process.running()) etcd_.process.stop(kEtcdGrace);
    log::info("node", "stopped");
}

int check_config(const Config& config, const NodeArgs& args) {
    int problems = 0;
    const auto warnings = check_certificate(config);
    if (!warnings) {
        fmt::print(stderr, "{}\n", warnings.error().what);
        ++problems;
    } else {
        for (const std::string& warning : *warnings) fmt::print(stderr, "{}\n", warning);
    }
    if (args.connect) {
        for (const auto& cluster : config.clusters) {
            for (const std::string& problem : topology::check_cluster(cluster)) {
                fmt::print(stderr, "cluster {}: {}\n", cluster.name, problem);
                ++problems;
            }
        }
    }
    if (problems > 0) return kNeedsPerson;
    fmt::print("{}: good: node {}, clusters: {}, streams: {}\n", args.config,
               config.coordination.node, config.clusters.size(), config.streams.size());
    return kOk;
}

}  // namespace

int run_node(const NodeArgs& args) {
    const auto config = load_config(args.config);
    if (!config) {
        fmt::print(stderr, "{}\n", config.error().what);
        return kNeedsPerson;
    }
    if (args.check_config) return check_config(*config, args);
    log::set_level(config->node.log_level);
    log::set_prefix(config->coordination.node);
    Supervisor supervisor(*config, args.config);
    if (const auto prepared = supervisor.prepare(); !prepared) {
        log::error("node", "{}", prepared.error().what);
        return kNeedsPerson;
    }
    return supervisor.run();
}

}  // namespace evenkeel::app
