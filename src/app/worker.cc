#include "app/worker.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "api/leader_client.h"
#include "api/server.h"
#include "api/shapes.h"
#include "app/config.h"
#include "app/exit_status.h"
#include "app/fault.h"
#include "app/lease_trace.h"
#include "app/node_certificates.h"
#include "app/signals.h"
#include "base/log.h"
#include "base/text.h"
#include "cdc/stream_service.h"
#include "coord/coordinator.h"
#include "coord/member/managed_etcd.h"
#include "coord/member/membership.h"
#include "coord/open_engine.h"
#include "io/clock.h"
#include "io/http_client.h"
#include "io/thread.h"
#include "topology/service.h"

namespace evenkeel::app {
namespace {

constexpr Millis kAskBootstrapLimit{5000};
constexpr Millis kAskHolderLimit{400};
constexpr Millis kJoinNewsPause{3'000};
constexpr Millis kPeerLimit{500};
constexpr Millis kListMembersLimit{2'000};
constexpr Millis kSetFilterLimit{5'000};
constexpr Millis kChangeMembersLimit{25'000};

int status_of(const Error& error) {
    const bool retry = error.code == Errc::unavailable || error.code == Errc::timed_out;
    return retry ? kCannotJoin : kNeedsPerson;
}

// Everything of a node, in the order of its making; destroyed in reverse.
class Node {
public:
    explicit Node(const Config& config) : config_(config) {}

    Result<> open(const std::string& incarnation);
    Result<> join();
    void start_features();
    void stop();

private:
    api::ServerOptions server_options() const;
    api::Sources sources();
    std::vector<cdc::StreamReport> reports_of_holders();
    Result<cdc::StreamService*> stream_called(const std::string& name) const;
    void note_lead();
    void tell_what_is_missing(io::StopToken& stop) const;

    const Config& config_;
    std::unique_ptr<coord::Engine> engine_;
    std::unique_ptr<coord::Coordinator> coordinator_;
    std::unique_ptr<coord::Membership> membership_;
    std::vector<std::unique_ptr<topology::Service>> clusters_;
    std::vector<std::unique_ptr<cdc::StreamService>> streams_;
    std::unique_ptr<api::Server> api_;
    std::atomic<std::int64_t> leading_since_{0};  // Wall clock; 0: does not lead.
    coord::Coordinator::Subscription duties_;
    io::Worker checker_;
    io::Worker certificate_watch_;
};

Result<> Node::open(const std::string& incarnation) {
    EK_TRY(engine_, coord::open_engine(config_.coordination));
    coordinator_ = std::make_unique<coord::Coordinator>(
        *engine_,
        coord::CoordinatorOptions{.node = config_.coordination.node,
                                  .incarnation = incarnation,
                                  .api_address = config_.api.advertise,
                                  .peer_address = config_.api.peers,
                                  .ttl = config_.coordination.ttl,
                                  .call_limit = coord::call_limit(config_.coordination.ttl),
                                  .on_lease = lease_trace(config_.coordination.node)});
    membership_ = std::make_unique<coord::Membership>(config_.coordination, *coordinator_);
    // Before the node has joined: a full store keeps it from joining.
    membership_->start();
    const topology::ServiceOptions options{
        .group_size = static_cast<std::size_t>(config_.coordination.size), .on_step = fault_hook()};
    for (const auto& cluster : config_.clusters) {
        clusters_.push_back(std::make_unique<topology::Service>(cluster, *coordinator_, options));
    }
    for (const auto& stream : config_.streams) {
        streams_.push_back(std::make_unique<cdc::StreamService>(stream, coordinator_.get()));
    }
    api_ = std::make_unique<api::Server>(server_options(), sources());
    if (config_.coordination.tls.on()) certificate_watch_ = watch_certificate(config_);
    // Before the node has joined: load balancers get "unhealthy" instead of silence.
    return api_->start();
}

api::ServerOptions Node::server_options() const {
    const coord::Config& coordination = config_.coordination;
    api::ServerOptions options{.listen = *parse_server_id(config_.api.listen, 3000),
                               .advertise = config_.api.advertise,
                               .node = coordination.node,
                               .tls = coordination.tls,
                               .tls_cert = config_.api.tls_cert,
                               .tls_key = config_.api.tls_key,
                               .user = config_.api.user,
                               .password = config_.api.password,
                               .node_addresses = coordination.nodes};
    if (coordination.tls.on()) options.peers = parse_server_id(config_.api.peers, 10010);
    return options;
}

Result<> Node::join() {
    const io::Worker news("join-news", [this](io::StopToken& stop) { tell_what_is_missing(stop); });
    return coordinator_->start(io::within(config_.coordination.join_limit));
}

void Node::tell_what_is_missing(io::StopToken& stop) const {
    const coord::Config& coordination = config_.coordination;
    io::HttpClient client(coordination.tls);
    // Why: a node whose certificate is refused is not down.
    const auto silence = [&](const std::string& url) -> std::string {
        const auto answer = client.get(url + "/version", io::within(kPeerLimit));
        return answer ? "" : answer.error().what;
    };
    const std::string scheme = coordination.tls.on() ? "https://" : "http://";
    while (!stop.wait_for(kJoinNewsPause)) {
        // Before the member runs, the supervisor says what it waits for.
        if (!silence(coord::client_url(coordination)).empty()) continue;
        std::vector<std::string> silent;
        for (const std::string& node : coordination.nodes) {
            const std::string why = silence(scheme + node);
            if (!why.empty()) silent.push_back(fmt::format("{} ({})", node, why));
        }
        const auto size = coordination.nodes.size();
        if (silent.empty()) {
            log::info("node", "joining group {}: all {} nodes answer, waiting for a quorum",
                      coordination.group, size);
        } else {
            log::warn("node",
                      "joining group {}: {} of {} nodes answer, {} needed; no answer from {}",
                      coordination.group, size - silent.size(), size, size / 2 + 1,
                      evenkeel::join(silent, ", "));
        }
    }
}

void Node::start_features() {
    duties_ = coordinator_->subscribe_duties([this] { note_lead(); });
    coordinator_->want(coord::kLeaderDuty);
    for (auto& cluster : clusters_) cluster->start();
    for (auto& stream : streams_) stream->start();
    // What a user has to repair is said once; the features wait for it.
    checker_ = io::Worker("check", [this](io::StopToken& stop) {
        for (const auto& cluster : config_.clusters) {
            if (stop.requested()) return;
            for (const std::string& problem : topology::check_cluster(cluster)) {
                log::warn("topology", "cluster {}: {}", cluster.name, problem);
            }
        }
    });
}

// For people: since when this node leads, by its wall clock.
void Node::note_lead() {
    if (!coordinator_->holds(coord::kLeaderDuty)) {
        leading_since_ = 0;
    } else if (leading_since_ == 0) {
        leading_since_ = io::wall_ms();
    }
}

void Node::stop() {
    checker_.stop();
    certificate_watch_.stop();
    for (auto& stream : streams_) stream->stop();
    for (auto& cluster : clusters_) cluster->stop();
    duties_.reset();
    membership_->stop();
    coordinator_->stop();
    api_->stop();
}

api::Sources Node::sources() {
    return {.group = [this] { return coordinator_->group(); },
            .transfer =
                [this](const std::string& node, Deadline deadline) {
                    return coordinator_->transfer(coord::kLeaderDuty, node, deadline);
                },
            .leading_since = [this] { return leading_since_.load(); },
            .clusters =
                [this] {
                    std::vector<topology::ClusterReport> reports;
                    for (const auto& cluster : clusters_) reports.push_back(cluster->report());
                    return reports;
                },
            .streams =
                [this] {
                    std::vector<cdc::StreamReport> reports;
                    for (const auto& stream : streams_) reports.push_back(stream->report());
                    return reports;
                },
            .group_streams = [this] { return reports_of_holders(); },
            .stream_filter = [this](const std::string& name) -> Result<api::StreamFilter> {
                EK_TRY(cdc::StreamService * stream, stream_called(name));
                EK_TRY(const cdc::Filter filter, stream->filter());
                return api::StreamFilter{.filter = filter.text(),
                                         .configured = stream->config().filter.text()};
            },
            .set_stream_filter = [this](const std::string& name,
                                        const std::optional<std::string>& text) -> Result<> {
                EK_TRY(cdc::StreamService * stream, stream_called(name));
                return stream->set_filter(text, io::within(kSetFilterLimit));
            },
            .bootstraps =
                [this](const std::string& stream) { return cdc::list_jobs(*coordinator_, stream); },
            .ask_bootstrap =
                [this](const std::string& stream, cdc::BootstrapRequest request) {
                    return cdc::post_request(*coordinator_, coordinator_->group().self, stream,
                                             std::move(request), io::within(kAskBootstrapLimit));
                },
            .http = {},
            .members = [this] { return membership_->members(io::within(kListMembersLimit)); },
            .add_member =
                [this](const std::string& address) {
                    return membership_->add(address, io::within(kChangeMembersLimit));
                },
            .remove_member =
                [this](const std::string& hint) {
                    return membership_->remove(hint, io::within(kChangeMembersLimit));
                },
            .replace_member =
                [this](const std::string& hint) {
                    return membership_->replace(hint, io::within(kChangeMembersLimit));
                },
            .node = {.grouped = config_.coordination.engine != coord::EngineKind::local,
                     .https = !config_.api.tls_cert.empty(),
                     .bind = config_.coordination.bind,
                     .ttl = config_.coordination.ttl},
            .certificates = [this] { return certificate_lives(config_.coordination.tls); },
            .version = EVENKEEL_VERSION};
}

Result<cdc::StreamService*> Node::stream_called(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& stream : streams_) {
        if (stream->config().name == name) return stream.get();
        names.push_back(stream->config().name);
    }
    const auto nearest = nearest_name(name, names);
    return Error{Errc::not_found,
                 fmt::format("no stream {}{}", json_quote(name),
                             nearest ? fmt::format("; did you mean {}?", *nearest) : "")};
}

// A stream is known best by the node that runs it.
std::vector<cdc::StreamReport> Node::reports_of_holders() {
    std::vector<cdc::StreamReport> reports;
    for (const auto& stream : streams_) reports.push_back(stream->report());
    const coord::GroupView group = coordinator_->group();
    const io::TlsFiles& tls = config_.coordination.tls;
    const bool https = !config_.api.tls_cert.empty();
    io::HttpClient client(tls);
    const Deadline deadline = io::within(kAskHolderLimit);
    for (const coord::Member& member : group.members) {
        const bool holds_one =
            std::any_of(group.duties.begin(), group.duties.end(), [&](const coord::Duty& duty) {
                return duty.name.starts_with("stream/") && duty.holder == member.node;
            });
        if (!holds_one || member.node == group.self) continue;
        const auto answer =
            client.get(api::node_url(member, tls, https) + "/api/v1/node/streams", deadline);
        if (!answer || answer->status != 200) continue;
        const auto theirs = api::streams_from_json(answer->body);
        if (!theirs) continue;
        for (const cdc::StreamReport& report : *theirs) {
            for (const coord::Duty& duty : group.duties) {
                if (duty.holder != member.node || duty.name != "stream/" + report.name) continue;
                for (auto& mine : reports) {
                    if (mine.name == report.name) mine = report;
                }
            }
        }
    }
    return reports;
}

}  // namespace

int run_worker(const WorkerArgs& args) {
    const auto config = load_config(args.config);
    if (!config) {
        fmt::print(stderr, "{}\n", config.error().what);
        return kNeedsPerson;
    }
    log::set_level(config->node.log_level);
    log::set_prefix(config->coordination.node);
    Node node(*config);
    auto ready = node.open(args.incarnation);
    // Until it has joined, a signal may end the worker on the spot: there is nothing to give back.
    if (ready) ready = node.join();
    if (!ready) {
        log::error("node", "{}", ready.error().what);
        return status_of(ready.error());
    }
    Signals signals;
    log::info("node", "joined group {}", config->coordination.group);
    node.start_features();
    while (!signals.wait(io::within(Millis(60'000)))) continue;
    node.stop();
    return kOk;
}

}  // namespace evenkeel::app
