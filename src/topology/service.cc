#include "topology/service.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "base/log.h"
#include "base/mailbox.h"
#include "io/clock.h"
#include "io/thread.h"
#include "topology/analysis.h"
#include "topology/discovery.h"
#include "topology/failover_run.h"
#include "topology/heartbeat.h"
#include "topology/recovery_plan.h"
#include "topology/tracker.h"
#include "topology/upkeep_run.h"
#include "topology/verdict.h"

namespace evenkeel::topology {
namespace {

constexpr std::size_t kMessagesMax = 4096;
constexpr Millis kCycleMax{1000};
constexpr Millis kWriteLimit{1000};
constexpr Millis kRetryPause{100};  // Doubles with each failure, 5 times at most.
constexpr Millis kRejoinPause{5000};
constexpr std::size_t kRecordsMax = 30;
constexpr Millis kLastingFinding{500};

struct Wake {};  // A fact or a duty has changed.

// A thread that carried a plan out is done with it.
struct Finished {
    Plan plan{};
    Result<> outcome{};
};

using Message = std::variant<Probe, Beat, Wake, Finished>;

bool is_recovery(Action action) {
    return action == Action::failover || action == Action::resume || action == Action::undo ||
           action == Action::ask_witnesses || action == Action::release_witnesses;
}

// Shared with the coordinator's callbacks, of which one may still run when the service has ended.
struct Inbox {
    Mailbox<Message> mailbox{kMessagesMax};
    std::atomic<bool> wake_posted{false};

    void wake() {
        if (!wake_posted.exchange(true) && !mailbox.post(Wake{})) wake_posted = false;
    }
};

struct KnownFinding {
    Instant since{};
    bool logged = false;
};

// Carries out one plan at a time.
struct Lane {
    io::Worker worker;
    bool busy = false;
    int failures = 0;  // In a row.
    Instant not_before{};
};

}  // namespace

struct Service::Impl {
    Impl(ClusterConfig chosen, coord::Coordinator& used, ServiceOptions given)
        : config(std::move(chosen)),
          coordinator(used),
          options(std::move(given)),
          context{.config = config, .coordinator = coordinator, .on_step = options.on_step},
          tracker(config) {}

    const ClusterConfig config;
    coord::Coordinator& coordinator;
    const ServiceOptions options;
    const RunContext context;
    const std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
    Mailbox<Message>& mailbox = inbox->mailbox;

    mutable Mutex report_mutex;
    ClusterReport shown EK_GUARDED_BY(report_mutex);

    // Of the service's thread alone.
    Tracker tracker;
    std::set<ServerId> watched;
    std::map<std::string, std::pair<coord::Version, RecoveryRecord>> records;
    std::map<std::string, Instant> failovers_done;  // When this node saw them done.
    bool records_read = false;
    coord::Version fact_version = 0;
    Instant changed_at{};  // When roles changed last.
    std::optional<std::pair<ServerId, Instant>>
        asked;  // Whose witnesses, when they had been asked.
    std::map<ServerId, Instant> rejoin_not_before;
    VerdictFact told;
    std::atomic<bool> telling{false};
    std::string last_decision;
    std::map<std::string, KnownFinding> known_findings;

    std::vector<coord::Coordinator::Subscription> subscriptions;
    std::unique_ptr<Discovery> discovery;
    std::unique_ptr<Heartbeat> heartbeat;
    std::unique_ptr<WorkPool> writer;
    Lane recovery;
    Lane upkeep;
    io::Worker thread;

    void start() {
        discovery = std::make_unique<Discovery>(config, [this](Probe probe) { post(probe); });
        heartbeat = std::make_unique<Heartbeat>(config, [this](Beat beat) { post(beat); });
        writer = std::make_unique<WorkPool>("topo-write", 1, 16);
        const auto wake_up = [inbox = inbox] { inbox->wake(); };
        for (const std::string& prefix :
             {verdict_prefix(config.name), fact_key(config.name), recovery_prefix(config.name)}) {
            subscriptions.push_back(coordinator.subscribe(prefix, wake_up));
        }
        subscriptions.push_back(coordinator.subscribe_duties(wake_up));
        thread = io::Worker("topology", [this](io::StopToken& stop) { run(stop); });
    }

    void stop() {
        subscriptions.clear();
        thread.request_stop();
        mailbox.close();
        thread.stop();
        recovery.worker.stop();
        upkeep.worker.stop();
        heartbeat.reset();
        discovery.reset();
        writer.reset();
    }

    // --- any thread -----------------------------------------------------------------------------
    void post(Message message) {
        // A full box drops a probe's answer or a beat: the next one tells the same.
        if (!mailbox.post(std::move(message)) && !mailbox.closed()) {
            log::warn("topology", "{}: too much news at once, some are dropped", config.name);
        }
    }

    // Must arrive, or the lane would stay busy for ever.
    void finish(const Finished& finished) {
        io::StopToken pause;
        while (!mailbox.post(finished) && !mailbox.closed()) pause.wait_for(Millis(10));
    }

    // --- the service's thread -------------------------------------------------------------------
    void run(io::StopToken& stop) {
        while (!stop.requested()) {
            const Instant next = std::min(tracker.next_due(), io::now() + kCycleMax);
            auto message = mailbox.take(Deadline{next}.left(io::now()));
            while (message) {
                std::visit([this](auto& news) { fold(news); }, *message);
                message = mailbox.take(Millis{0});
            }
            if (!stop.requested()) cycle();
        }
    }

    void fold(Probe& probe) { tracker.on_probe(probe); }
    void fold(Beat& beat) {
        if (beat.kind == Beat::Kind::ended || beat.kind == Beat::Kind::silent) {
            log::warn("topology", "{}: {}: {}", config.name, beat.server.str(), beat.reason);
        }
        tracker.on_beat(beat);
    }
    void fold(Wake&) { inbox->wake_posted = false; }
    void fold(Finished& finished) {
        Lane& lane = is_recovery(finished.plan.action) ? recovery : upkeep;
        lane.busy = false;
        if (finished.plan.action == Action::ask_witnesses) {
            asked.emplace(finished.plan.server, io::now());
        }
        lane.failures = finished.outcome ? 0 : lane.failures + 1;
        if (!finished.outcome) {
            log::warn("topology", "{}: {}: {}", config.name, to_string(finished.plan.action),
                      finished.outcome.error().what);
            lane.not_before = io::now() + kRetryPause * (1 << std::min(lane.failures, 5));
            if (finished.plan.action == Action::rejoin) {
                rejoin_not_before[finished.plan.server] = io::now() + kRejoinPause;
            }
        }
        roles_changed();
    }

    // What was seen of the servers before now may be wrong.
    void roles_changed() {
        changed_at = io::now();
        tracker.hurry();
    }

    void cycle() {
        const Instant now = io::now();
        for (const ProbeRequest& request : tracker.due(now)) {
            if (!discovery->request(request.server, request.limit, request.fresh)) {
                tracker.give_back(request, now);
            }
        }
        if (auto servers = tracker.servers(); servers != watched) {
            watched = std::move(servers);
            heartbeat->watch(watched);
        }
        read_records(now);
        Situation situation = look(now);
        if (situation.fact && situation.fact->primary) {
            tell(*situation.fact->primary, situation.verdicts.front());
        }
        decide(situation, now);
        show(situation);
    }

    void read_records(Instant now) {
        std::map<std::string, std::pair<coord::Version, RecoveryRecord>> fresh;
        for (const coord::Entry& entry : coordinator.list(recovery_prefix(config.name))) {
            const auto it = records.find(entry.key);
            if (it != records.end() && it->second.first == entry.version) {
                fresh.insert(*it);
                continue;
            }
            auto record = recovery_record_from_json(entry.value);
            if (!record) {
                log::error("topology", "{}: {}", entry.key, record.error().what);
                continue;
            }
            fresh[entry.key] = {entry.version, *record};
            if (record->state == "running") {
                for (const std::string& name : record->replicas) {
                    if (const auto id = parse_server_id(name)) tracker.add(*id);
                }
            }
            const bool done = record->kind == "failover" && record->state == "done";
            // What was done before this node started is history.
            if (done && records_read) failovers_done.try_emplace(record->id, now);
        }
        records = std::move(fresh);
        records_read = true;
    }

    std::optional<ClusterFact> read_fact() {
        const auto entry = coordinator.get(fact_key(config.name));
        if (!entry) return {};
        auto fact = cluster_fact_from_json(entry->value);
        if (!fact) return {};
        if (std::exchange(fact_version, entry->version) != entry->version) {
            roles_changed();
            // The seeds may be dead, and what is known of the others only from here.
            if (fact->primary) tracker.add(*fact->primary);
            for (const ServerId& id : fact->replicas) tracker.add(id);
            for (const ServerId& id : fact->fenced) tracker.add(id);
        }
        return std::move(*fact);
    }

    Situation look(Instant now) {
        Situation situation{.view = tracker.view(), .fact = read_fact()};
        const coord::GroupView group = coordinator.group();
        situation.self = group.self;
        situation.leads = coordinator.holds(coord::kLeaderDuty).has_value();
        situation.group_size = std::max<std::size_t>(
            options.group_size != 0 ? options.group_size : group.members.size(), 1);
        situation.policy.failover = config.failover;
        situation.policy.allow_loss = config.allow_loss;
        situation.policy.failover_pause = config.failover_pause;
        for (const auto& [key, entry] : records) {
            const RecoveryRecord& record = entry.second;
            if (record.state != "running") continue;
            if (record.kind == "failover") situation.unfinished = record;
            if (record.kind == to_string(Action::ask_witnesses)) situation.asking = record;
        }
        for (const auto& [id, at] : failovers_done) {
            const auto since = std::chrono::duration_cast<Millis>(now - at);
            situation.since_failover = std::min(situation.since_failover.value_or(since), since);
        }
        const auto primary = situation.fact ? situation.fact->primary : std::nullopt;
        if (primary && asked && asked->first == *primary) {
            situation.since_asked = std::chrono::duration_cast<Millis>(now - asked->second);
        }
        if (primary) situation.verdicts = read_verdicts(*primary, group);
        return situation;
    }

    // This node's own first, as it is now; the others' as they told it.
    std::vector<NodeVerdict> read_verdicts(const ServerId& primary, const coord::GroupView& group) {
        const Judgement own = judge(tracker.view(), primary);
        std::vector<NodeVerdict> verdicts{{group.self, to_string(own.verdict), own.reason}};
        for (const coord::Entry& entry : coordinator.list(verdict_prefix(config.name))) {
            const auto fact = verdict_fact_from_json(entry.value);
            if (!fact || fact->node == group.self || fact->primary != primary.str()) continue;
            const auto member =
                std::find_if(group.members.begin(), group.members.end(), [&](const auto& each) {
                    return each.node == fact->node && each.live &&
                           each.incarnation == fact->incarnation;
                });
            if (member == group.members.end()) continue;
            verdicts.push_back({fact->node, fact->verdict, fact->reason});
        }
        return verdicts;
    }

    // Writes this node's verdict where the others read it, when it has changed.
    void tell(const ServerId& primary, const NodeVerdict& own) {
        if (told.primary == primary.str() && told.verdict == own.verdict) return;
        if (telling.exchange(true)) return;
        VerdictFact fact{.node = own.node,
                         .incarnation = own_incarnation(),
                         .primary = primary.str(),
                         .verdict = own.verdict,
                         .reason = own.reason,
                         .count = told.count + 1};
        const bool posted = writer->post([this, fact] {
            const auto written = coordinator.put_own(verdict_prefix(config.name) + fact.node,
                                                     to_json(fact), io::within(kWriteLimit));
            if (!written) {
                log::warn("topology", "{}: tell the verdict: {}", config.name,
                          written.error().what);
            }
            telling = false;
            inbox->wake();
        });
        if (posted) {
            told = std::move(fact);
        } else {
            telling = false;
        }
    }

    std::string own_incarnation() const {
        const coord::GroupView group = coordinator.group();
        for (const coord::Member& member : group.members) {
            if (member.node == group.self) return member.incarnation;
        }
        return {};
    }

    void decide(const Situation& situation, Instant now) {
        Plan plan = plan_recovery(situation);
        std::string decision = plan.why;
        if (plan.action != Action::none) {
            if (recovery.busy || now < recovery.not_before) return;
        } else if (!recovery.busy && tracker.asked_all_since(changed_at)) {
            Plan chore = plan_upkeep(situation);
            if (!chore.why.empty()) decision = chore.why;
            if (chore.action != Action::none && !upkeep.busy && now >= upkeep.not_before &&
                !is_paused(chore, now)) {
                plan = std::move(chore);
            }
        }
        const bool quiet = plan.action == Action::none && is_quiet(situation);
        if (situation.leads && !quiet && decision != last_decision) {
            log::info("topology", "{}: {}: {}", config.name, to_string(plan.action), decision);
        }
        last_decision = decision;
        if (plan.action != Action::none) carry_out(std::move(plan), situation);
    }

    // Nothing to say about: the primary lives, or another node tells.
    static bool is_quiet(const Situation& situation) {
        return !situation.verdicts.empty() && situation.verdicts.front().verdict == "alive";
    }

    bool is_paused(const Plan& plan, Instant now) const {
        if (plan.action != Action::rejoin) return false;
        const auto it = rejoin_not_before.find(plan.server);
        return it != rejoin_not_before.end() && now < it->second;
    }

    void carry_out(Plan plan, const Situation& situation) {
        RecoveryRecord record = record_for(plan, situation);
        Lane& lane = is_recovery(plan.action) ? recovery : upkeep;
        lane.busy = true;
        lane.worker = io::Worker(is_recovery(plan.action) ? "topo-recover" : "topo-upkeep",
                                 [this, plan, record](io::StopToken&) {
                                     finish({plan, act(plan, record)});
                                 });
    }

    RecoveryRecord record_for(const Plan& plan, const Situation& situation) const {
        for (const auto& [key, entry] : records) {
            const RecoveryRecord& known = entry.second;
            const bool begun = known.state == "running" && known.kind == to_string(plan.action) &&
                               known.failed == plan.server.str();
            if (known.id == plan.record || begun) return known;
        }
        const std::int64_t now = io::wall_ms();
        RecoveryRecord record{.id = fmt::format("{:013}-{}", now, to_string(plan.action)),
                              .kind = to_string(plan.action),
                              .state = "running",
                              .cluster = config.name,
                              .failed = plan.server.str(),
                              .started_ms = now,
                              .text = plan.why};
        for (const ServerId& replica : plan.replicas) record.replicas.push_back(replica.str());
        if (const ServerView* server = find(situation.view, plan.server)) {
            record.semi_sync = server->semi_sync_primary;
        }
        if (plan.action == Action::rejoin) {
            record.successor = situation.fact->primary->str();
            record.semi_sync = used_semi_sync(situation);
        }
        return record;
    }

    // Whether commits waited for replicas before the last failover, or do now.
    bool used_semi_sync(const Situation& situation) const {
        const ServerView* primary = find(situation.view, *situation.fact->primary);
        bool used = primary != nullptr && primary->semi_sync_primary;
        for (const auto& [key, entry] : records) {
            if (entry.second.kind == "failover") used = used || entry.second.semi_sync;
        }
        return used;
    }

    // --- threads of the lanes -------------------------------------------------------------------
    Result<> act(const Plan& plan, RecoveryRecord record) {
        switch (plan.action) {
            case Action::failover: forget_old_records(); return start_failover(context, record);
            case Action::resume: return resume_failover(context, record);
            case Action::undo: return undo_failover(context, record);
            case Action::ask_witnesses: return topology::ask_witnesses(context, record);
            case Action::release_witnesses: return topology::release_witnesses(context, record);
            case Action::rejoin: forget_old_records(); return run_rejoin(context, record);
            default: return run_upkeep(context, plan);
        }
    }

    void forget_old_records() {
        const auto entries = coordinator.list(recovery_prefix(config.name));
        const auto grant = coordinator.holds(coord::kLeaderDuty);
        for (std::size_t i = 0; grant && i + kRecordsMax < entries.size(); ++i) {
            (void)coordinator.remove(*grant, entries[i].key, io::within(kWriteLimit));
        }
    }

    // --- report ---------------------------------------------------------------------------------
    // Those that last: while roles change, half of the view is of the time before.
    void log_findings(const std::vector<Finding>& findings) {
        const Instant now = io::now();
        std::map<std::string, KnownFinding> known;
        for (const Finding& finding : findings) {
            const std::string text = finding.code + ": " + finding.text;
            const auto it = known_findings.find(text);
            KnownFinding entry = it == known_findings.end() ? KnownFinding{now, false} : it->second;
            if (!entry.logged && now - entry.since >= kLastingFinding) {
                log::warn("topology", "{}: {}", config.name, text);
                entry.logged = true;
            }
            known[text] = entry;
        }
        known_findings = std::move(known);
    }

    void show(const Situation& situation) {
        ClusterReport report{.view = situation.view,
                             .fact = situation.fact.value_or(ClusterFact{.cluster = config.name}),
                             .verdicts = situation.verdicts,
                             .findings = analyse(situation.view, situation.fact),
                             .last_decision = last_decision};
        for (auto it = records.rbegin(); it != records.rend(); ++it) {
            const RecoveryRecord& record = it->second.second;
            if (record.kind != to_string(Action::ask_witnesses))
                report.recoveries.push_back(record);
        }
        log_findings(report.findings);
        Lock lock(report_mutex);
        shown = std::move(report);
    }
};

Service::Service(ClusterConfig config, coord::Coordinator& coordinator, ServiceOptions options)
    : impl_(std::make_unique<Impl>(std::move(config), coordinator, std::move(options))) {}

Service::~Service() {
    stop();
}

void Service::start() {
    impl_->start();
}

void Service::stop() {
    impl_->stop();
}

ClusterReport Service::report() const {
    Lock lock(impl_->report_mutex);
    return impl_->shown;
}

}  // namespace evenkeel::topology
