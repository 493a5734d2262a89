#include "cdc/render_queue.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/check.h"

namespace evenkeel::cdc {
namespace {

// To wake the other thread costs as much as a few of these kilobytes.
constexpr std::size_t kShareBytes = 64u << 10;
constexpr std::size_t kPartBytes = 16u << 10;
constexpr Millis kOrderSlice{1000};
constexpr Millis kDoneSlice{100};

// A converter is one thread's, and so may be what a rule keeps.
bool is_shareable(const TablePlan& plan) {
    return plan.treatment == nullptr &&
           std::all_of(plan.columns.begin(), plan.columns.end(),
                       [](const ColumnPlan& column) { return column.converter == nullptr; });
}

}  // namespace

RenderQueue::RenderQueue(const OutputConfig& output, TransactionRenderer& renderer, bool alone)
    : output_(output), renderer_(renderer), alone_(alone) {}

RenderQueue::~RenderQueue() {
    orders_.close();
    worker_.stop();
}

void RenderQueue::add(QueuedTransaction transaction, const TransactionBuffer& rows) {
    const auto keep_plan = [&](const std::shared_ptr<const TablePlan>& plan) {
        if (!plans_.empty() && plans_.back() == plan) return;
        plans_.push_back(plan);
        shareable_ = shareable_ && is_shareable(*plan);
    };
    const auto keep = [&](const TransactionBuffer::Record& record) -> Result<> {
        records_.push_back(record);
        bytes_ += record.event.bytes.size();
        return {};
    };
    // References: no allocation.
    rows.visit_plans(std::cref(keep_plan));
    EK_CHECK(rows.replay(std::cref(keep)), "what is in place is not read from a file");
    add(std::move(transaction));
}

void RenderQueue::add(QueuedTransaction transaction) {
    transactions_.push_back(std::move(transaction));
    record_ends_.push_back(records_.size());
}

void RenderQueue::clear() {
    transactions_.clear();
    record_ends_.clear();
    records_.clear();
    plans_.clear();
    bytes_ = 0;
    shareable_ = true;
}

// Stops at the first transaction that cannot be rendered, with the lines of those before it.
void RenderQueue::render_part(Part& part, TransactionRenderer& renderer, ByteBuffer& lines) {
    part.fault.reset();
    part.rendered = part.first;
    std::size_t at = part.first == 0 ? 0 : record_ends_[part.first - 1];
    for (; part.rendered < part.last; ++part.rendered) {
        QueuedTransaction& transaction = transactions_[part.rendered];
        transaction.rows = 0;
        transaction.lines_at = lines.size();
        renderer.begin(transaction.facts, file_);
        for (; at < record_ends_[part.rendered]; ++at) {
            const auto rows = renderer.append(records_[at], lines);
            if (!rows) {
                lines.truncate(transaction.lines_at);
                part.fault = rows.error();
                return;
            }
            transaction.rows += *rows;
        }
    }
}

bool RenderQueue::worth_sharing() const {
    return !alone_ && shareable_ && bytes_ >= kShareBytes && transactions_.size() > 1;
}

// Parts of about the same number of bytes, in the transactions' order.
void RenderQueue::cut_parts() {
    const std::size_t wanted = std::max(kPartBytes, bytes_ / kPartsMax + 1);
    part_count_ = 0;
    std::size_t bytes = 0;
    std::size_t at = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < transactions_.size(); ++i) {
        for (; at < record_ends_[i]; ++at) bytes += records_[at].event.bytes.size();
        const bool last = i + 1 == transactions_.size();
        if (!last && (bytes < wanted || part_count_ + 1 == kPartsMax)) continue;
        Part& part = parts_[part_count_++];
        part.first = first;
        part.last = i + 1;
        part.done = false;
        part.lines.clear();
        first = i + 1;
        bytes = 0;
    }
}

std::optional<std::size_t> RenderQueue::claim() {
    std::uint64_t seen = next_part_.load(std::memory_order_acquire);
    while ((seen & 0xffff) < (seen >> 16 & 0xffff)) {
        if (next_part_.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel,
                                             std::memory_order_acquire)) {
            return seen & 0xffff;
        }
    }
    return {};
}

// Renders all parts, the other thread helping. What it has claimed may still be under way.
void RenderQueue::share() {
    if (!worker_.running()) {
        second_ = std::make_unique<TransactionRenderer>(output_);
        worker_ = io::Worker("render", [this](io::StopToken& stop) { help(stop); });
    }
    cut_parts();
    next_part_.store(++round_ << 32 | part_count_ << 16, std::memory_order_release);
    (void)orders_.post(round_);  // Full: it has not woken up since the last one.
    while (const auto mine = claim()) {
        render_part(parts_[*mine], renderer_, parts_[*mine].lines);
        parts_[*mine].done = true;
    }
}

void RenderQueue::help(io::StopToken& stop) {
    while (!stop.requested()) {
        if (!orders_.take(kOrderSlice)) continue;
        while (const auto mine = claim()) {
            render_part(parts_[*mine], *second_, parts_[*mine].lines);
            EK_CHECK(done_.post(*mine), "each part is done once");
        }
    }
}

void RenderQueue::wait_for(Part& part) {
    while (!part.done) {
        if (const auto done = done_.take(kDoneSlice)) parts_[*done].done = true;
    }
}

// The part's lines are in `lines`: its transactions have ended.
Result<> RenderQueue::hand_over(const Part& part, ByteBuffer& lines, const Ended& ended) {
    for (std::size_t i = part.first; i < part.rendered; ++i) {
        const auto counted = ended(transactions_[i]);
        if (counted) continue;
        lines.truncate(transactions_[i].lines_at);
        return counted;
    }
    return part.fault ? Result<>(*part.fault) : Result<>{};
}

Result<> RenderQueue::render(std::string_view file, ByteBuffer& lines, const Drain& drain,
                             const Ended& ended) {
    if (empty()) return {};
    file_ = file;
    Result<> result;
    if (!worth_sharing()) {
        parts_[0].first = 0;
        parts_[0].last = transactions_.size();
        render_part(parts_[0], renderer_, lines);
        result = hand_over(parts_[0], lines, ended);
    } else {
        share();
        // All of them have to be done before the queue may change, also behind an error.
        for (std::size_t i = 0; i < part_count_; ++i) wait_for(parts_[i]);
        for (std::size_t i = 0; i < part_count_ && result; ++i) {
            if (!lines.empty()) result = drain(lines);
            if (!result) break;
            std::swap(lines, parts_[i].lines);
            result = hand_over(parts_[i], lines, ended);
        }
    }
    clear();
    return result;
}

}  // namespace evenkeel::cdc
