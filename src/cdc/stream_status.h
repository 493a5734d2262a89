// What a stream says about itself to other threads.
#pragma once

#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "cdc/stream_decoder.h"
#include "cdc/stream_service.h"

namespace evenkeel::cdc {

// Thread-safe.
class StreamStatus {
public:
    explicit StreamStatus(const std::string& name);

    // Logs when the state or the text changed.
    void set_state(const std::string& state, const std::string& text);
    void set_source(const std::string& source);
    void set_checkpoint(const std::string& gtid);
    // `caught_up`: nothing more is in the server's binlog. `wall_ms`: now.
    void progress(const StreamPosition& position, bool caught_up, std::int64_t wall_ms);
    void add_bytes(std::uint64_t bytes);
    void count_reconnect();
    // Of the current tenure.
    void set_dead_letters(std::uint64_t count);
    // The stream has ended by itself, with this error, or because it was stopped.
    void end(const Result<>& result);
    void begin();

    // `wall_ms`: now, for the lag of a stream that stands still.
    StreamReport report(std::int64_t wall_ms) const;
    // Nothing while it runs.
    std::optional<Result<>> wait_end(Millis limit) const;

private:
    mutable Mutex mutex_;
    mutable CondVar ended_;
    StreamReport report_ EK_GUARDED_BY(mutex_);
    std::int64_t last_ms_ EK_GUARDED_BY(mutex_) = 0;  // Time of the last transaction.
    bool caught_up_ EK_GUARDED_BY(mutex_) = false;
    std::optional<Result<>> result_ EK_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::cdc
