// Runs one change stream: alone (`evenkeel cdc`) or, in a node group, on the node that holds the
// stream's duty. Reads a server's binlog, renders Maxwell JSON, writes it to a sink, and moves the
// checkpoint only behind what the sink has durably taken.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cdc/config.h"
#include "coord/coordinator.h"

namespace evenkeel::cdc {

struct StreamReport {
    std::string name{};
    std::string state{};       // "standby", "waiting", "streaming", "stopped"
    std::string text{};        // Why, in a sentence.
    std::string source{};      // host:port it reads from.
    std::string gtid{};        // Last transaction handed to the sink.
    std::string checkpoint{};  // GTID position of the stored checkpoint.
    std::uint64_t rows = 0;
    std::uint64_t transactions = 0;
    std::uint64_t bytes = 0;
    std::uint64_t reconnects = 0;
    std::uint64_t dead_letters = 0;  // Rows that could not be written, of this tenure.
    std::int64_t lag_ms = 0;         // Wall clock minus the timestamp of the last transaction.
};

class StreamService {
public:
    // `coordinator` must outlive this; null: alone, without lease and checkpoint.
    StreamService(StreamConfig config, coord::Coordinator* coordinator);
    ~StreamService();  // Stops.
    void start();
    void stop();
    StreamReport report() const;  // Thread-safe.
    const StreamConfig& config() const;

    // The filter in force. Errors: corrupt  one that was set cannot be read by this version.
    Result<Filter> filter() const;
    // Sets another from the next transaction on; nothing: the configured one. In a group it is
    // stored for all nodes, under the stream's duty or the leader's: call it where one is held.
    // Thread-safe. Errors: invalid  not a filter: nothing was changed;  not_leader  this node has
    //         neither duty;  those of store_filter().
    Result<> set_filter(const std::optional<std::string>& text, Deadline deadline);

    // Blocks until the stream ended by itself, at most until `deadline`; its error, if any. A
    // stream ends by itself only on what needs a person: corrupt events, purged binlogs, a full
    // disk. Errors: timed_out  it still runs.
    Result<> wait(Deadline deadline);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::cdc
