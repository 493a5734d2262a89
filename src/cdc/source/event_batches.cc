#include "cdc/source/event_batches.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

constexpr std::size_t kReceiveBytes = 1u << 20;
// So much at once is not what a server sends that has nothing waiting.
constexpr std::size_t kBacklog = 128u << 10;
constexpr Millis kAheadPause{1};  // Nothing came for so long: the backlog is read.
constexpr Millis kOrderSlice{1000};
constexpr Millis kTakeSlice{100};

}  // namespace

EventBatches::EventBatches(std::unique_ptr<io::ByteStream> stream, bool checksums, NoEvent no_event)
    : stream_(std::move(stream)), no_event_(std::move(no_event)), events_(checksums, true) {}

EventBatches::~EventBatches() {
    enough_.store(true, std::memory_order_relaxed);
    orders_.close();
    worker_.stop();
}

Result<const EventBatch*> EventBatches::next(Deadline deadline) {
    if (ahead_) {
        Filled* filled = take_ahead(deadline);
        if (filled == nullptr) return Error{Errc::timed_out, "receive: nothing came"};
        current_ = filled;
    } else {
        restart(*current_, *current_);
        // A packet that came in parts may have others behind it.
        cut(*current_);
    }
    if (current_->events.empty() && !current_->ended()) EK_TRY_VOID(receive(*current_, deadline));
    if (current_->received >= kBacklog && !current_->ended()) order_ahead();
    return current_;
}

void EventBatches::restart(Filled& batch, const Filled& before) {
    batch.events.clear();
    batch.fault.reset();
    batch.received = 0;
    batch.joined = false;
    take_rest(batch, before);
}

void EventBatches::take_rest(Filled& batch, const Filled& before) {
    const std::size_t left = before.end - before.begin;
    const std::size_t wanted =
        std::max(left, wire::PacketReader::wanted({before.buffer.data() + before.begin, left}));
    if (wanted > batch.buffer.size()) batch.buffer.resize(wanted + kReceiveBytes);
    if (left > 0) std::memmove(batch.buffer.data(), before.buffer.data() + before.begin, left);
    batch.begin = 0;
    batch.end = left;
}

void EventBatches::cut(Filled& batch) {
    std::string_view unread(batch.buffer.data() + batch.begin, batch.end - batch.begin);
    while (!batch.ended()) {
        const auto packet = packets_.next(unread);
        if (!packet) break;
        const std::string_view payload = packet->payload;
        const bool holds_event =
            packet->kind == wire::PacketKind::data && !payload.empty() && payload[0] == 0;
        if (!holds_event) {
            batch.fault = no_event_(*packet);
            break;
        }
        auto read = events_.read(payload.substr(1), batch.events.emplace_back());
        if (!read) {
            batch.events.pop_back();
            batch.fault = std::move(read.error());
            break;
        }
        batch.joined = !batch.contains(payload);
    }
    batch.begin = batch.end - unread.size();
}

Result<> EventBatches::receive(Filled& batch, Deadline deadline) {
    if (batch.events.empty()) take_rest(batch, batch);
    EK_TRY(const std::size_t got, stream_->receive(batch.buffer.data() + batch.end,
                                                   batch.buffer.size() - batch.end, deadline));
    batch.end += got;
    batch.received += got;
    cut(batch);
    return {};
}

EventBatches::Filled* EventBatches::take_ahead(Deadline deadline) {
    enough_.store(true, std::memory_order_relaxed);
    do {
        if (const auto filled = filled_.take(kTakeSlice)) {
            ahead_ = false;
            return *filled;
        }
    } while (!deadline.passed(io::now()));
    return nullptr;
}

void EventBatches::order_ahead() {
    if (!worker_.running()) {
        worker_ = io::Worker("read-ahead", [this](io::StopToken& stop) {
            while (!stop.requested()) {
                const auto order = orders_.take(kOrderSlice);
                if (!order) continue;
                read_ahead(**order);
                EK_CHECK(filled_.post(*order), "one batch is read ahead at a time");
            }
        });
    }
    enough_.store(false, std::memory_order_relaxed);
    ahead_ = true;
    Filled* other = current_ == batches_.data() ? &batches_[1] : batches_.data();
    EK_CHECK(orders_.post(other), "one batch is ordered at a time");
}

void EventBatches::read_ahead(Filled& batch) {
    restart(batch, *current_);
    do {
        // A connection that ended says so to the caller too.
        if (!receive(batch, io::within(kAheadPause))) return;
    } while (!batch.ended() && batch.end < batch.buffer.size() && batch.received < kReceiveBytes &&
             !enough_.load(std::memory_order_relaxed));
}

}  // namespace evenkeel::cdc
