#include "cdc/bootstrap/touched_keys.h"

#include <algorithm>
#include <optional>

namespace evenkeel::cdc {
namespace {

// Beyond this the window is given up: the chunk is read again.
constexpr std::size_t kBytesMax = 64u << 20;
constexpr std::size_t kPerKey = 96;

// Stands for bytes that mean nothing in their charset: different keys may print alike.
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool bit(std::string_view bits, std::size_t index) {
    return (static_cast<unsigned char>(bits[index >> 3]) >> (index & 7) & 1) != 0;
}

bool has_all(std::string_view bits, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (!bit(bits, i)) return false;
    }
    return true;
}

std::optional<std::vector<std::uint32_t>> find_columns(const TablePlan& plan,
                                                       const std::vector<std::string>& names) {
    std::vector<std::uint32_t> found;
    for (const std::string& name : names) {
        const auto it = std::find_if(plan.columns.begin(), plan.columns.end(),
                                     [&](const ColumnPlan& column) { return column.name == name; });
        if (it == plan.columns.end()) return {};
        found.push_back(static_cast<std::uint32_t>(it - plan.columns.begin()));
    }
    return found;
}

}  // namespace

TouchedKeys::TouchedKeys() : values_({}, out_) {}

void TouchedKeys::open(const TableLayout& layout) {
    close();
    layout_ = &layout;
    for (const KeyColumn& part : layout.key) layout_key_.push_back(part.column);
    all_present_.assign((layout.rows.columns.size() + 7) / 8, '\xFF');
}

void TouchedKeys::close() {
    layout_ = nullptr;
    layout_key_.clear();
    keys_.clear();
    bytes_ = 0;
    doubtful_ = false;
}

bool TouchedKeys::watches(const TablePlan& plan) const {
    return layout_ != nullptr && plan.table == layout_->rows.table &&
           plan.database == layout_->rows.database;
}

void TouchedKeys::add(const TablePlan& plan, const wire::Event& event) {
    if (!watches(plan) || doubtful_) return;
    const auto rows = wire::parse_rows(event, scratch_);
    if (!rows || rows->columns != plan.columns.size() || !add_rows(plan, *rows)) doubtful_ = true;
}

bool TouchedKeys::add_rows(const TablePlan& plan, const wire::RowsEvent& rows) {
    const auto key = find_columns(plan, layout_->key_names());
    if (!key) return false;
    const std::size_t bitmap = (plan.columns.size() + 7) / 8;
    const bool has_before = rows.kind != wire::RowsKind::insert;
    const bool has_after = rows.kind != wire::RowsKind::remove;
    if (has_before && rows.before_columns.size() < bitmap) return false;
    if (has_after && rows.after_columns.size() < bitmap) return false;
    const bool whole = !has_after || has_all(rows.after_columns, plan.columns.size());
    const char* at = rows.rows.data();
    const char* end = at + rows.rows.size();
    values_.begin(end, plan.fixed_bytes_max);
    while (at < end) {
        const char* start = at;
        if (has_before) at = locate(plan, rows.before_columns, at, before_);
        if (at != nullptr && has_after) at = locate(plan, rows.after_columns, at, after_);
        if (at == nullptr || at == start) return false;
        if (!touch_row(plan, *key, has_before, has_after, whole)) return false;
        if (bytes_ > kBytesMax) return false;
    }
    return true;
}

bool TouchedKeys::touch_row(const TablePlan& plan, const std::vector<std::uint32_t>& key,
                            bool has_before, bool has_after, bool whole) {
    std::string old;
    if (has_before) {
        if (!print_key(plan, key, before_, nullptr)) return false;
        if (!has_after) return remember(true, false), true;
        old = printed_;
    }
    if (!print_key(plan, key, after_, has_before ? &before_ : nullptr)) return false;
    const bool same = has_before && old == printed_;
    // What was printed of a row stays true of it; a new row at the key has nothing from before.
    remember(whole, same);
    if (!has_before || same) return true;
    printed_ = old;
    remember(true, false);
    return true;
}

const char* TouchedKeys::locate(const TablePlan& plan, std::string_view present, const char* in,
                                std::vector<Span>& spans) {
    const std::size_t columns = plan.columns.size();
    std::size_t count = 0;
    for (std::size_t i = 0; i < columns; ++i) count += bit(present, i) ? 1 : 0;
    spans.assign(columns, {});
    const char* const nulls = in;
    // A bitmap that is cut makes the first value start behind the end.
    in = values_.skip(
        {.kind = ValueKind::binary_fixed,
         .size = static_cast<std::uint8_t>(std::min<std::size_t>(255, (count + 7) / 8))},
        in);
    if (in == nullptr) return nullptr;
    in = nulls + (count + 7) / 8;
    std::size_t index = 0;
    for (std::size_t i = 0; i < columns; ++i) {
        if (!bit(present, i)) continue;
        const std::size_t mine = index++;
        if ((static_cast<unsigned char>(nulls[mine >> 3]) >> (mine & 7) & 1) != 0) continue;
        const char* next = values_.skip(plan.columns[i], in);
        if (next == nullptr) return nullptr;
        spans[i] = {in, next};
        in = next;
    }
    return in;
}

bool TouchedKeys::print_key(const TablePlan& plan, const std::vector<std::uint32_t>& key,
                            const std::vector<Span>& spans, const std::vector<Span>* otherwise) {
    out_.clear();
    char* out = out_.room(plan.fixed_bytes_max + 64);
    for (const std::uint32_t index : key) {
        Span span = spans[index];
        if (span.begin == nullptr && otherwise != nullptr) span = (*otherwise)[index];
        if (span.begin == nullptr) return false;
        out = values_.write(plan.columns[index], {span.begin, out}).out;
        if (out == nullptr) return false;
        *out++ = ',';
    }
    out_.set_end(out);
    printed_ = out_.view();
    return true;
}

void TouchedKeys::remember(bool whole, bool same_row) {
    if (printed_.find(kReplacement) != std::string::npos) whole = false;
    const auto [entry, added] = keys_.try_emplace(printed_, whole);
    if (added) {
        bytes_ += printed_.size() + kPerKey;
    } else {
        entry->second = whole || (same_row && entry->second);
    }
}

KeyVerdict TouchedKeys::judge(const char* image, const char* limit, const char*& end) {
    values_.begin(limit, layout_->rows.fixed_bytes_max);
    end = locate(layout_->rows, all_present_, image, after_);
    if (end == nullptr || !print_key(layout_->rows, layout_key_, after_, nullptr)) {
        return KeyVerdict::doubtful;
    }
    const auto found = keys_.find(printed_);
    if (found == keys_.end()) return KeyVerdict::untouched;
    return found->second ? KeyVerdict::printed : KeyVerdict::doubtful;
}

}  // namespace evenkeel::cdc
