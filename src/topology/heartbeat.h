// Holds an idle connection to every server and pings it: the end of a server is seen when the
// kernel closes its sockets, its silence after a few missed answers. One thread for all servers.
// Why pings and not a binlog-dump connection: docs/adr/0002-heartbeat-by-ping.md.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/mailbox.h"
#include "io/poller.h"
#include "io/thread.h"
#include "topology/config.h"
#include "topology/work_pool.h"

namespace evenkeel::topology {

struct Beat {
    enum class Kind {
        connected,  // Pings begin.
        ended,      // The connection is closed: the server, or its host, gave it up.
        silent,     // heartbeats_missed_max intervals without an answer.
        answering,  // It answers again.
    };
    ServerId server{};
    Kind kind = Kind::connected;
    std::string reason{};
    Instant at{};
};

// Thread-safe. `on_beat` runs on the heartbeat's thread and must not block.
class Heartbeat {
public:
    Heartbeat(const ClusterConfig& config, std::function<void(Beat)> on_beat);
    ~Heartbeat();
    // The servers to ping from now on.
    void watch(std::set<ServerId> servers);

private:
    struct Pulse {
        io::Fd fd{};
        std::uint64_t key = 0;
        bool connecting = false;
        bool awaited = false;  // A ping is out.
        bool silent = false;
        int missed = 0;
        Instant connect_at{};
        Millis connect_pause{100};
    };
    struct Opened {
        ServerId server{};
        io::Fd fd{};
    };

    void run(io::StopToken& stop);
    void apply_requests();
    void connect_missing(Instant now);
    void accept(Opened opened);
    void read(const ServerId& server, Pulse& pulse, const io::Poller::Event& event);
    void tick(bool count_missed);
    void end(const ServerId& server, Pulse& pulse, const std::string& reason);
    void tell(const ServerId& server, Beat::Kind kind, const std::string& reason);

    const sql::Credentials credentials_;
    const Millis interval_;
    const Millis connect_limit_;
    const int missed_max_;
    const std::function<void(Beat)> on_beat_;
    io::Poller poller_;
    Mailbox<std::set<ServerId>> wanted_{16};
    Mailbox<Opened> opened_{1000};
    // Of the heartbeat's thread alone.
    std::map<ServerId, Pulse> pulses_;
    std::map<std::uint64_t, ServerId> servers_by_key_;
    std::uint64_t next_key_ = 1;
    WorkPool connects_;
    io::Worker thread_;
};

}  // namespace evenkeel::topology
