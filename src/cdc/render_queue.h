// Transactions that were read and are not rendered yet. What a backlog brings at once is rendered
// by two threads: the caller's and one more, which take turns at parts of it. The lines come out in
// the transactions' order, and everything is done when render() returns.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mailbox.h"
#include "base/result.h"
#include "cdc/config.h"
#include "cdc/render/byte_buffer.h"
#include "cdc/transaction_buffer.h"
#include "cdc/transaction_renderer.h"
#include "io/thread.h"

namespace evenkeel::cdc {

struct QueuedTransaction {
    TransactionFacts facts{};
    std::uint32_t timestamp = 0;
    std::uint64_t offset = 0;  // Of its end in the server's file.
    bool repeated = false;     // Its rows were written before.
    // Once it is rendered:
    std::uint64_t rows = 0;
    std::size_t lines_at = 0;  // Where its lines begin.
};

// Not thread-safe.
class RenderQueue {
public:
    // Takes whole lines out of the buffer and clears it.
    using Drain = std::function<Result<>(ByteBuffer&)>;
    // A transaction whose lines were written, in order.
    using Ended = std::function<Result<>(const QueuedTransaction&)>;

    // `renderer` is the caller's own. Its dead letters would come in another order from two
    // threads, so with them it works alone.
    RenderQueue(const OutputConfig& output, TransactionRenderer& renderer, bool alone);
    ~RenderQueue();

    bool empty() const { return transactions_.empty(); }
    // `rows` is copied, but for the bytes of its events, which have to stay until render().
    void add(QueuedTransaction transaction, const TransactionBuffer& rows);
    void add(QueuedTransaction transaction);  // Without rows.
    // Leaves the queue empty. On an error the lines before it are in `lines`, and their
    // transactions have ended. `file` is where all of them are.
    // Errors: those of TransactionRenderer, `drain` and `ended`.
    Result<> render(std::string_view file, ByteBuffer& lines, const Drain& drain,
                    const Ended& ended);
    void clear();

private:
    // [first, last) of what is in the queue.
    struct Part {
        std::size_t first = 0;
        std::size_t last = 0;
        ByteBuffer lines{};
        std::size_t rendered = 0;  // Up to here; not the last: `fault` says why.
        std::optional<Error> fault{};
        bool done = false;
    };
    static constexpr std::size_t kPartsMax = 8;

    void render_part(Part& part, TransactionRenderer& renderer, ByteBuffer& lines);
    bool worth_sharing() const;
    void cut_parts();
    std::optional<std::size_t> claim();
    void share();
    void wait_for(Part& part);
    void help(io::StopToken& stop);
    Result<> hand_over(const Part& part, ByteBuffer& lines, const Ended& ended);

    const OutputConfig output_;
    TransactionRenderer& renderer_;
    const bool alone_;

    std::vector<QueuedTransaction> transactions_{};
    std::vector<std::size_t> record_ends_{};  // Of each transaction, in records_.
    std::vector<TransactionBuffer::Record> records_{};
    std::vector<std::shared_ptr<const TablePlan>> plans_{};  // Keeps them alive.
    std::size_t bytes_ = 0;                                  // Of the events with rows.
    bool shareable_ = true;                                  // As far as the plans go.
    std::string_view file_{};

    std::array<Part, kPartsMax> parts_{};
    std::size_t part_count_ = 0;
    // Which part comes next, in one word so that it is claimed once: number of the round (32 bits),
    // parts of it (16 bits), the next one (16 bits). Claiming is what makes a part visible.
    std::atomic<std::uint64_t> next_part_{0};
    std::uint64_t round_ = 0;
    Mailbox<std::uint64_t> orders_{1};
    Mailbox<std::size_t> done_{kPartsMax};
    std::unique_ptr<TransactionRenderer> second_{};
    io::Worker worker_{};  // Last: it uses the others.
};

}  // namespace evenkeel::cdc
