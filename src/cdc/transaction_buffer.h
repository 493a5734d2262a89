// Keeps the raw row events of one transaction until its end is known. Small ones are never copied:
// they are rendered where they lie in the receive buffer. Large ones go to an unnamed file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cdc/render/table_plan.h"
#include "io/plain_file.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

// Not thread-safe.
class TransactionBuffer {
public:
    struct Record {
        wire::Event event{};
        const TablePlan* plan = nullptr;  // Null: not rows but the statement they come from.
        std::uint64_t position = 0;       // Of the event's start in the server's file.
        bool last = false;                // No row event comes behind it.
    };
    using Visit = std::function<Result<>(const Record&)>;

    // More than `memory_bytes_max` of kept events go to a temporary file.
    explicit TransactionBuffer(std::uint64_t memory_bytes_max) : memory_max_(memory_bytes_max) {}

    // The event's bytes have to stay where they are until keep() or clear(). `plan` null: an
    // ANNOTATE_ROWS event.
    void add(const wire::Event& event, const std::shared_ptr<const TablePlan>& plan,
             std::uint64_t position);
    // The receive buffer is about to be used again: copies what still lies in it.
    // Errors: those of writing the temporary file.
    Result<> keep();

    // Remembers how far the transaction is; a savepoint of the same name is replaced.
    void savepoint(const std::string& name);
    // Forgets what was added since that savepoint. False: it has no such savepoint.
    bool rollback_to(const std::string& name);

    // In the order of add(). The record's bytes live until `visit` returns.
    Result<> replay(const Visit& visit) const;
    bool empty() const { return added_ == 0; }
    // All of it still lies where it was received, and none of it was undone.
    bool in_place() const { return kept_.empty() && spilled_bytes_ == 0 && undone_.empty(); }
    // Those of its row events.
    void visit_plans(
        const std::function<void(const std::shared_ptr<const TablePlan>&)>& visit) const;
    bool touches(std::string_view database, std::string_view table) const;
    std::uint64_t rows_events() const { return rows_events_; }
    std::uint64_t spilled_bytes() const { return spilled_bytes_; }
    void clear();

private:
    struct Fresh {
        wire::Event event{};
        std::uint32_t plan = 0;
        std::uint64_t position = 0;
    };
    struct Plan {
        std::shared_ptr<const TablePlan> plan{};
        bool used = false;  // By this transaction, and not only by one before.
    };
    struct Mark {
        std::string name{};
        std::uint64_t added = 0;
        std::uint64_t rows_events = 0;
        std::uint64_t last_rows = 0;
    };

    std::uint32_t plan_number(const std::shared_ptr<const TablePlan>& plan);
    Result<> spill();
    bool undone(std::uint64_t number) const;
    // Hands the stored events of `bytes` to `visit` and says how many bytes whole ones took.
    Result<std::size_t> replay_stored(std::string_view bytes, std::uint64_t& number,
                                      const Visit& visit) const;
    Result<> replay_spilled(std::uint64_t& number, const Visit& visit) const;

    std::uint64_t memory_max_;
    std::vector<Plan> plans_;  // They stay: to count their users for each transaction costs.
    std::vector<Fresh> fresh_;
    std::string kept_;
    io::PlainFile file_;
    std::uint64_t spilled_bytes_ = 0;
    std::uint64_t added_ = 0;
    std::uint64_t rows_events_ = 0;
    std::uint64_t last_rows_ = 0;  // Number of the last row event that is not undone.
    std::vector<Mark> savepoints_;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> undone_;  // [from, to) of event numbers.
};

}  // namespace evenkeel::cdc
