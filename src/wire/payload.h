// TRANSACTION_PAYLOAD: the events of one transaction of MySQL, compressed into one event
// (binlog_transaction_compression=ON). They come out one after another; memory holds a piece of
// them, however long all of them are. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/binlog_event.h"

namespace evenkeel::wire {

class PayloadReader {
public:
    PayloadReader();
    ~PayloadReader();
    PayloadReader(PayloadReader&&) noexcept;
    PayloadReader& operator=(PayloadReader&&) noexcept;

    // The bytes of `event` have to stay until done(). Errors: corrupt  header or method.
    Result<> open(const Event& event);

    // The next event, valid until refill() or open(). Nothing: done(), or no whole one is in
    // memory. Errors: corrupt  an impossible event.
    Result<std::optional<Event>> next();

    // Uncompresses the next piece, at least as much as next() needs.
    // Errors: corrupt  cut, damaged, longer than it says, or an event of more than 1 GiB.
    Result<> refill();

    // All events are out.
    bool done() const { return finished_ && ready_.empty(); }
    std::size_t memory_bytes() const { return buffer_.capacity(); }

private:
    struct Decompressor;

    Error damaged(std::string_view why) const;
    Result<> grow();
    // One call of the library: moves what it produced behind the rest. Errors: corrupt.
    Result<> inflate_some();

    Event event_{};
    std::string_view packed_{};   // Not yet uncompressed.
    std::uint64_t size_ = 0;      // Of all events, as the header says.
    std::uint64_t produced_ = 0;  // Of them, so far.
    bool frame_open_ = false;     // The compressed data cannot end here.
    bool finished_ = false;
    std::string buffer_{};
    std::size_t filled_ = 0;    // Of buffer_.
    std::string_view ready_{};  // In buffer_, or in the event when it is not compressed.
    std::unique_ptr<Decompressor> decompressor_;
};

}  // namespace evenkeel::wire
