// Keeps the view: folds probes and heartbeats into the health of each server, finds servers by
// their neighbours, and says which probe is due. No I/O and no clock of its own; owned by one
// thread.
//
//   a connection ended   probe at once over a new connection: refused means gone
//   pings unanswered     likewise; only when the probe is not answered either it is silent
//   probe refused        gone: the host lives, the process does not
//   probe unanswered     silent, unless pings are answered: then a statement hangs, not the server
#pragma once

#include <map>
#include <set>
#include <vector>

#include "topology/config.h"
#include "topology/discovery.h"
#include "topology/heartbeat.h"
#include "topology/keepers.h"
#include "topology/view.h"

namespace evenkeel::topology {

struct ProbeRequest {
    ServerId server{};
    Millis limit{0};
    bool fresh = false;  // Over a new connection.
};

class Tracker {
public:
    explicit Tracker(const ClusterConfig& config);

    void add(ServerId server);
    void on_probe(const Probe& probe);
    void on_beat(const Beat& beat);
    // Everything is probed again as soon as possible: something was changed.
    void hurry();
    // The probes to start now. Each must be answered by on_probe().
    std::vector<ProbeRequest> due(Instant now);
    // A probe could not be started.
    void give_back(const ProbeRequest& request, Instant now);
    // Every server that lives was asked since then.
    bool asked_all_since(Instant moment) const;
    // When the next probe is due.
    Instant next_due() const;

    const TopologyView& view() const { return view_; }
    std::set<ServerId> servers() const;

private:
    struct Track {
        int probes = 0;        // Under way.
        bool urgent = false;   // Probe even beside one that is under way.
        bool pinged = false;   // There is a heartbeat connection, and it is answered.
        bool suspect = false;  // A heartbeat was bad and no probe was good since.
        Instant next{};
        Instant suspected_at{};
        Instant trouble_since{};  // Not alive or suspect since then.
        Instant newest_start{};   // Of the newest probe that was taken in.
    };

    bool hot(const Track& track, Instant now) const;
    Millis pause(const ServerId& server, const Track& track, Instant now) const;
    void take_view(const Probe& probe, Track& track);
    void take_error(const Probe& probe, Track& track);

    const ClusterConfig& config_;
    TopologyView view_;
    std::map<ServerId, Track> tracks_;
    Keepers keepers_;
};

}  // namespace evenkeel::topology
