#include "topology/tracker.h"

#include <algorithm>
#include <utility>

namespace evenkeel::topology {
namespace {

// While a server is in trouble it is asked often, and so are its replicas, who are the witnesses.
constexpr Millis kHotPause{20};
constexpr Millis kHotTime{5'000};
constexpr Millis kWarmPause{250};

}  // namespace

Tracker::Tracker(const ClusterConfig& config) : config_(config) {
    view_.cluster = config.name;
    for (const ServerId& seed : config.seeds) add(seed);
}

void Tracker::add(ServerId server) {
    // Replicas name their source by address; a second name for it would be a second server.
    if (server.host == "localhost") server.host = "127.0.0.1";
    if (!tracks_.try_emplace(server).second) return;
    view_.servers[server].id = server;
}

std::set<ServerId> Tracker::servers() const {
    std::set<ServerId> servers;
    for (const auto& [id, track] : tracks_) servers.insert(id);
    return servers;
}

void Tracker::hurry() {
    for (auto& [id, track] : tracks_) track.next = {};
}

bool Tracker::hot(const Track& track, Instant now) const {
    return track.trouble_since != Instant{} && now - track.trouble_since < kHotTime;
}

Millis Tracker::pause(const ServerId& server, const Track& track, Instant now) const {
    if (hot(track, now)) return kHotPause;
    const ServerView& view = view_.servers.at(server);
    if (view.replication) {
        const auto source = tracks_.find(view.replication->source);
        if (source != tracks_.end() && hot(source->second, now)) return kHotPause;
    }
    return track.trouble_since != Instant{} ? kWarmPause : config_.poll_interval;
}

std::vector<ProbeRequest> Tracker::due(Instant now) {
    std::vector<ProbeRequest> requests;
    const Millis hasty =
        std::max(config_.heartbeat_interval * config_.heartbeats_missed_max, Millis(100));
    for (auto& [id, track] : tracks_) {
        const bool start = track.urgent ? track.probes < 2 : track.probes == 0 && track.next <= now;
        if (!start) continue;
        const bool trouble = track.trouble_since != Instant{};
        requests.push_back(
            {.server = id,
             .limit = trouble ? std::min(hasty, config_.probe_limit) : config_.probe_limit,
             .fresh = trouble});
        ++track.probes;
        track.urgent = false;
        track.next = now + pause(id, track, now);
    }
    return requests;
}

void Tracker::give_back(const ProbeRequest& request, Instant now) {
    Track& track = tracks_.at(request.server);
    --track.probes;
    track.next = now + kWarmPause;
}

bool Tracker::asked_all_since(Instant moment) const {
    return std::all_of(tracks_.begin(), tracks_.end(), [&](const auto& entry) {
        return view_.servers.at(entry.first).health != Health::alive ||
               entry.second.newest_start >= moment;
    });
}

Instant Tracker::next_due() const {
    Instant next = Instant::max();
    for (const auto& [id, track] : tracks_) {
        if (track.urgent && track.probes < 2) return {};
        if (track.probes == 0) next = std::min(next, track.next);
    }
    return next;
}

void Tracker::on_probe(const Probe& probe) {
    const auto it = tracks_.find(probe.server);
    if (it == tracks_.end()) return;
    Track& track = it->second;
    --track.probes;
    view_.at = std::max(view_.at, probe.ended);
    if (probe.started < track.newest_start) return;
    track.newest_start = probe.started;
    if (probe.view) {
        take_view(probe, track);
    } else {
        take_error(probe, track);
    }
    // A server in trouble has to be asked soon again, and so have its replicas.
    for (auto& [id, each] : tracks_) {
        each.next = std::min(each.next, probe.ended + pause(id, each, probe.ended));
    }
}

void Tracker::take_view(const Probe& probe, Track& track) {
    ServerView& server = view_.servers.at(probe.server);
    const Health before = server.health;
    const std::string reason = server.reason;
    server = *probe.view;
    if (track.suspect && probe.started < track.suspected_at) {
        // Asked before the bad heartbeat: what it says of the server's state is true, what it says
        // of its health is not news.
        server.health = before;
        server.reason = reason;
    } else {
        server.health = Health::alive;
        track.suspect = false;
        track.trouble_since = {};
        keepers_.back(server.id);
    }
    const ServerView found = server;
    for (const ServerId& settled : keepers_.answered(found, probe.started)) {
        view_.servers.at(settled).may_keep = false;
    }
    if (found.replication) add(found.replication->source);
    for (const ServerId& replica : found.replicas) add(replica);
}

void Tracker::take_error(const Probe& probe, Track& track) {
    ServerView& server = view_.servers.at(probe.server);
    const Error& error = probe.view.error();
    const Health before = server.health;
    server.reason = error.what;
    switch (error.code) {
        case Errc::timed_out:
            if (track.pinged && server.health == Health::alive) return;
            server.health = Health::silent;
            break;
        case Errc::unavailable: server.health = Health::gone; break;
        default: server.health = Health::denied; break;
    }
    if (before == Health::alive || before == Health::unknown) {
        keepers_.lost(server, probe.ended);
        server.may_keep = true;
    }
    if (track.trouble_since == Instant{}) track.trouble_since = probe.ended;
}

void Tracker::on_beat(const Beat& beat) {
    const auto it = tracks_.find(beat.server);
    if (it == tracks_.end()) return;
    Track& track = it->second;
    track.pinged = beat.kind == Beat::Kind::connected || beat.kind == Beat::Kind::answering;
    if (track.pinged) {
        // Good news of a server that was in trouble are worth a look.
        if (track.trouble_since != Instant{}) track.urgent = true;
        return;
    }
    track.suspect = true;
    track.suspected_at = beat.at;
    track.urgent = true;
    if (track.trouble_since == Instant{}) track.trouble_since = beat.at;
    for (auto& [id, each] : tracks_) {
        const auto& replication = view_.servers.at(id).replication;
        if (replication && replication->source == beat.server) each.next = beat.at;
    }
}

}  // namespace evenkeel::topology
