#include "cdc/stream_status.h"

#include <algorithm>

#include "base/log.h"

namespace evenkeel::cdc {
namespace {

constexpr const char* kStopped = "stopped on request";

}  // namespace

StreamStatus::StreamStatus(const std::string& name) {
    Lock lock(mutex_);
    report_.name = name;
    report_.state = "standby";
    report_.text = "not started";
}

void StreamStatus::begin() {
    Lock lock(mutex_);
    result_.reset();
}

void StreamStatus::set_state(const std::string& state, const std::string& text) {
    std::string name;
    {
        Lock lock(mutex_);
        if (report_.state == state && report_.text == text) return;
        report_.state = state;
        report_.text = text;
        if (state != "streaming") report_.source.clear();
        name = report_.name;
    }
    if (state == "stopped" && text != kStopped) {
        log::error("cdc", "stream {}: {}", name, text);
    } else {
        log::info("cdc", "stream {}: {}: {}", name, state, text);
    }
}

void StreamStatus::set_source(const std::string& source) {
    Lock lock(mutex_);
    report_.source = source;
}

void StreamStatus::set_checkpoint(const std::string& gtid) {
    Lock lock(mutex_);
    report_.checkpoint = gtid;
}

void StreamStatus::progress(const StreamPosition& position, bool caught_up, std::int64_t wall_ms) {
    const std::string gtid = position.at.str();
    Lock lock(mutex_);
    caught_up_ = caught_up;
    if (report_.transactions == position.transactions && report_.gtid == gtid) return;
    report_.gtid = gtid;
    report_.rows = position.rows;
    report_.transactions = position.transactions;
    last_ms_ = std::int64_t{position.timestamp} * 1000;
    // Binlog times are whole seconds: what is within one is no lag.
    report_.lag_ms = last_ms_ == 0 ? 0 : std::max<std::int64_t>(0, wall_ms - last_ms_ - 1000);
}

void StreamStatus::add_bytes(std::uint64_t bytes) {
    Lock lock(mutex_);
    report_.bytes += bytes;
}

void StreamStatus::count_reconnect() {
    Lock lock(mutex_);
    ++report_.reconnects;
}

void StreamStatus::set_dead_letters(std::uint64_t count) {
    Lock lock(mutex_);
    report_.dead_letters = count;
}

void StreamStatus::end(const Result<>& result) {
    set_state("stopped", result ? kStopped : result.error().what);
    {
        Lock lock(mutex_);
        result_ = result;
    }
    ended_.notify_all();
}

StreamReport StreamStatus::report(std::int64_t wall_ms) const {
    Lock lock(mutex_);
    StreamReport report = report_;
    if (caught_up_ && report.state == "streaming") report.lag_ms = 0;
    // A stream that stands still falls behind with every second.
    if (report.state != "streaming" && last_ms_ != 0) {
        report.lag_ms = std::max<std::int64_t>(0, wall_ms - last_ms_);
    }
    return report;
}

std::optional<Result<>> StreamStatus::wait_end(Millis limit) const {
    Lock lock(mutex_);
    if (!result_ && limit > Millis{0}) ended_.wait_for(mutex_, limit);
    return result_;
}

}  // namespace evenkeel::cdc
