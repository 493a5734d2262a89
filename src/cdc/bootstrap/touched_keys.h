// The keys of one table's rows that the stream printed while a chunk of that table was being read:
// the watermark's window. docs/internals/bootstrap.md says why a chunk's row with such a key must
// not be printed. Pure.
//
// Keys are compared as they are printed: two rows with the same printed key are one row to whoever
// applies the lines, whatever the collation says.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "cdc/bootstrap/table_layout.h"
#include "cdc/render/value_writer.h"
#include "wire/binlog_event.h"
#include "wire/rows_event.h"

namespace evenkeel::cdc {

enum class KeyVerdict : std::uint8_t {
    untouched,  // Print the chunk's row.
    printed,    // The stream has printed the whole row since: drop the chunk's.
    doubtful,   // Only parts of it were printed, or the key is not certain: read the chunk again.
};

// Not thread-safe.
class TouchedKeys {
public:
    TouchedKeys();

    // Begins a window of this table. `layout` must outlive it.
    void open(const TableLayout& layout);
    void close();
    bool is_open() const { return layout_ != nullptr; }
    bool watches(const TablePlan& plan) const;

    // The stream printed these rows. Never fails: what cannot be understood makes all doubtful.
    void add(const TablePlan& plan, const wire::Event& event);
    // Definitions may have changed, or rows without events (TRUNCATE).
    void doubt_all() { doubtful_ = true; }

    bool any() const { return doubtful_ || !keys_.empty(); }
    bool all_doubtful() const { return doubtful_; }
    // `image`: a row of the layout's form; its end goes to `end`.
    KeyVerdict judge(const char* image, const char* limit, const char*& end);

private:
    struct Span {
        const char* begin = nullptr;  // Null: NULL, or not in the image.
        const char* end = nullptr;
    };
    bool add_rows(const TablePlan& plan, const wire::RowsEvent& rows);
    // Where the image at `in` ends; null when it is damaged.
    const char* locate(const TablePlan& plan, std::string_view present, const char* in,
                       std::vector<Span>& spans);
    // False: a part of the key is not there.
    bool print_key(const TablePlan& plan, const std::vector<std::uint32_t>& key,
                   const std::vector<Span>& spans, const std::vector<Span>* otherwise);
    bool touch_row(const TablePlan& plan, const std::vector<std::uint32_t>& key, bool has_before,
                   bool has_after, bool whole);
    void remember(bool whole, bool same_row);

    const TableLayout* layout_ = nullptr;
    std::unordered_map<std::string, bool> keys_{};  // Whether the whole row was printed.
    std::size_t bytes_ = 0;
    bool doubtful_ = false;
    ByteBuffer out_{};
    ValueWriter values_;
    std::string printed_{};
    std::string scratch_{};
    std::vector<Span> before_{};
    std::vector<Span> after_{};
    std::vector<std::uint32_t> layout_key_{};
    std::string all_present_{};
};

}  // namespace evenkeel::cdc
