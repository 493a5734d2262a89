// Receives the packets of a binlog dump and cuts the events out of them, batch by batch.
//
// While the caller works on a batch that came from a backlog, a thread receives, checks and cuts
// the next one. When little is waiting all of it happens on the caller's thread, for a hand-over
// costs more than it saves, and would come on top of an event's latency.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/instant.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "io/byte_stream.h"
#include "io/thread.h"
#include "wire/binlog_event.h"
#include "wire/packet_reader.h"

namespace evenkeel::cdc {

struct EventBatch {
    std::vector<wire::Event> events{};
    std::optional<Error> fault{};  // What came behind the events; there is no batch behind it.
    std::size_t received = 0;      // Bytes.
};

// Not thread-safe.
class EventBatches {
public:
    // The error that a packet means which holds no event. Called on any thread.
    using NoEvent = std::function<Error(const wire::Packet&)>;

    // `checksums`: see wire::EventReader, which verifies them.
    EventBatches(std::unique_ptr<io::ByteStream> stream, bool checksums, NoEvent no_event);
    ~EventBatches();

    // Waits for bytes. The batch, which may be without an event, and the bytes of its events are
    // good until the next call. Errors: timed_out    nothing came until the deadline;
    //                                   unavailable  the connection ended.
    Result<const EventBatch*> next(Deadline deadline);

private:
    struct Filled : EventBatch {
        std::vector<char> buffer{};
        std::size_t begin = 0;  // Of what is in the buffer and not cut.
        std::size_t end = 0;
        bool joined = false;  // The last event lives in packets_, until that is asked again.

        bool ended() const { return fault.has_value() || joined; }
        bool contains(std::string_view bytes) const {
            return bytes.data() >= buffer.data() && bytes.data() < buffer.data() + buffer.size();
        }
    };

    // `batch` becomes empty, but for what the one before left over.
    static void restart(Filled& batch, const Filled& before);
    // What `before`, which may be the same one, has not cut moves to the front of `batch`, with
    // room for the rest of its packet. The batch must have no events, whose bytes would move.
    static void take_rest(Filled& batch, const Filled& before);
    void cut(Filled& batch);
    Result<> receive(Filled& batch, Deadline deadline);
    // The batch that is read ahead; null: it is not there at the deadline.
    Filled* take_ahead(Deadline deadline);
    void order_ahead();
    void read_ahead(Filled& batch);

    const std::unique_ptr<io::ByteStream> stream_;
    const NoEvent no_event_;
    // These belong to the thread that fills a batch, of which there is one at a time.
    wire::PacketReader packets_{};
    wire::EventReader events_;

    std::array<Filled, 2> batches_{};
    Filled* current_ = batches_.data();
    bool ahead_ = false;               // The other one was ordered.
    std::atomic<bool> enough_{false};  // The caller waits for it.
    Mailbox<Filled*> orders_{1};
    Mailbox<Filled*> filled_{1};
    io::Worker worker_{};  // Last: it uses the others.
};

}  // namespace evenkeel::cdc
