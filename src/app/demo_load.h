// The demo's clients: each inserts numbered rows and remembers what was acknowledged to it, and
// when. On an error a client tries the servers in turn until one takes its write, as a driver with
// a list of hosts does.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/instant.h"
#include "io/thread.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::app {

struct RowKey {
    std::uint32_t writer = 0;
    std::uint64_t seq = 0;
    auto operator<=>(const RowKey&) const = default;
};

struct Ack {
    RowKey row{};
    Instant at{};
    std::size_t server = 0;  // Index into the list of servers.
};

struct WriterRecord {
    std::vector<Ack> acks{};
    std::vector<RowKey> in_doubt{};  // The connection ended during the commit: done or not.
};

class DemoLoad {
public:
    DemoLoad(std::vector<ServerId> servers, sql::Credentials who, int writers);
    ~DemoLoad() { stop(); }

    void start();
    void stop();
    // Thread-safe, for the progress line and for waiting.
    std::uint64_t acknowledged() const { return acknowledged_.load(); }
    Instant last_ack() const { return Instant(BootClock::duration(last_ack_.load())); }
    // Only after stop().
    const std::vector<WriterRecord>& records() const { return records_; }

private:
    void write(std::uint32_t writer, io::StopToken& stop);

    const std::vector<ServerId> servers_;
    const sql::Credentials who_;
    std::vector<WriterRecord> records_;
    std::vector<io::Worker> writers_;
    std::atomic<std::uint64_t> acknowledged_{0};
    std::atomic<BootClock::rep> last_ack_{0};
};

}  // namespace evenkeel::app
