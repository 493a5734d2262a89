#include "topology/upkeep_run.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "io/clock.h"
#include "topology/analysis.h"
#include "topology/server_ops.h"
#include "topology/work_pool.h"

namespace evenkeel::topology {
namespace {

constexpr Millis kAskLimit{3000};
constexpr Millis kReceiveLimit{10'000};

void for_each_replica(const RunContext& context, const RecoveryRecord& record,
                      const std::function<void(ServerOps&)>& work) {
    std::vector<std::function<void()>> jobs;
    for (const std::string& name : record.replicas) {
        const auto id = parse_server_id(name);
        if (!id) continue;
        jobs.emplace_back([&context, &work, id = *id] {
            ServerOps replica(id, context.config);
            work(replica);
        });
    }
    run_together(std::move(jobs));
}

Result<> forget_record(const RunContext& context, const RecoveryRecord& record) {
    EK_TRY(const Grant grant, leader_grant(context));
    EK_TRY([[maybe_unused]] const auto version,
           context.coordinator.remove(grant, recovery_key(record), io::within(kAskLimit)));
    return {};
}

Result<> adopt(const RunContext& context, const Plan& plan) {
    return update_fact(context, [&](ClusterFact& fact) -> Result<> {
        if (fact.primary && *fact.primary != plan.server) ++fact.failovers;
        fact.primary = plan.server;
        fact.replicas = plan.replicas;
        std::erase(fact.fenced, plan.server);
        return {};
    });
}

Result<> refresh(const RunContext& context, const Plan& plan) {
    return update_fact(context, [&](ClusterFact& fact) -> Result<> {
        if (fact.primary != plan.server) {
            return Error{Errc::conflict, "list replicas: the primary has changed"};
        }
        fact.replicas = plan.replicas;
        return {};
    });
}

class RejoinRun {
public:
    RejoinRun(const RunContext& context, RecoveryRecord record)
        : context_(context),
          journal_(context, std::move(record)),
          back_(parse_server_id(journal_.record().failed).value_or(ServerId{}), context.config),
          primary_(parse_server_id(journal_.record().successor).value_or(ServerId{}),
                   context.config) {}

    Result<> run() {
        auto outcome = steps();
        if (!outcome && outcome.error().code != Errc::not_leader) {
            for (RecoveryStep& step : journal_.record().steps) {
                if (step.state == "running") step.state = "failed";
            }
            journal_.end("failed", outcome.error().what);
            EK_TRY_VOID(journal_.write());
        }
        return outcome;
    }

private:
    Result<> steps() {
        const Deadline deadline = io::within(context_.config.recovery_limit);
        journal_.begin("fence");
        EK_TRY_VOID(journal_.write());
        EK_TRY_VOID(back_.fence(deadline));
        journal_.done("fence", back_.id().str() + " refuses writes");
        journal_.begin("check");
        EK_TRY_VOID(journal_.write());
        EK_TRY_VOID(check(deadline));
        journal_.begin("attach");
        EK_TRY_VOID(journal_.write());
        EK_TRY_VOID(attach(deadline));
        journal_.done("attach",
                      fmt::format("{} follows {}", back_.id().str(), primary_.id().str()));
        journal_.end("done", fmt::format("{} is a replica of {} now", back_.id().str(),
                                         primary_.id().str()));
        return journal_.write_with_fact([&](ClusterFact& fact) -> Result<> {
            std::erase(fact.fenced, back_.id());
            return {};
        });
    }

    Result<> check(Deadline deadline) {
        EK_TRY(back_view_, back_.look(deadline));
        // Second, so that it has at least what the other could have got from it.
        EK_TRY(primary_view_, primary_.look(deadline));
        const std::string errant = errant_transactions(back_view_, primary_view_);
        if (!errant.empty()) {
            return Error{Errc::conflict,
                         fmt::format("rejoin {}: it has {}, which {} lacks: save what you need of "
                                     "it, then make it anew from a backup",
                                     back_.id().str(), errant, primary_.id().str())};
        }
        journal_.done("check", fmt::format("{} has nothing that {} lacks", back_.id().str(),
                                           primary_.id().str()));
        return {};
    }

    Result<> attach(Deadline deadline) {
        // Before it replicates: a primary's semi-sync would hold up its own SQL thread.
        EK_TRY_VOID(back_.set_semi_sync_primary(false, deadline));
        if (!back_view_.replication) {
            EK_TRY_VOID(back_.start_from_own_position(deadline));
        }
        if (journal_.record().semi_sync) {
            EK_TRY_VOID(back_.set_semi_sync_replica(true, deadline));
        }
        EK_TRY_VOID(back_.follow(primary_.id(), deadline));
        io::StopToken never;
        EK_TRY_VOID(back_.wait_receiving(primary_.id(), io::within(kReceiveLimit), never));
        // It was left out when the primary had nobody to acknowledge its commits.
        if (journal_.record().semi_sync && !primary_view_.semi_sync_primary) {
            EK_TRY_VOID(primary_.set_semi_sync_primary(true, deadline));
        }
        return {};
    }

    const RunContext& context_;
    Journal journal_;
    ServerOps back_;
    ServerOps primary_;
    ServerView back_view_{};
    ServerView primary_view_{};
};

}  // namespace

Result<> run_upkeep(const RunContext& context, const Plan& plan) {
    switch (plan.action) {
        case Action::adopt: return adopt(context, plan);
        case Action::refresh: return refresh(context, plan);
        case Action::make_read_only: {
            EK_TRY([[maybe_unused]] const Grant grant, leader_grant(context));
            ServerOps server(plan.server, context.config);
            return server.fence(io::within(context.config.recovery_limit));
        }
        default: return {};
    }
}

Result<> ask_witnesses(const RunContext& context, RecoveryRecord record) {
    Journal journal(context, std::move(record));
    journal.begin("ask");
    EK_TRY_VOID(journal.write());
    for_each_replica(context, journal.record(), [](ServerOps& replica) {
        // A replica that is lost itself is no witness.
        (void)replica.stop_receiving(io::within(kAskLimit));
        (void)replica.start_receiving(io::within(kAskLimit));
    });
    return forget_record(context, journal.record());
}

Result<> release_witnesses(const RunContext& context, const RecoveryRecord& record) {
    EK_TRY([[maybe_unused]] const Grant grant, leader_grant(context));
    const auto source = parse_server_id(record.failed);
    for_each_replica(context, record, [&source](ServerOps& replica) {
        const auto view = replica.look(io::within(kAskLimit));
        if (!view || !view->replication || view->replication->source != source) return;
        (void)replica.start_receiving(io::within(kAskLimit));
    });
    return forget_record(context, record);
}

Result<> run_rejoin(const RunContext& context, RecoveryRecord record) {
    return RejoinRun(context, std::move(record)).run();
}

}  // namespace evenkeel::topology
