// Which of a table's columns the two images of a row event have.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cdc/render/table_plan.h"
#include "wire/rows_event.h"

namespace evenkeel::cdc {

// A column that is in at least one of the images.
struct Slot {
    const ColumnPlan* column = nullptr;
    bool before = false;
    bool after = false;
};

// In the order of columns. Filled again for each event, which is cheap for one like the event
// before.
class ImageSlots {
public:
    // False: a bitmap is too short for `columns`, and what was filled before stays. `columns` must
    // outlive the slots.
    bool fill(const wire::RowsEvent& rows, const std::vector<ColumnPlan>& columns);

    const std::vector<Slot>& all() const { return slots_; }
    std::size_t before_count() const { return before_count_; }
    std::size_t after_count() const { return after_count_; }

private:
    std::vector<Slot> slots_;
    std::size_t before_count_ = 0;
    std::size_t after_count_ = 0;
    // What they were made from.
    std::span<const ColumnPlan> columns_;
    std::string before_bits_;
    std::string after_bits_;
};

inline bool bit(const char* bits, std::size_t index) {
    return (static_cast<unsigned char>(bits[index >> 3]) >> (index & 7) & 1) != 0;
}

}  // namespace evenkeel::cdc
