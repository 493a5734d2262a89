// Walks the rows of a row event, whose images lie one behind the other, and writes what a line says
// of their values: "data", "old" and the primary key. Pure; not thread-safe.
//
// The functions that write take the place in `lines` where output goes on and return where it goes
// on behind theirs, or null when the row is damaged: which row that was is for the caller, who goes
// back to its start.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cdc/config.h"
#include "cdc/render/byte_buffer.h"
#include "cdc/render/image_slots.h"
#include "cdc/render/keyed_hash.h"
#include "cdc/render/row_treatment.h"
#include "cdc/render/table_plan.h"
#include "cdc/render/value_text.h"
#include "cdc/render/value_writer.h"
#include "wire/binlog_event.h"
#include "wire/rows_event.h"

namespace evenkeel::cdc {

// What stands for a value that is not shown.
inline constexpr std::string_view kRedacted = "\"***\"";

class RowImages {
public:
    RowImages(const OutputConfig& options, ByteBuffer& lines);

    // Goes to the first row of the event. Errors: corrupt.
    Result<> begin(const TablePlan& table, const wire::Event& event);
    // What each line has room for besides the content of values with a length in front.
    void set_room(std::size_t room) { values_.begin(end_, room); }

    wire::RowsKind kind() const { return rows_.kind; }
    bool at_end() const { return at_ >= end_; }
    // The row that comes next.
    const char* at() const { return at_; }
    void go_back(const char* row) { at_ = row; }

    // Past the row, whose values key_value() and shown_value() then know. False: it is damaged.
    bool skip();
    // The next row is not dropped by the table's treatment, which it has. Nothing: it is damaged.
    // Errors: invalid  a rule cannot be decided.
    Result<std::optional<bool>> is_kept();

    // The values of the next row's primary key, with commas between them.
    char* put_key(char* out);
    // {"a":1,...} and what an update changed of it; past the row.
    char* put_data(char* out);
    // The row that put_data() failed at has changes to a JSON value that is not in the event.
    bool lacks_before() const { return lacks_before_; }

    // Of the row that was walked last, as JSON; the text is good until the next call. A masked
    // value as it is shown; NULL when it is in no image.
    std::string_view key_value(std::uint32_t column);
    // Nothing: it is in no image. A masked value is redacted, whatever its mask.
    std::optional<std::string_view> shown_value(std::uint32_t column);

private:
    // A value of a row's image.
    struct Span {
        const char* begin = nullptr;  // Null: NULL, or not in the image.
        const char* end = nullptr;
    };
    // A column that differs between the images, and where its new value stands in the output.
    struct Change {
        const Slot* slot = nullptr;
        Span old{};
        std::size_t begin = 0;
        std::size_t end = 0;  // Same as begin when it was left out, being null.
    };

    // Where the image at `in` ends, having filled `spans` by slot; null when it is damaged.
    const char* locate(bool Slot::*image, const char* in, std::vector<Span>& spans);
    // locate() of each image at `in`.
    const char* locate_row(const char* in);
    // Past the value options in front of an after image; null when they are damaged.
    const char* read_options(const char* in);
    Error rule_on_patch(const RowRule& rule) const;

    // The new value of `slot` at place.in, which may be changes to the `old` one.
    inline Place put_new(const Slot& slot, Span old, Place place);
    Place put_patched(const ColumnPlan& column, Span old, Place place);
    bool is_patch(const ColumnPlan& column) const {
        return patched_ != nullptr && column.kind == ValueKind::json_mysql &&
               bit(patched_, column.json_index);
    }
    char* put_image(char* out);
    char* put_images(char* out);
    char* put_old(char* out);
    char* put_change(const Change& change, char* out);
    // `"name":value` and where both go on.
    inline Place put_member(const ColumnPlan& column, Place place);
    Place put_special_member(const ColumnPlan& column, Place place);
    char* put_masked(const ColumnPlan& column, Mask mask, const char* in, char* out);
    char* put_null_member(const ColumnPlan& column, char* out) const;
    // Members have been written from `open` on, each with a comma in front.
    char* close_object(std::size_t open, char* out);

    const ColumnTreatment& treatment_of(const ColumnPlan& column) const {
        return treatment_->columns[static_cast<std::size_t>(&column - plan_->columns.data())];
    }
    std::optional<Mask> mask_of(const ColumnPlan& column) const {
        return treatment_ == nullptr ? std::nullopt : treatment_of(column).mask;
    }
    // The value of a column in the row that locate() found last: the new one, if there are two.
    // Nothing: it is in no image.
    std::optional<Span> value_of(std::uint32_t column) const;
    std::size_t offset(const char* out) { return static_cast<std::size_t>(out - lines_.data()); }

    const bool nulls_;             // NULLs are shown.
    const bool drops_zero_dates_;  // They are NULLs, which are not shown.
    ByteBuffer& lines_;
    ValueWriter values_;
    ValueText texts_;
    KeyedHash hash_;
    std::string masked_{};

    // Of the event:
    const TablePlan* plan_ = nullptr;
    const RowTreatment* treatment_ = nullptr;
    bool plain_ = true;  // Each value is written as it is.
    wire::RowsEvent rows_{};
    std::string uncompressed_{};
    std::array<ImageSlots, 3> slots_of_{};        // By kind of event.
    const ImageSlots* slots_ = slots_of_.data();  // Of this kind.
    const char* at_ = nullptr;
    const char* end_ = nullptr;

    // Of the row:
    std::vector<Span> before_{};
    std::vector<Span> after_{};
    std::vector<Change> changes_{};
    const char* patched_ = nullptr;  // Which JSON columns of an update have JSON diffs; null: none.
    bool lacks_before_ = false;
};

}  // namespace evenkeel::cdc
