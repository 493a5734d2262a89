#include "topology/failover_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "io/clock.h"
#include "io/thread.h"
#include "topology/candidate.h"
#include "topology/recovery_plan.h"
#include "topology/server_ops.h"
#include "topology/work_pool.h"

namespace evenkeel::topology {
namespace {

// A dead server refuses at once; a silent one is not waited for longer than this.
constexpr Millis kFenceLimit{100};
// A replica of a silent primary takes a second to stop (sql/flavor.h, kShortFarewell).
constexpr Millis kStopLimit{3000};
constexpr Millis kReceiveLimit{5000};
constexpr Millis kLookLimit{1000};

void remove(std::vector<ServerId>& servers, const ServerId& id) {
    std::erase(servers, id);
}

void add(std::vector<ServerId>& servers, const ServerId& id) {
    remove(servers, id);
    servers.push_back(id);
    std::sort(servers.begin(), servers.end());
}

class FailoverRun {
public:
    FailoverRun(const RunContext& context, RecoveryRecord record)
        : context_(context), journal_(context, std::move(record)) {
        failed_ = parse_server_id(journal_.record().failed).value_or(ServerId{});
        for (const std::string& name : journal_.record().replicas) {
            if (const auto id = parse_server_id(name)) {
                replicas_.push_back(std::make_unique<ServerOps>(*id, context.config));
            }
        }
    }

    Result<> start() {
        journal_.begin("fence");
        EK_TRY_VOID(journal_.write_with_fact([&](ClusterFact& fact) -> Result<> {
            if (fact.primary != failed_) {
                return Error{Errc::conflict,
                             fmt::format("fail over {}: it is not the primary", failed_.str())};
            }
            fact.primary.reset();
            add(fact.fenced, failed_);
            return {};
        }));
        return finish();
    }

    // From wherever the record ends.
    Result<> finish() {
        if (done("publish")) return settle();
        if (done("choose")) {
            if (candidate_lives()) return promote_chosen();
            EK_TRY_VOID(forget_choice());
        }
        EK_TRY_VOID(attempt("stop_io", [&] { return stop_all(); }));
        EK_TRY_VOID(attempt("choose", [&] { return choose(); }));
        return promote_chosen();
    }

    Result<> undo() {
        journal_.begin("undo");
        EK_TRY_VOID(journal_.write());
        const Deadline deadline = io::within(context_.config.recovery_limit);
        for (const auto& replica : replicas_) {
            const auto started = replica->start_receiving(deadline);
            if (!started) journal_.note("undo", started.error().what);
        }
        ServerOps old(failed_, context_.config);
        EK_TRY_VOID(old.set_read_only(false, deadline));
        for (RecoveryStep& step : journal_.record().steps) step.state = "undone";
        journal_.done("undo", failed_.str() + " takes writes again");
        journal_.end("undone", failed_.str() + " came back before anybody was chosen");
        return journal_.write_with_fact([&](ClusterFact& fact) -> Result<> {
            fact.primary = failed_;
            remove(fact.fenced, failed_);
            return {};
        });
    }

private:
    bool done(const std::string& step) const { return is_done(journal_.record(), step); }

    // A step that fails leaves its reason in the record, for whoever takes it up again.
    Result<> attempt(const std::string& name, const std::function<Result<>()>& work) {
        auto outcome = work();
        if (!outcome && outcome.error().code != Errc::not_leader) {
            journal_.note(name, outcome.error().what);
            (void)journal_.write();
        }
        return outcome;
    }

    Result<> stop_all() {
        journal_.begin("stop_io");
        EK_TRY_VOID(journal_.write());
        std::string fenced;
        std::vector<std::optional<ServerView>> views(replicas_.size());
        std::vector<std::function<void()>> jobs;
        for (std::size_t i = 0; i < replicas_.size(); ++i) {
            jobs.emplace_back([&, i] { views[i] = stop(*replicas_[i]); });
        }
        jobs.emplace_back([&] { fenced = fence_old(); });
        run_together(std::move(jobs));
        stopped_.clear();
        std::vector<std::string> names;
        for (auto& view : views) {
            if (!view) continue;
            const std::string received = contender(*view).received.str();
            journal_.record().received[view->id.str()] = received;
            names.push_back(fmt::format("{} at {}", view->id.str(), received));
            stopped_.push_back(std::move(*view));
        }
        if (!done("fence")) journal_.done("fence", fenced);
        journal_.done("stop_io", names.empty() ? "no replica answers" : join(names, ", "));
        journal_.begin("choose");
        return journal_.write();
    }

    // The replica as it is after it stopped; nothing when it cannot be reached.
    static std::optional<ServerView> stop(ServerOps& replica) {
        const Deadline deadline = io::within(kStopLimit);
        if (!replica.stop_receiving(deadline)) return {};
        auto view = replica.look(deadline);
        if (!view) return {};
        return std::move(*view);
    }

    std::string fence_old() {
        ServerOps old(failed_, context_.config);
        const auto fenced = old.fence(io::within(kFenceLimit));
        if (fenced) return failed_.str() + " refuses writes";
        return fmt::format("{} cannot be told ({})", failed_.str(), fenced.error().what);
    }

    Result<> choose() {
        std::vector<Contender> contenders;
        for (const ServerView& view : stopped_) contenders.push_back(contender(view));
        EK_TRY(const Choice choice, pick_candidate(contenders));
        EK_TRY_VOID(check_loss(choice));
        journal_.record().successor = choice.id.str();
        journal_.record().position = choice.position.str();
        journal_.done("choose", choice.why);
        journal_.begin("drain");
        return journal_.write();
    }

    // A replica that is lost meanwhile has nothing that the chosen one lacks, or is waited for.
    Result<> check_loss(const Choice& choice) const {
        if (!journal_.record().semi_sync || context_.config.allow_loss) return {};
        for (const auto& replica : replicas_) {
            if (answered(replica->id())) continue;
            const std::string name = replica->id().str();
            const auto known = journal_.record().received.find(name);
            const auto received = known == journal_.record().received.end()
                                      ? std::nullopt
                                      : parse_gtid_position(known->second);
            if (received && choice.position.reaches(*received)) continue;
            return Error{Errc::unavailable,
                         fmt::format("{} cannot be reached and may have acknowledged commits that "
                                     "{} lacks: bring it back, or set allow_loss = true for this "
                                     "cluster",
                                     name, choice.id.str())};
        }
        return {};
    }

    ServerOps* candidate() {
        const auto id = parse_server_id(journal_.record().successor);
        for (const auto& replica : replicas_) {
            if (id && replica->id() == *id) return replica.get();
        }
        return nullptr;
    }

    bool candidate_lives() {
        ServerOps* chosen = candidate();
        if (chosen == nullptr) return false;
        // It may have been chosen by a leader that did not get further.
        return chosen->stop_receiving(io::within(kStopLimit)).has_value();
    }

    // Whoever was chosen is lost too, and may have taken writes: it is fenced like the first.
    Result<> forget_choice() {
        const auto lost = parse_server_id(journal_.record().successor);
        for (const char* step : {"choose", "drain", "promote", "repoint"}) {
            topology::step(journal_.record(), step).state = "failed";
        }
        journal_.note("choose", journal_.record().successor + " was chosen and is lost");
        journal_.record().successor.clear();
        return journal_.write_with_fact([&](ClusterFact& fact) -> Result<> {
            if (lost) add(fact.fenced, *lost);
            return {};
        });
    }

    Result<> promote_chosen() {
        if (candidate() == nullptr) {
            return Error{Errc::corrupt, "fail over: the chosen server is none of the replicas"};
        }
        EK_TRY_VOID(attempt("drain", [&] { return drain(); }));
        if (stopped_.empty()) look_around();
        std::vector<std::string> outcomes(replicas_.size());
        std::vector<io::Worker> siblings;  // Joined before `outcomes` goes, also on an error.
        for (std::size_t i = 0; i < replicas_.size(); ++i) {
            if (replicas_[i].get() == candidate() || !answered(replicas_[i]->id())) continue;
            siblings.emplace_back("topo-repoint", [this, i, &outcomes](io::StopToken&) {
                outcomes[i] = repoint(*replicas_[i], candidate()->id());
            });
        }
        const auto promoted = attempt("promote", [&] { return promote(!siblings.empty()); });
        if (!promoted) {
            promotion_failed_.request();
            return promoted.error();
        }
        siblings.clear();  // Waits for them.
        std::erase(outcomes, "");
        return settle_with(join(outcomes, ", "));
    }

    // For a recovery that another leader began: who of the replicas answers.
    void look_around() {
        std::vector<std::optional<ServerView>> views(replicas_.size());
        std::vector<std::function<void()>> jobs;
        for (std::size_t i = 0; i < replicas_.size(); ++i) {
            jobs.emplace_back([&, i] {
                auto view = replicas_[i]->look(io::within(kLookLimit));
                if (view) views[i] = std::move(*view);
            });
        }
        run_together(std::move(jobs));
        for (auto& view : views) {
            if (view) stopped_.push_back(std::move(*view));
        }
    }

    bool answered(const ServerId& replica) const {
        return std::any_of(stopped_.begin(), stopped_.end(),
                           [&](const ServerView& view) { return view.id == replica; });
    }

    Result<> drain() {
        const auto position = parse_gtid_position(journal_.record().position);
        EK_TRY_VOID(candidate()->wait_applied(position.value_or(GtidPosition{}),
                                              io::within(context_.config.drain_limit)));
        journal_.done("drain", journal_.record().position + " is applied");
        journal_.begin("promote");
        journal_.begin("repoint");
        return journal_.write();
    }

    Result<> promote(bool has_siblings) {
        EK_TRY([[maybe_unused]] const Grant grant, leader_grant(context_));
        const Deadline deadline = io::within(context_.config.recovery_limit);
        ServerOps& chosen = *candidate();
        // Without any replica to acknowledge, every commit would wait.
        if (journal_.record().semi_sync && has_siblings) {
            EK_TRY_VOID(chosen.set_semi_sync_primary(true, deadline));
        }
        EK_TRY_VOID(chosen.set_read_only(false, deadline));
        journal_.done("promote", chosen.id().str() + " takes writes");
        if (context_.on_step) context_.on_step("before:publish");
        topology::step(journal_.record(), "publish").started_ms = io::wall_ms();
        journal_.done("publish", chosen.id().str() + " is the primary");
        return journal_.write_with_fact([&](ClusterFact& fact) -> Result<> {
            fact.primary = chosen.id();
            fact.replicas.clear();
            add(fact.fenced, failed_);
            remove(fact.fenced, chosen.id());
            ++fact.failovers;
            return {};
        });
    }

    // What became of it, in words.
    std::string repoint(ServerOps& replica, const ServerId& primary) {
        const Deadline deadline = io::within(kReceiveLimit);
        const auto outcome = [&]() -> Result<> {
            if (journal_.record().semi_sync) {
                EK_TRY_VOID(replica.set_semi_sync_replica(true, deadline));
            }
            EK_TRY_VOID(replica.follow(primary, deadline));
            return replica.wait_receiving(primary, deadline, promotion_failed_);
        }();
        return outcome ? replica.id().str() + " follows" : outcome.error().what;
    }

    // For a record whose new primary was already published.
    Result<> settle() {
        std::vector<std::string> outcomes;
        ServerOps* chosen = candidate();
        look_around();
        for (const auto& replica : replicas_) {
            if (chosen == nullptr || replica.get() == chosen || !answered(replica->id())) continue;
            outcomes.push_back(repoint(*replica, chosen->id()));
        }
        return settle_with(join(outcomes, ", "));
    }

    // The new primary is published: from here on nothing holds the end up; upkeep repairs the rest.
    Result<> settle_with(const std::string& repointed) {
        journal_.done("repoint", repointed.empty() ? "there is no other replica" : repointed);
        journal_.begin("detach");
        EK_TRY_VOID(journal_.write());
        std::string detached = "no candidate";
        if (ServerOps* chosen = candidate()) {
            const auto outcome = chosen->forget_source(io::within(context_.config.recovery_limit));
            detached =
                outcome ? chosen->id().str() + " forgot " + failed_.str() : outcome.error().what;
        }
        journal_.done("detach", detached);
        journal_.end("done",
                     fmt::format("{} succeeded {}", journal_.record().successor, failed_.str()));
        return journal_.write();
    }

    const RunContext& context_;
    Journal journal_;
    ServerId failed_;
    std::vector<std::unique_ptr<ServerOps>> replicas_;
    io::StopToken promotion_failed_;   // Ends the wait of siblings that are being re-pointed.
    std::vector<ServerView> stopped_;  // Those that answered, as they were then.
};

}  // namespace

Result<> start_failover(const RunContext& context, RecoveryRecord record) {
    return FailoverRun(context, std::move(record)).start();
}

Result<> resume_failover(const RunContext& context, RecoveryRecord record) {
    return FailoverRun(context, std::move(record)).finish();
}

Result<> undo_failover(const RunContext& context, RecoveryRecord record) {
    return FailoverRun(context, std::move(record)).undo();
}

}  // namespace evenkeel::topology
