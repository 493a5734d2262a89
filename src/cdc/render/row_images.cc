#include "cdc/render/row_images.h"

#include <fmt/format.h>

#include <cstring>

#include "cdc/render/json_writer.h"
#include "wire/cursor.h"

namespace evenkeel::cdc {
namespace {

constexpr std::string_view kNull = "null";
constexpr std::string_view kOld = ",\"old\":";
constexpr std::size_t kMaskedRoom = 96;
static_assert(kMaskedRoom > KeyedHash::kHexSize + 2);

template <typename Word>
bool same_words(const char* a, const char* b, std::size_t size) {
    for (std::size_t i = 0; i + sizeof(Word) < size; i += sizeof(Word)) {
        if (wire::load<Word>(a + i) != wire::load<Word>(b + i)) return false;
    }
    // The last one may overlap the one before.
    const std::size_t last = size - sizeof(Word);
    return wire::load<Word>(a + last) == wire::load<Word>(b + last);
}

// Most values are short: a call would cost more than the comparison.
bool same_bytes(const char* a, const char* b, std::size_t size) {
    if (size >= 8) return same_words<std::uint64_t>(a, b, size);
    if (size >= 4) return same_words<std::uint32_t>(a, b, size);
    for (std::size_t i = 0; i < size; ++i) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

}  // namespace

RowImages::RowImages(const OutputConfig& options, ByteBuffer& lines)
    : nulls_(options.nulls),
      drops_zero_dates_(options.null_zerodates && !options.nulls),
      lines_(lines),
      values_({options.null_zerodates, options.maxwell_quirks}, lines),
      texts_({options.null_zerodates, options.maxwell_quirks}),
      hash_(options.mask_secret) {}

Result<> RowImages::begin(const TablePlan& table, const wire::Event& event) {
    EK_TRY_VOID(wire::parse_rows(event, uncompressed_, rows_));
    plan_ = &table;
    treatment_ = table.treatment.get();
    plain_ = treatment_ == nullptr && !drops_zero_dates_;
    ImageSlots& slots = slots_of_[static_cast<std::size_t>(rows_.kind)];
    if (rows_.columns != table.columns.size() || !slots.fill(rows_, table.columns)) {
        return wire::corrupt_event(
            event, fmt::format("its columns are not those of {}.{}", table.database, table.table));
    }
    slots_ = &slots;
    if (before_.size() < slots.all().size()) {
        before_.resize(slots.all().size());
        after_.resize(slots.all().size());
    }
    at_ = rows_.rows.data();
    end_ = at_ + rows_.rows.size();
    values_.begin(end_, 0);
    texts_.begin(end_, table.fixed_bytes_max);
    return {};
}

const char* RowImages::locate_row(const char* in) {
    if (rows_.kind != wire::RowsKind::insert) in = locate(&Slot::before, in, before_);
    if (in != nullptr && rows_.kind != wire::RowsKind::remove) {
        in = locate(&Slot::after, in, after_);
    }
    return in;
}

bool RowImages::skip() {
    at_ = locate_row(at_);
    return at_ != nullptr;
}

Result<std::optional<bool>> RowImages::is_kept() {
    using Kept = std::optional<bool>;
    patched_ = nullptr;
    if (treatment_->rules.empty()) return Kept(treatment_->include);
    if (locate_row(at_) == nullptr) return Kept();
    bool kept = treatment_->include;
    for (const RowRule& rule : treatment_->rules) {
        const auto span = value_of(rule.column);
        if (!span) continue;
        std::optional<std::string_view> text;
        if (span->begin != nullptr) {
            if (is_patch(plan_->columns[rule.column])) return rule_on_patch(rule);
            text = texts_.json(plan_->columns[rule.column], span->begin);
            if (!text) return Kept();
            if (*text == kNull) text.reset();
            if (text) text = texts_.plain();
        }
        EK_TRY(const bool applies, rule.rule.applies(text));
        if (applies) kept = rule.rule.include;
    }
    return Kept(kept);
}

std::string_view RowImages::key_value(std::uint32_t index) {
    const ColumnPlan& column = plan_->columns[index];
    const char* value = value_of(index).value_or(Span{}).begin;
    if (value == nullptr) return kNull;
    const auto mask = mask_of(column);
    if (!mask) return texts_.json(column, value).value_or(kNull);
    masked_.resize(kMaskedRoom);
    const char* end = put_masked(column, *mask, value, masked_.data());
    if (end == nullptr) return kNull;
    return {masked_.data(), static_cast<std::size_t>(end - masked_.data())};
}

std::optional<std::string_view> RowImages::shown_value(std::uint32_t index) {
    const auto span = value_of(index);
    if (!span) return {};
    const ColumnPlan& column = plan_->columns[index];
    if (mask_of(column)) return kRedacted;
    if (span->begin == nullptr) return kNull;
    return texts_.json(column, span->begin).value_or(kNull);
}

char* RowImages::put_key(char* out) {
    if (locate_row(at_) == nullptr) return nullptr;
    bool first = true;
    for (const std::uint32_t index : plan_->primary_key) {
        if (!first) *out++ = ',';
        first = false;
        const ColumnPlan& column = plan_->columns[index];
        const char* value = value_of(index).value_or(Span{}).begin;
        const auto mask = mask_of(column);
        if (value == nullptr) {
            out = put_text(out, kNull);
        } else {
            out = mask ? put_masked(column, *mask, value, out)
                       : values_.write(column, {value, out}).out;
        }
        if (out == nullptr) return nullptr;
    }
    return out;
}

char* RowImages::put_data(char* out) {
    lacks_before_ = false;
    return rows_.kind == wire::RowsKind::update ? put_images(out) : put_image(out);
}

const char* RowImages::locate(bool Slot::*image, const char* in, std::vector<Span>& spans) {
    const std::size_t count =
        image == &Slot::before ? slots_->before_count() : slots_->after_count();
    if (image == &Slot::after && (in = read_options(in)) == nullptr) return nullptr;
    const char* null_bits = in;
    if (static_cast<std::size_t>(end_ - in) < (count + 7) / 8) return nullptr;
    in += (count + 7) / 8;
    std::size_t index = 0;
    Span* span = spans.data();
    for (const Slot& slot : slots_->all()) {
        Span& found = *span++;
        found = {};
        if (!(slot.*image) || bit(null_bits, index++)) continue;
        const char* next = values_.skip(*slot.column, in);
        if (next == nullptr) return nullptr;
        found = {in, next};
        in = next;
    }
    return in;
}

inline Place RowImages::put_member(const ColumnPlan& column, Place place) {
    if (plain_) return values_.write(column, {place.in, column.literal.put(place.out)});
    return put_special_member(column, place);
}

Place RowImages::put_special_member(const ColumnPlan& column, Place place) {
    if (treatment_ != nullptr) {
        const ColumnTreatment& how = treatment_of(column);
        if (how.hidden) return {values_.skip(column, place.in), place.out};
        if (how.mask) {
            if (how.mask == Mask::null && !nulls_) {
                return {values_.skip(column, place.in), place.out};
            }
            char* out = put_masked(column, *how.mask, place.in, column.literal.put(place.out));
            return {out == nullptr ? nullptr : values_.skip(column, place.in), out};
        }
    }
    if (!drops_zero_dates_) return values_.write(column, {place.in, column.literal.put(place.out)});
    const std::size_t start = offset(place.out);
    Place next = values_.write(column, {place.in, column.literal.put(place.out)});
    if (next.in != nullptr && column.size > 0) {
        const char* written = lines_.data() + start + column.literal.size();
        if (std::string_view(written, static_cast<std::size_t>(next.out - written)) == kNull) {
            next.out = lines_.data() + start;
        }
    }
    return next;
}

char* RowImages::put_masked(const ColumnPlan& column, Mask mask, const char* in, char* out) {
    const auto json = texts_.json(column, in);
    if (!json) return nullptr;
    // A zero date that is shown as null is no value either.
    if (mask == Mask::null || *json == kNull) return put_text(out, kNull);
    if (mask == Mask::redact) return put_text(out, kRedacted);
    *out++ = '"';
    out = hash_.put_hex(out, texts_.plain());
    *out++ = '"';
    return out;
}

const char* RowImages::read_options(const char* in) {
    patched_ = nullptr;
    if (!rows_.partial) return in;
    wire::Cursor cursor({in, static_cast<std::size_t>(end_ - in)});
    const std::uint64_t flags = cursor.lenenc();
    if ((flags & ~wire::RowsEvent::kPartialJson) != 0) return nullptr;
    if (flags != 0) patched_ = cursor.take((plan_->json_columns + 7) / 8).data();
    return cursor.ok() ? cursor.rest().data() : nullptr;
}

inline Place RowImages::put_new(const Slot& slot, Span old, Place place) {
    const ColumnPlan& column = *slot.column;
    if (!slot.after || !is_patch(column)) return put_member(column, place);
    return put_patched(column, old, place);
}

Place RowImages::put_patched(const ColumnPlan& column, Span old, Place place) {
    static constexpr ColumnTreatment kNone;
    const ColumnTreatment& how = treatment_ != nullptr ? treatment_of(column) : kNone;
    const bool dropped = how.mask == Mask::null && !nulls_;
    if (how.hidden || dropped) return {values_.skip(column, place.in), place.out};
    char* out = column.literal.put(place.out);
    if (how.mask && how.mask != Mask::hash) {
        const std::string_view text = how.mask == Mask::null ? kNull : std::string_view(kRedacted);
        return {values_.skip(column, place.in), put_text(out, text)};
    }
    lacks_before_ = old.begin == nullptr;
    if (lacks_before_) return {};
    const std::size_t start = offset(out);
    const Place next = values_.write_patched(column, old.begin, {place.in, out});
    if (next.in == nullptr || !how.mask) return next;
    // The digest of what was written takes its place.
    out = lines_.data() + start;
    const std::string text(out, next.out);
    *out++ = '"';
    out = hash_.put_hex(out, text);
    *out++ = '"';
    return {next.in, out};
}

char* RowImages::put_null_member(const ColumnPlan& column, char* out) const {
    if (!nulls_ || (treatment_ != nullptr && treatment_of(column).hidden)) return out;
    return put_text(column.literal.put(out), kNull);
}

char* RowImages::close_object(std::size_t open, char* out) {
    if (offset(out) == open) *out++ = '{';
    lines_.data()[open] = '{';
    *out++ = '}';
    return out;
}

// The one image of an insert or a delete.
char* RowImages::put_image(char* out) {
    const std::size_t open = offset(out);
    const char* null_bits = at_;
    const std::size_t bitmap = (slots_->all().size() + 7) / 8;
    if (static_cast<std::size_t>(end_ - at_) < bitmap) return nullptr;
    const char* in = at_ + bitmap;
    std::size_t index = 0;
    for (const Slot& slot : slots_->all()) {
        const ColumnPlan& column = *slot.column;
        if (bit(null_bits, index++)) {
            out = put_null_member(column, out);
            continue;
        }
        const Place next = put_member(column, {in, out});
        if (next.in == nullptr) return nullptr;
        in = next.in;
        out = next.out;
    }
    at_ = in;
    return close_object(open, out);
}

// The after image of an update, with what is in the before image alone, and "old".
char* RowImages::put_images(char* out) {
    const char* in = locate(&Slot::before, at_, before_);
    if (in == nullptr || (in = read_options(in)) == nullptr) return nullptr;
    const char* null_bits = in;
    const std::size_t bitmap = (slots_->after_count() + 7) / 8;
    if (static_cast<std::size_t>(end_ - in) < bitmap) return nullptr;
    in += bitmap;
    changes_.clear();
    const std::size_t open = offset(out);
    std::size_t index = 0;
    const Span* olds = before_.data();
    for (const Slot& slot : slots_->all()) {
        const std::size_t begin = offset(out);
        const Span old = *olds++;
        const bool null = slot.after ? bit(null_bits, index++) : old.begin == nullptr;
        const char* value = slot.after ? in : old.begin;
        if (null) {
            out = put_null_member(*slot.column, out);
        } else {
            const Place next = put_new(slot, old, {value, out});
            if (next.in == nullptr) return nullptr;
            out = next.out;
            if (slot.after) in = next.in;
        }
        if (!slot.before || !slot.after) continue;
        const auto size = static_cast<std::size_t>(null ? 0 : in - value);
        const bool same = null == (old.begin == nullptr) &&
                          size == static_cast<std::size_t>(old.end - old.begin) &&
                          (null || same_bytes(old.begin, value, size)) && !is_patch(*slot.column);
        if (!same) changes_.push_back({&slot, old, begin, offset(out)});
    }
    at_ = in;
    out = close_object(open, out);
    return changes_.empty() ? out : put_old(out);
}

char* RowImages::put_old(char* out) {
    const std::size_t start = offset(out);
    out = put_text(out, kOld);
    const std::size_t open = offset(out);
    bool changed = false;
    for (const Change& change : changes_) {
        const std::size_t begin = offset(out);
        out = put_change(change, out);
        if (out == nullptr) return nullptr;
        // Values that look alike are no change, although their bytes differ.
        const std::string_view old_text(lines_.data() + begin, offset(out) - begin);
        const std::string_view new_text(lines_.data() + change.begin, change.end - change.begin);
        // The first member's comma has become a brace.
        const bool alike = old_text.size() == new_text.size() &&
                           (old_text.empty() || old_text.substr(1) == new_text.substr(1));
        if (alike) {
            out = lines_.data() + begin;
        } else {
            changed = true;
        }
    }
    return changed ? close_object(open, out) : lines_.data() + start;
}

char* RowImages::put_change(const Change& change, char* out) {
    const ColumnPlan& column = *change.slot->column;
    const Span old = change.old;
    if (old.begin == nullptr) return put_null_member(column, out);
    return put_member(column, {old.begin, out}).out;
}

std::optional<RowImages::Span> RowImages::value_of(std::uint32_t column) const {
    for (std::size_t i = 0; i < slots_->all().size(); ++i) {
        const Slot& slot = slots_->all()[i];
        if (slot.column == &plan_->columns[column]) return slot.after ? after_[i] : before_[i];
    }
    return {};
}

Error RowImages::rule_on_patch(const RowRule& rule) const {
    return {Errc::invalid,
            fmt::format("filter {}.{}: a rule compares the JSON column {}, of which the binlog has "
                        "only changes; set binlog_row_value_options='' on the server, or compare "
                        "another column",
                        plan_->database, plan_->table, plan_->columns[rule.column].name)};
}

}  // namespace evenkeel::cdc
