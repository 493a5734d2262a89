#include "cdc/stream_service.h"

#include <fmt/core.h>

#include <atomic>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "cdc/checkpoint.h"
#include "cdc/filter/stream_filter.h"
#include "cdc/stream_run.h"
#include "cdc/stream_status.h"
#include "io/clock.h"
#include "io/thread.h"
#include "model/cluster_fact.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kStandbySlice{10};
constexpr Millis kProbeLimit{1000};
constexpr Millis kProbePause{500};
constexpr Millis kBudget{200};

}  // namespace

struct StreamService::Impl {
    const StreamConfig config;
    coord::Coordinator* const coordinator;
    const std::string duty;
    StreamStatus status;
    std::atomic<bool> fact_changed{false};
    coord::Coordinator::Subscription fact_subscription{};
    std::atomic<bool> filter_changed{false};
    coord::Coordinator::Subscription filter_subscription{};
    mutable Mutex mutex;
    std::optional<Filter> own_filter EK_GUARDED_BY(mutex);  // Alone: what was set at run time.
    io::Worker worker{};
    bool recapture = false;  // Still to be done, by the first run.

    Impl(StreamConfig configured, coord::Coordinator* group)
        : config(std::move(configured)),
          coordinator(group),
          duty("stream/" + config.name),
          status(config.name),
          recapture(config.recapture_schema) {}

    void main(io::StopToken& stop);
    Result<Filter> filter() const;
    Result<> set_filter(const std::optional<std::string>& text, Deadline deadline);
    Result<> take_turns(io::StopToken& stop);
    Result<> hold(io::StopToken& stop, const Grant& grant);
    std::optional<Grant> wait_for_duty(io::StopToken& stop);
    void wait_for_reach(io::StopToken& stop);
    bool reaches_a_source() const;
    std::vector<ServerId> sources() const;
    std::string standby_text() const;
};

// The servers that the stream could read from, as far as this node knows.
std::vector<ServerId> StreamService::Impl::sources() const {
    if (config.cluster.empty()) return {config.server};
    const auto entry = coordinator->get(kClusterFactPrefix + config.cluster);
    const auto fact = entry ? cluster_fact_from_json(entry->value)
                            : Result<ClusterFact>(Error{Errc::not_found, "no fact"});
    if (!fact) return {};
    std::vector<ServerId> servers = fact->replicas;
    if (fact->primary) servers.push_back(*fact->primary);
    return servers;
}

// Wrong credentials are for a person to see, and are seen when the stream runs.
bool StreamService::Impl::reaches_a_source() const {
    for (const ServerId& server : sources()) {
        const auto connection =
            sql::Connection::open(server, config.credentials, io::within(kProbeLimit));
        if (connection || connection.error().code == Errc::denied) return true;
    }
    return false;
}

void StreamService::Impl::wait_for_reach(io::StopToken& stop) {
    while (!stop.requested() && !reaches_a_source()) {
        status.set_state("waiting", sources().empty()
                                        ? fmt::format("cluster {} is not known yet", config.cluster)
                                        : "this node reaches no server of the stream");
        stop.wait_for(kProbePause);
    }
}

std::string StreamService::Impl::standby_text() const {
    for (const coord::Duty& held : coordinator->group().duties) {
        if (held.name == duty && !held.holder.empty()) return held.holder + " runs it";
    }
    return "waits for the duty";
}

std::optional<Grant> StreamService::Impl::wait_for_duty(io::StopToken& stop) {
    Instant said{};
    while (!stop.requested()) {
        if (auto grant = coordinator->holds(duty, kBudget)) return grant;
        if (io::now() - said > kProbePause) {
            status.set_state("standby", standby_text());
            said = io::now();
        }
        stop.wait_for(kStandbySlice);
    }
    return {};
}

Result<> StreamService::Impl::hold(io::StopToken& stop, const Grant& grant) {
    log::info("cdc", "stream {}: takes over under epoch {}", config.name, grant.epoch.value);
    StreamRun run(config, {.coordinator = coordinator,
                           .grant = grant,
                           .status = &status,
                           .fact_changed = &fact_changed,
                           .filter = [this] { return filter(); },
                           .filter_changed = &filter_changed,
                           .recapture = std::exchange(recapture, false)});
    return run.run(stop);
}

// Campaigns for the duty and runs the stream while it is held. Errors: a person is needed.
Result<> StreamService::Impl::take_turns(io::StopToken& stop) {
    while (!stop.requested()) {
        wait_for_reach(stop);
        if (stop.requested()) return {};
        coordinator->want(duty);
        for (bool reachable = true; reachable && !stop.requested();) {
            const auto grant = wait_for_duty(stop);
            if (!grant) break;
            const auto held = hold(stop, *grant);
            if (held || held.error().code == Errc::not_leader) {
                if (!held) status.set_state("standby", held.error().what);
                // Also when the duty is still held: the copy of the checkpoint has to catch up.
                stop.wait_for(kStandbySlice);
                continue;
            }
            if (held.error().code != Errc::unavailable) return held;
            status.set_state("waiting", held.error().what);
            reachable = false;
        }
        // Another node may reach what this one does not.
        coordinator->drop(duty);
    }
    return {};
}

Result<Filter> StreamService::Impl::filter() const {
    if (coordinator == nullptr) {
        Lock lock(mutex);
        return own_filter.value_or(config.filter);
    }
    EK_TRY(const std::optional<FilterFact> fact, read_filter_fact(*coordinator, config.name));
    return filter_in_force(config.filter, fact);
}

Result<> StreamService::Impl::set_filter(const std::optional<std::string>& text,
                                         Deadline deadline) {
    if (coordinator == nullptr) {
        std::optional<Filter> parsed;
        if (text) {
            EK_TRY(parsed, Filter::parse(*text));
        }
        Lock lock(mutex);
        own_filter = std::move(parsed);
        filter_changed.store(true);
        return {};
    }
    auto grant = coordinator->holds(duty, kBudget);
    if (!grant) grant = coordinator->holds(coord::kLeaderDuty, kBudget);
    if (!grant) {
        return Error{Errc::not_leader,
                     fmt::format("set the filter of stream {}: ask the process that runs it: {}",
                                 config.name, standby_text())};
    }
    return store_filter(*coordinator, *grant, config.name, config.filter, text, deadline);
}

void StreamService::Impl::main(io::StopToken& stop) {
    Result<> result;
    if (coordinator == nullptr) {
        StreamRun run(config, {.status = &status,
                               .fact_changed = &fact_changed,
                               .filter = [this] { return filter(); },
                               .filter_changed = &filter_changed,
                               .recapture = std::exchange(recapture, false)});
        result = run.run(stop);
    } else {
        result = take_turns(stop);
        coordinator->drop(duty);
    }
    status.end(result);
}

StreamService::StreamService(StreamConfig config, coord::Coordinator* coordinator)
    : impl_(std::make_unique<Impl>(std::move(config), coordinator)) {}

StreamService::~StreamService() {
    stop();
}

void StreamService::start() {
    Impl& impl = *impl_;
    if (impl.worker.running()) return;
    impl.status.begin();
    if (impl.coordinator != nullptr && !impl.config.cluster.empty()) {
        impl.fact_subscription = impl.coordinator->subscribe(
            kClusterFactPrefix + impl.config.cluster, [&impl] { impl.fact_changed.store(true); });
    }
    if (impl.coordinator != nullptr) {
        impl.filter_subscription = impl.coordinator->subscribe(
            filter_key(impl.config.name), [&impl] { impl.filter_changed.store(true); });
    }
    impl.worker = io::Worker("stream", [&impl](io::StopToken& stop) { impl.main(stop); });
}

void StreamService::stop() {
    impl_->worker.stop();
    impl_->fact_subscription.reset();
    impl_->filter_subscription.reset();
}

const StreamConfig& StreamService::config() const {
    return impl_->config;
}

Result<Filter> StreamService::filter() const {
    return impl_->filter();
}

Result<> StreamService::set_filter(const std::optional<std::string>& text, Deadline deadline) {
    return impl_->set_filter(text, deadline);
}

StreamReport StreamService::report() const {
    StreamReport report = impl_->status.report(io::wall_ms());
    if (impl_->coordinator == nullptr || report.state == "streaming") return report;
    const auto entry = impl_->coordinator->get(checkpoint_key(impl_->config.name));
    const auto checkpoint = entry ? checkpoint_from_json(entry->value)
                                  : Result<Checkpoint>(Error{Errc::not_found, "none"});
    if (checkpoint) report.checkpoint = checkpoint->at.str();
    return report;
}

Result<> StreamService::wait(Deadline deadline) {
    for (;;) {
        const Millis left = deadline.left(io::now());
        if (const auto result = impl_->status.wait_end(left)) return *result;
        if (deadline.passed(io::now())) {
            return Error{Errc::timed_out,
                         fmt::format("wait for stream {}: it still runs", impl_->config.name)};
        }
    }
}

}  // namespace evenkeel::cdc
