#include "cdc/render/image_slots.h"

namespace evenkeel::cdc {

bool ImageSlots::fill(const wire::RowsEvent& rows, const std::vector<ColumnPlan>& columns) {
    const std::size_t bitmap = (columns.size() + 7) / 8;
    const bool has_before = rows.kind != wire::RowsKind::insert;
    const bool has_after = rows.kind != wire::RowsKind::remove;
    if (has_before && rows.before_columns.size() < bitmap) return false;
    if (has_after && rows.after_columns.size() < bitmap) return false;
    const bool same_table = columns.data() == columns_.data() && columns.size() == columns_.size();
    if (same_table && rows.before_columns == before_bits_ && rows.after_columns == after_bits_) {
        return true;
    }
    columns_ = columns;
    before_bits_ = rows.before_columns;
    after_bits_ = rows.after_columns;
    slots_.clear();
    before_count_ = after_count_ = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const Slot slot{.column = &columns[i],
                        .before = has_before && bit(rows.before_columns.data(), i),
                        .after = has_after && bit(rows.after_columns.data(), i)};
        before_count_ += slot.before ? 1 : 0;
        after_count_ += slot.after ? 1 : 0;
        if (slot.before || slot.after) slots_.push_back(slot);
    }
    return true;
}

}  // namespace evenkeel::cdc
