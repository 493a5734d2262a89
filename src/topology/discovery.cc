#include "topology/discovery.h"

#include <utility>

#include "io/clock.h"
#include "topology/probe.h"

namespace evenkeel::topology {
namespace {

// Several probes may wait for a hung server while others have to be asked at once.
constexpr std::size_t kThreads = 6;
constexpr std::size_t kProbesMax = 1000;

}  // namespace

Discovery::Discovery(const ClusterConfig& config, std::function<void(Probe)> on_probe)
    : credentials_(config.credentials),
      on_probe_(std::move(on_probe)),
      pool_("topo-probe", kThreads, kProbesMax) {}

bool Discovery::request(const ServerId& server, Millis limit, bool fresh) {
    return pool_.post([this, server, limit, fresh] { run(server, limit, fresh); });
}

void Discovery::run(const ServerId& server, Millis limit, bool fresh) {
    Probe result{.server = server, .started = io::now()};
    result.view = ask(server, io::within(limit), fresh);
    result.ended = io::now();
    if (result.view) result.view->probed_at = result.ended;
    on_probe_(std::move(result));
}

sql::Connection Discovery::take_kept(const ServerId& server) {
    Lock lock(mutex_);
    const auto it = kept_.find(server);
    if (it == kept_.end()) return {};
    sql::Connection connection = std::move(it->second);
    kept_.erase(it);
    return connection;
}

Result<ServerView> Discovery::ask(const ServerId& server, Deadline deadline, bool fresh) {
    sql::Connection connection = take_kept(server);
    if (!fresh && connection.connected()) {
        auto view = probe(connection, server, deadline);
        if (view) {
            Lock lock(mutex_);
            kept_[server] = std::move(connection);
            return view;
        }
        // A lost connection says nothing about the server of now: that takes a new one.
        if (view.error().code != Errc::unavailable) return view;
    }
    EK_TRY(connection, sql::Connection::open(server, credentials_, deadline));
    EK_TRY(ServerView view, probe(connection, server, deadline));
    Lock lock(mutex_);
    kept_[server] = std::move(connection);
    return view;
}

}  // namespace evenkeel::topology
