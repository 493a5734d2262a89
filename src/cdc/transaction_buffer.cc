#include "cdc/transaction_buffer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace evenkeel::cdc {
namespace {

constexpr std::uint32_t kNoPlan = UINT32_MAX;
// Read back from the file at once; an event that is longer gets a longer piece.
constexpr std::size_t kPiece = 1u << 20;

// Between transactions. More than these are looked through for longer than they save.
constexpr std::size_t kPlansKept = 8;

// In front of each kept event.
struct StoredHead {
    std::uint32_t size = 0;       // Of the event.
    std::uint32_t body_size = 0;  // Without header and checksum.
    std::uint64_t position = 0;
    std::uint32_t plan = 0;
    std::uint32_t unused = 0;
};

Result<wire::Event> stored_event(std::string_view bytes, std::size_t body_size) {
    // The checksum was verified when the event arrived; its length is known.
    EK_TRY(wire::Event event, wire::EventReader(false, false).read(bytes));
    event.body = bytes.substr(wire::kEventHeaderSize, body_size);
    return event;
}

}  // namespace

std::uint32_t TransactionBuffer::plan_number(const std::shared_ptr<const TablePlan>& plan) {
    if (plan == nullptr) return kNoPlan;
    // From behind: most often it is the table of the event before.
    for (std::size_t i = plans_.size(); i-- > 0;) {
        if (plans_[i].plan != plan) continue;
        plans_[i].used = true;
        return static_cast<std::uint32_t>(i);
    }
    plans_.push_back({plan, true});
    return static_cast<std::uint32_t>(plans_.size() - 1);
}

void TransactionBuffer::add(const wire::Event& event, const std::shared_ptr<const TablePlan>& plan,
                            std::uint64_t position) {
    Fresh& fresh = fresh_.emplace_back();
    fresh.event = event;
    fresh.plan = plan_number(plan);
    fresh.position = position;
    if (plan != nullptr) {
        ++rows_events_;
        last_rows_ = added_;
    }
    ++added_;
}

Result<> TransactionBuffer::keep() {
    for (const Fresh& fresh : fresh_) {
        const StoredHead head{.size = static_cast<std::uint32_t>(fresh.event.bytes.size()),
                              .body_size = static_cast<std::uint32_t>(fresh.event.body.size()),
                              .position = fresh.position,
                              .plan = fresh.plan};
        kept_.append(reinterpret_cast<const char*>(&head), sizeof head);
        kept_.append(fresh.event.bytes);
    }
    fresh_.clear();
    return kept_.size() > memory_max_ ? spill() : Result<>{};
}

Result<> TransactionBuffer::spill() {
    if (!file_.is_open()) {
        EK_TRY(file_, io::PlainFile::temporary());
    }
    EK_TRY_VOID(file_.append(kept_));
    spilled_bytes_ += kept_.size();
    kept_.clear();
    return {};
}

void TransactionBuffer::savepoint(const std::string& name) {
    std::erase_if(savepoints_, [&](const Mark& mark) { return mark.name == name; });
    savepoints_.push_back({name, added_, rows_events_, last_rows_});
}

bool TransactionBuffer::rollback_to(const std::string& name) {
    const auto mark = std::find_if(savepoints_.begin(), savepoints_.end(),
                                   [&](const Mark& m) { return m.name == name; });
    if (mark == savepoints_.end()) return false;
    if (mark->added < added_) undone_.emplace_back(mark->added, added_);
    rows_events_ = mark->rows_events;
    last_rows_ = mark->last_rows;
    savepoints_.erase(mark + 1, savepoints_.end());
    return true;
}

bool TransactionBuffer::undone(std::uint64_t number) const {
    return std::any_of(undone_.begin(), undone_.end(), [number](const auto& range) {
        return number >= range.first && number < range.second;
    });
}

Result<std::size_t> TransactionBuffer::replay_stored(std::string_view bytes, std::uint64_t& number,
                                                     const Visit& visit) const {
    std::size_t done = 0;
    StoredHead head;
    while (bytes.size() - done >= sizeof head) {
        std::memcpy(&head, bytes.data() + done, sizeof head);
        if (bytes.size() - done - sizeof head < head.size) break;
        const std::string_view stored = bytes.substr(done + sizeof head, head.size);
        done += sizeof head + head.size;
        const std::uint64_t mine = number++;
        if (undone(mine)) continue;
        EK_TRY(const wire::Event event, stored_event(stored, head.body_size));
        const bool rows = head.plan != kNoPlan;
        EK_TRY_VOID(visit({.event = event,
                           .plan = rows ? plans_[head.plan].plan.get() : nullptr,
                           .position = head.position,
                           .last = rows && mine == last_rows_}));
    }
    return done;
}

Result<> TransactionBuffer::replay_spilled(std::uint64_t& number, const Visit& visit) const {
    std::string piece;
    std::size_t wanted = kPiece;
    for (std::uint64_t offset = 0; offset < spilled_bytes_;) {
        piece.resize(std::min<std::uint64_t>(wanted, spilled_bytes_ - offset));
        EK_TRY_VOID(file_.read_at(offset, piece.data(), piece.size()));
        EK_TRY(const std::size_t done, replay_stored(piece, number, visit));
        // Not even one event fitted: read on with a longer piece.
        wanted = done == 0 ? wanted * 2 : kPiece;
        EK_CHECK(done > 0 || piece.size() < spilled_bytes_ - offset, "spill file ends in an event");
        offset += done;
    }
    return {};
}

Result<> TransactionBuffer::replay(const Visit& visit) const {
    std::uint64_t number = 0;
    if (spilled_bytes_ > 0) EK_TRY_VOID(replay_spilled(number, visit));
    if (!kept_.empty()) {
        EK_TRY(const std::size_t done, replay_stored(kept_, number, visit));
        EK_CHECK(done == kept_.size(), "kept events end in an event");
    }
    for (const Fresh& fresh : fresh_) {
        const std::uint64_t mine = number++;
        if (undone(mine)) continue;
        const bool rows = fresh.plan != kNoPlan;
        EK_TRY_VOID(visit({.event = fresh.event,
                           .plan = rows ? plans_[fresh.plan].plan.get() : nullptr,
                           .position = fresh.position,
                           .last = rows && mine == last_rows_}));
    }
    return {};
}

void TransactionBuffer::visit_plans(
    const std::function<void(const std::shared_ptr<const TablePlan>&)>& visit) const {
    for (const Plan& known : plans_) {
        if (known.used) visit(known.plan);
    }
}

bool TransactionBuffer::touches(std::string_view database, std::string_view table) const {
    return std::any_of(plans_.begin(), plans_.end(), [&](const Plan& known) {
        return known.used && known.plan->table == table && known.plan->database == database;
    });
}

void TransactionBuffer::clear() {
    if (plans_.size() > kPlansKept) plans_.clear();
    for (Plan& known : plans_) known.used = false;
    fresh_.clear();
    kept_.clear();
    // One giant must not hold its memory or disk for ever.
    if (kept_.capacity() > kPiece) kept_.shrink_to_fit();
    if (file_.is_open()) file_ = {};
    spilled_bytes_ = 0;
    added_ = 0;
    rows_events_ = 0;
    last_rows_ = 0;
    savepoints_.clear();
    undone_.clear();
}

}  // namespace evenkeel::cdc
