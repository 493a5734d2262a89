#include "topology/heartbeat.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "io/clock.h"
#include "sql/connection.h"

namespace evenkeel::topology {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kPing = "\x01\x00\x00\x00\x0e"sv;  // COM_PING
constexpr Millis kConnectPauseMax{1000};

}  // namespace

Heartbeat::Heartbeat(const ClusterConfig& config, std::function<void(Beat)> on_beat)
    : credentials_(config.credentials),
      interval_(config.heartbeat_interval),
      connect_limit_(config.probe_limit),
      missed_max_(config.heartbeats_missed_max),
      on_beat_(std::move(on_beat)),
      connects_("topo-connect", 2, 1000),
      thread_("topo-heartbeat", [this](io::StopToken& stop) { run(stop); }) {}

Heartbeat::~Heartbeat() {
    thread_.request_stop();
    poller_.wake();
    thread_.stop();
}

void Heartbeat::watch(std::set<ServerId> servers) {
    if (wanted_.post(std::move(servers))) poller_.wake();
}

void Heartbeat::run(io::StopToken& stop) {
    Instant next_tick = io::now() + interval_;
    while (!stop.requested()) {
        const auto events = poller_.wait(Deadline{next_tick}.left(io::now()));
        for (const io::Poller::Event& event : events) {
            const auto it = servers_by_key_.find(event.key);
            if (it == servers_by_key_.end()) continue;
            const ServerId server = it->second;
            read(server, pulses_.at(server), event);
        }
        apply_requests();
        const Instant now = io::now();
        connect_missing(now);
        if (now < next_tick) continue;
        // When this thread itself was late, missing answers may wait in the sockets: read first.
        tick(now - next_tick < interval_ / 2);
        next_tick = now + interval_;
    }
}

void Heartbeat::apply_requests() {
    while (auto servers = wanted_.take(Millis{0})) {
        for (const ServerId& server : *servers) pulses_.try_emplace(server);
        std::erase_if(pulses_, [&](auto& entry) {
            if (servers->contains(entry.first)) return false;
            servers_by_key_.erase(entry.second.key);
            return true;
        });
    }
    while (auto opened = opened_.take(Millis{0})) accept(std::move(*opened));
}

void Heartbeat::connect_missing(Instant now) {
    for (auto& [server, pulse] : pulses_) {
        if (pulse.fd.valid() || pulse.connecting || now < pulse.connect_at) continue;
        pulse.connecting = connects_.post([this, server = server] {
            auto connection =
                sql::Connection::open(server, credentials_, io::within(connect_limit_));
            io::Fd fd(connection ? connection->release_socket() : -1);
            (void)opened_.post({server, std::move(fd)});
            poller_.wake();
        });
    }
}

void Heartbeat::accept(Opened opened) {
    const auto it = pulses_.find(opened.server);
    if (it == pulses_.end()) return;
    Pulse& pulse = it->second;
    pulse.connecting = false;
    if (!opened.fd.valid()) {
        pulse.connect_at = io::now() + pulse.connect_pause;
        pulse.connect_pause = std::min(pulse.connect_pause * 2, kConnectPauseMax);
        return;
    }
    pulse.fd = std::move(opened.fd);
    pulse.key = next_key_++;
    pulse.awaited = pulse.silent = false;
    pulse.missed = 0;
    pulse.connect_pause = Millis{100};
    servers_by_key_[pulse.key] = opened.server;
    poller_.watch(pulse.fd.get(), pulse.key);
    tell(opened.server, Beat::Kind::connected, "");
}

void Heartbeat::read(const ServerId& server, Pulse& pulse, const io::Poller::Event& event) {
    std::string answer;
    if (event.readable) answer = io::receive_now(pulse.fd.get(), 512);
    if (event.ended || answer.empty()) return end(server, pulse, io::socket_error(pulse.fd.get()));
    // Anything but OK is the server's farewell: "shutdown in progress", "connection was killed".
    constexpr std::size_t kHeader = 4;
    if (answer.size() <= kHeader || answer[kHeader] != 0) {
        return end(server, pulse, "the server says good-bye");
    }
    pulse.awaited = false;
    pulse.missed = 0;
    if (std::exchange(pulse.silent, false)) tell(server, Beat::Kind::answering, "");
}

void Heartbeat::tick(bool count_missed) {
    for (auto& [server, pulse] : pulses_) {
        if (!pulse.fd.valid()) continue;
        if (!pulse.awaited) {
            // A full buffer or a broken pipe is an unanswered ping like any other.
            (void)io::send_now(pulse.fd.get(), kPing);
            pulse.awaited = true;
            continue;
        }
        if (!count_missed || pulse.silent) continue;
        if (++pulse.missed < missed_max_) continue;
        pulse.silent = true;
        tell(server, Beat::Kind::silent,
             fmt::format("no answer to heartbeats for {} ms", (interval_ * missed_max_).count()));
    }
}

void Heartbeat::end(const ServerId& server, Pulse& pulse, const std::string& reason) {
    poller_.forget(pulse.fd.get());
    servers_by_key_.erase(pulse.key);
    pulse.fd.reset();
    pulse.connect_at = io::now() + pulse.connect_pause;
    tell(server, Beat::Kind::ended, reason);
}

void Heartbeat::tell(const ServerId& server, Beat::Kind kind, const std::string& reason) {
    on_beat_({.server = server, .kind = kind, .reason = reason, .at = io::now()});
}

}  // namespace evenkeel::topology
