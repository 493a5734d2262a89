#include "topology/journal.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::topology {
namespace {

// An action that begins now is over, or refused, before somebody else may lead.
constexpr Millis kActionBudget{100};
constexpr Millis kWriteLimit{5000};

}  // namespace

Result<Grant> leader_grant(const RunContext& context) {
    if (auto grant = context.coordinator.holds(coord::kLeaderDuty, kActionBudget)) return *grant;
    return Error{Errc::not_leader, "recover: this node does not lead any more"};
}

std::string fact_key(const std::string& cluster) {
    return kClusterFactPrefix + cluster;
}

Result<> update_fact(const RunContext& context, const std::function<Result<>(ClusterFact&)>& change,
                     const std::vector<coord::Op>& more) {
    const std::string key = fact_key(context.config.name);
    const Deadline deadline = io::within(kWriteLimit);
    io::StopToken pause;
    while (true) {
        EK_TRY(const Grant grant, leader_grant(context));
        const auto entry = context.coordinator.get(key);
        ClusterFact fact{.cluster = context.config.name};
        if (entry) {
            EK_TRY(fact, cluster_fact_from_json(entry->value));
        }
        EK_TRY_VOID(change(fact));
        fact.epoch = grant.epoch;
        coord::Txn txn{.compares = {{key, entry ? entry->version : 0}}, .ops = more};
        txn.ops.push_back({key, to_json(fact)});
        const auto written = context.coordinator.commit(grant, std::move(txn), deadline);
        if (written) return {};
        if (written.error().code != Errc::conflict || deadline.passed(io::now())) {
            return written.error();
        }
        pause.wait_for(Millis(5));
    }
}

Journal::Journal(const RunContext& context, RecoveryRecord record)
    : context_(context), record_(std::move(record)) {}

void Journal::begin(const std::string& name) {
    RecoveryStep& each = step(record_, name);
    each.state = "running";
    each.text.clear();
    each.started_ms = io::wall_ms();
    each.finished_ms = 0;
    moments_.push_back("before:" + name);
}

void Journal::done(const std::string& name, std::string text) {
    RecoveryStep& each = step(record_, name);
    each.state = "done";
    each.text = std::move(text);
    each.finished_ms = io::wall_ms();
    moments_.push_back("after:" + name);
    log::info("topology", "{}: {} of {}: {}: {}", record_.cluster, record_.kind, record_.failed,
              name, each.text);
}

void Journal::note(const std::string& name, std::string text) {
    step(record_, name).text = std::move(text);
}

void Journal::end(const std::string& state, std::string text) {
    record_.state = state;
    record_.text = std::move(text);
    record_.finished_ms = io::wall_ms();
    log::info("topology", "{}: {} of {} {}: {}", record_.cluster, record_.kind, record_.failed,
              state, record_.text);
}

coord::Op Journal::record_op() {
    ++record_.writes;
    return {recovery_key(record_), to_json(record_)};
}

void Journal::announce() {
    for (const std::string& moment : std::exchange(moments_, {})) {
        if (context_.on_step) context_.on_step(moment);
    }
}

Result<> Journal::write() {
    EK_TRY(const Grant grant, leader_grant(context_));
    record_.epoch = grant.epoch.value;
    const coord::Op op = record_op();
    EK_TRY([[maybe_unused]] const auto version,
           context_.coordinator.put(grant, op.key, *op.value, io::within(kWriteLimit)));
    announce();
    return still_leads();
}

Result<> Journal::write_with_fact(const std::function<Result<>(ClusterFact&)>& change) {
    EK_TRY(const Grant grant, leader_grant(context_));
    record_.epoch = grant.epoch.value;
    EK_TRY_VOID(update_fact(context_, change, {record_op()}));
    announce();
    return still_leads();
}

// What was written down is done next, and by then the lease may have run out.
Result<> Journal::still_leads() const {
    EK_TRY([[maybe_unused]] const Grant grant, leader_grant(context_));
    return {};
}

}  // namespace evenkeel::topology
