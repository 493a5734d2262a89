#include "cdc/render/row_renderer.h"

#include <fmt/format.h>

#include <vector>

#include "cdc/render/json_writer.h"
#include "cdc/render/key_collector.h"
#include "cdc/render/keyed_hash.h"
#include "cdc/render/number_text.h"
#include "cdc/render/row_cipher.h"
#include "cdc/render/row_treatment.h"
#include "cdc/render/value_text.h"
#include "cdc/render/value_writer.h"
#include "wire/cursor.h"
#include "wire/rows_event.h"

namespace evenkeel::cdc {
namespace {

constexpr std::string_view kNull = "null";
constexpr std::string_view kCommit = ",\"commit\":true";
constexpr std::string_view kXoffset = ",\"xoffset\":";
constexpr std::string_view kOld = ",\"old\":";
constexpr std::size_t kMaskedRoom = 96;
constexpr std::string_view kRedacted = "\"***\"";
// Brackets, xoffset or commit, "old", line end, and what put_blocks() writes too much.
constexpr std::size_t kFrameMax = 192;

char* put_text(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

// The first bytes of `text` that are at most `most` characters as Java counts them: those outside
// of the basic plane are two, and are not cut.
std::string_view cut_text(std::string_view text, std::uint64_t most) {
    if (text.size() <= most) return text;
    std::uint64_t units = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0) == 0x80) continue;
        units += byte >= 0xf0 ? 2 : 1;
        if (units > most) return text.substr(0, i);
    }
    return text;
}

bool bit(const char* bits, std::size_t index) {
    return (static_cast<unsigned char>(bits[index >> 3]) >> (index & 7) & 1) != 0;
}

// A column that is in at least one image of the event's rows.
struct Slot {
    std::uint32_t column = 0;
    bool before = false;
    bool after = false;
};

// Where a row's line begins, and where its xoffset begins and ends.
struct Written {
    std::size_t line = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
};

// A value of a row's image.
struct Span {
    const char* begin = nullptr;  // Null: NULL, or not in the image.
    const char* end = nullptr;
};

// `,"name":` of the envelope's keys that a naming strategy changes.
struct Keys {
    explicit Keys(bool camel) {
        const auto key = [&](std::string_view name) {
            return ",\"" + (camel ? camel_case(name) : std::string(name)) + "\":";
        };
        server_id = key("server_id");
        thread_id = key("thread_id");
        schema_id = key("schema_id");
        push_ts = key("push_ts");
        row_id = key("row_id") + "\"";
        primary_key = key("primary_key") + "[";
        primary_key_columns = key("primary_key_columns");
    }
    std::string server_id, thread_id, schema_id, push_ts, row_id, primary_key, primary_key_columns;
};
Error no_before_image(const TablePlan& table) {
    return {Errc::invalid,
            fmt::format("render {}.{}: the binlog has only the changes to a JSON value and not the "
                        "value before; set binlog_row_image=FULL or binlog_row_value_options='' on "
                        "the server, then start the stream behind these events",
                        table.database, table.table)};
}

// A column that differs between the images, and where its new value stands in the output.
struct Change {
    std::size_t slot = 0;
    std::size_t begin = 0;
    std::size_t end = 0;  // Same as begin when it was left out, being null.
};

}  // namespace

struct RowRenderer::Impl {
    explicit Impl(const OutputConfig& config)
        : options(config),
          keys(config.camel_case),
          values({config.null_zerodates, config.maxwell_quirks}, lines),
          texts({config.null_zerodates, config.maxwell_quirks}),
          hash(config.mask_secret),
          drops_zero_dates(config.null_zerodates && !config.nulls) {
        if (config.encrypt != Encryption::none) cipher.emplace(config.secret_key);
    }

    Result<std::uint64_t> append(const TablePlan& table, const wire::Event& event,
                                 const RowContext& row_context);
    Result<> begin(const TablePlan& table, const wire::Event& event);
    bool fill_slots();
    void compose_head(const wire::Event& event, const RowContext& context);
    void compose_tail(const wire::Event& event, const RowContext& context);

    // Rows, from `at` on; false when they are damaged.
    bool skip_row();
    bool render_row(std::uint64_t xoffset);
    // The row at `at` is not dropped by the treatment. Nothing: it is damaged.
    Result<std::optional<bool>> is_kept();
    Error rule_on_patch(const RowRule& rule) const;
    // The row from `start` on, whose output begins at `line`, cannot be written: it becomes a dead
    // letter, or the error is returned.
    Result<> give_up(const char* start, std::size_t line, const Error& error);
    Result<std::uint64_t> give_up_event(const TablePlan& table, const wire::Event& event);
    Error too_long(std::size_t size) const;
    // Of the row that was written last, whose values skip_row() found.
    void add_key(const RowContext& context);
    void turn_last_into_commit();
    bool encrypts_lines() const { return options.encrypt == Encryption::all; }
    Result<> encrypt_data();
    // Encrypts the last line, which then cannot be changed any more.
    Result<> seal();
    void append_dead_letter(std::string_view reason);

    // Where the image at `in` ends, having filled `spans` by slot; null when it is damaged.
    const char* locate(bool Slot::*image, const char* in, std::vector<Span>& spans);
    // Past the value options in front of an after image; null when they are damaged.
    const char* read_options(const char* in);
    // The new value of `slot` at place.in, which may be changes to the `old` one.
    inline Place put_new(const Slot& slot, Span old, Place place);
    Place put_patched(const ColumnPlan& column, Span old, Place place);
    bool is_patch(const ColumnPlan& column) const {
        return patched != nullptr && column.kind == ValueKind::json_mysql &&
               bit(patched, column.json_index);
    }
    // Each returns where the output goes on, or null when the row is damaged.
    char* put_key(char* out);
    char* put_image(char* out);
    char* put_images(char* out);
    char* put_old(char* out);
    char* put_change(const Change& change, char* out);
    // `"name":value` and where both go on.
    inline Place put_member(const ColumnPlan& column, Place place);
    Place put_special_member(const ColumnPlan& column, Place place);
    char* put_masked(const ColumnPlan& column, Mask mask, const char* in, char* out);
    char* put_null_member(const ColumnPlan& column, char* out) const;
    const ColumnTreatment& treatment_of(const ColumnPlan& column) const {
        return treatment->columns[static_cast<std::size_t>(&column - plan->columns.data())];
    }
    // The value of a column in the rows that locate() found last: the new one, if there are two.
    // Nothing: it is in no image.
    std::optional<Span> value_of(std::uint32_t column) const;
    // Members have been written from `open` on, each with a comma in front.
    char* close_object(std::size_t open, char* out);

    std::size_t offset(const char* out) { return static_cast<std::size_t>(out - lines.data()); }

    const ColumnPlan& column_of(const Slot& slot) const { return plan->columns[slot.column]; }

    OutputConfig options;
    Keys keys;
    ByteBuffer lines{};  // Swapped with the caller's while rows are rendered.
    ValueWriter values;
    ValueText texts;
    KeyedHash hash;
    std::optional<RowCipher> cipher{};
    bool drops_zero_dates;
    ByteBuffer* letters =
        nullptr;  // Null: there are none, a row that cannot be written is an error.
    std::uint64_t letter_count = 0;
    std::optional<KeyCollector> key_collector{};

    // Of the event:
    const TablePlan* plan = nullptr;
    const RowTreatment* treatment = nullptr;
    bool plain = true;  // Each value is written as it is.
    wire::RowsEvent rows{};
    std::string uncompressed{};
    // Slots and what they were made from: most events have the same images as the one before.
    std::vector<Slot> slots{};
    wire::RowsKind slots_kind{};
    std::size_t slots_columns = 0;
    std::string slots_before{};
    std::string slots_after{};
    std::size_t before_count = 0;  // Columns in the images.
    std::size_t after_count = 0;
    ByteBuffer head{};     // Up to xid.
    ByteBuffer tail{};     // From position to push_ts.
    std::string row_id{};  // Up to the row's number.
    std::size_t room = 0;
    const char* at = nullptr;
    const char* end = nullptr;

    // Of the row:
    std::vector<Span> before{};
    std::vector<Span> after{};
    std::vector<Change> changes{};
    const char* patched = nullptr;  // Which JSON columns of an update have JSON diffs; null: none.
    bool lacks_before = false;      // JSON diffs of a value that is not in the before image.
    std::size_t xoffset_at = 0;
    std::size_t xoffset_end = 0;
    std::size_t data_at = 0;
    Written written_at{};  // Of the last row that was written, which need not be the last rendered.
    bool sealed = true;    // No row, or encrypted as a whole.
};

RowRenderer::RowRenderer(const OutputConfig& options) : impl_(std::make_unique<Impl>(options)) {}
RowRenderer::~RowRenderer() = default;
RowRenderer::RowRenderer(RowRenderer&&) noexcept = default;
RowRenderer& RowRenderer::operator=(RowRenderer&&) noexcept = default;

Result<std::uint64_t> RowRenderer::append_rows(const TablePlan& plan, const wire::Event& event,
                                               const RowContext& context, ByteBuffer& out) {
    std::swap(impl_->lines, out);
    const std::size_t size = impl_->lines.size();
    const std::size_t letters = impl_->letters != nullptr ? impl_->letters->size() : 0;
    KeyCollector::Mark mark;
    if (impl_->key_collector) mark = impl_->key_collector->mark();
    auto count = impl_->append(plan, event, context);
    if (!count) {
        impl_->lines.truncate(size);
        if (impl_->letters != nullptr) impl_->letters->truncate(letters);
        if (impl_->key_collector) impl_->key_collector->back_to(mark);
    }
    std::swap(impl_->lines, out);
    return count;
}

Result<bool> RowRenderer::keeps_any(const TablePlan& plan, const wire::Event& event) {
    Impl& impl = *impl_;
    if (plan.treatment == nullptr) return plan.unrenderable.empty();
    EK_TRY_VOID(impl.begin(plan, event));
    while (impl.at < impl.end) {
        const char* start = impl.at;
        EK_TRY(const std::optional<bool> kept, impl.is_kept());
        if (kept && *kept) return true;
        if (!kept || !impl.skip_row() || impl.at == start) {
            return wire::corrupt_event(event, fmt::format("it does not fit the columns of {}.{}",
                                                          plan.database, plan.table));
        }
    }
    return false;
}

bool RowRenderer::commit_last_row(ByteBuffer& out) {
    Impl& impl = *impl_;
    if (impl.sealed || impl.written_at.end > out.size()) return false;
    std::swap(impl.lines, out);
    impl.turn_last_into_commit();
    if (impl.key_collector) impl.key_collector->end_line(impl.lines.size());
    std::swap(impl.lines, out);
    return true;
}

void RowRenderer::use_dead_letters(ByteBuffer& letters) {
    impl_->letters = &letters;
}

void RowRenderer::collect_keys(const KeyConfig& config, RowKeys& keys) {
    impl_->key_collector.emplace(config, keys);
}

std::uint64_t RowRenderer::dead_letters() const {
    return impl_->letter_count;
}

Result<> RowRenderer::Impl::begin(const TablePlan& table, const wire::Event& event) {
    EK_TRY(rows, wire::parse_rows(event, uncompressed));
    plan = &table;
    treatment = table.treatment.get();
    plain = treatment == nullptr && !drops_zero_dates;
    if (rows.columns != table.columns.size() || !fill_slots()) {
        return wire::corrupt_event(
            event, fmt::format("its columns are not those of {}.{}", table.database, table.table));
    }
    at = rows.rows.data();
    end = at + rows.rows.size();
    values.begin(end, 0);
    texts.begin(end, table.fixed_bytes_max);
    return {};
}

Result<std::uint64_t> RowRenderer::Impl::append(const TablePlan& table, const wire::Event& event,
                                                const RowContext& context) {
    if (!table.unrenderable.empty()) return give_up_event(table, event);
    EK_TRY_VOID(begin(table, event));
    compose_head(event, context);
    compose_tail(event, context);
    // A column can be in "primary_key", "data" and "old".
    room = head.size() + tail.size() + row_id.size() + 3 * table.fixed_bytes_max + kFrameMax;
    values.begin(end, room);

    lacks_before = false;
    std::uint64_t count = 0;
    bool written = false;
    for (std::uint64_t number = 0; at < end; ++number) {
        const char* start = at;
        const std::size_t line = lines.size();
        std::optional<bool> kept = true;
        if (treatment != nullptr) {
            EK_TRY(kept, is_kept());
        }
        const bool skipped = kept && (!*kept || count < context.skip_rows);
        // Of the row before it was not known whether it is the last.
        if (!skipped && !sealed && encrypts_lines() && written) EK_TRY_VOID(seal());
        const std::size_t begun = skipped ? line : lines.size();
        if (key_collector && !skipped) {
            key_collector->end_line(begun);
            // Where its values are; rendering may not need to know.
            if (!skip_row()) kept.reset();
            at = start;
        }
        const bool good =
            kept && (skipped ? skip_row() : render_row(context.first_xoffset + count));
        if (!good && lacks_before) {
            EK_TRY_VOID(give_up(start, begun, no_before_image(table)));
            continue;
        }
        if (!good || at == start) {
            EK_TRY_VOID(give_up(
                start, begun,
                wire::corrupt_event(event, fmt::format("row {} does not fit the columns of {}.{}",
                                                       number, table.database, table.table))));
            continue;
        }
        if (*kept) ++count;
        if (skipped) continue;
        if (options.max_row_bytes > 0 && lines.size() - begun > options.max_row_bytes) {
            --count;
            EK_TRY_VOID(give_up(start, begun, too_long(lines.size() - begun)));
            continue;
        }
        written_at = {.line = begun, .begin = xoffset_at, .end = xoffset_end};
        sealed = false;
        if (options.encrypt == Encryption::data) EK_TRY_VOID(encrypt_data());
        if (key_collector) add_key(context);
        written = true;
    }
    if (context.last_event && written) turn_last_into_commit();
    if (written && encrypts_lines()) EK_TRY_VOID(seal());
    if (written && key_collector) key_collector->end_line(lines.size());
    return count;
}

Error RowRenderer::Impl::too_long(std::size_t size) const {
    return {Errc::conflict,
            fmt::format("write a row of {}.{}: its line has {} bytes, max_row_bytes allows {}; "
                        "raise that, or let dead_letter_file take such rows",
                        plan->database, plan->table, size, options.max_row_bytes)};
}

void RowRenderer::Impl::add_key(const RowContext& context) {
    KeyCollector& collector = *key_collector;
    collector.begin_row();
    const auto add = [&](std::uint32_t index, bool partition) {
        const ColumnPlan& column = plan->columns[index];
        const Span span = value_of(index).value_or(Span{});
        std::string_view json = kNull;
        char masked[kMaskedRoom];
        if (span.begin != nullptr && treatment != nullptr && treatment_of(column).mask) {
            const char* masked_end =
                put_masked(column, *treatment_of(column).mask, span.begin, masked);
            if (masked_end != nullptr) {
                json = {masked, static_cast<std::size_t>(masked_end - masked)};
            }
        } else if (span.begin != nullptr) {
            json = texts.json(column, span.begin).value_or(kNull);
        }
        collector.add(column.name, json, partition);
    };
    for (const std::uint32_t index : plan->primary_key) add(index, false);
    for (const std::string& name : collector.partition_columns()) {
        for (std::uint32_t i = 0; i < plan->columns.size(); ++i) {
            if (plan->columns[i].name == name) add(i, true);
        }
    }
    collector.end_row(plan->database, plan->table, context.xid, context.thread_id);
}

// Where the row ends is known although it cannot be shown: only its own values are lost.
Result<> RowRenderer::Impl::give_up(const char* start, std::size_t line, const Error& error) {
    at = start;
    if (letters == nullptr || !skip_row() || at == start) return error;
    lines.truncate(line);
    append_dead_letter(error.what);
    return {};
}

// Without its columns even the number of its rows is unknown.
Result<std::uint64_t> RowRenderer::Impl::give_up_event(const TablePlan& table,
                                                       const wire::Event& event) {
    if (letters == nullptr) return Error{Errc::invalid, table.unrenderable};
    EK_TRY(rows, wire::parse_rows(event, uncompressed));
    plan = &table;
    append_dead_letter(table.unrenderable);
    return std::uint64_t{0};
}

void RowRenderer::Impl::append_dead_letter(std::string_view reason) {
    constexpr std::string_view kTypes[] = {"insert", "update", "delete"};
    ByteBuffer& out = *letters;
    out.append(plan->head.view());
    out.append(",\"type\":\"");
    out.append(kTypes[static_cast<std::size_t>(rows.kind)]);
    out.append("\",\"reason\":");
    out.append(json_string(reason));
    out.append(",\"data\":{");
    bool first = true;
    for (const std::uint32_t index : plan->primary_key) {
        const ColumnPlan& column = plan->columns[index];
        const auto span = value_of(index);
        if (!span) continue;
        out.append(column.literal.view().substr(first ? 1 : 0));
        first = false;
        if (treatment != nullptr && treatment->columns[index].mask) {
            out.append(kRedacted);
            continue;
        }
        const auto value = span->begin == nullptr ? kNull : texts.json(column, span->begin);
        out.append(value.value_or(kNull));
    }
    out.append("}}\n");
    ++letter_count;
}

Error RowRenderer::Impl::rule_on_patch(const RowRule& rule) const {
    return {Errc::invalid,
            fmt::format("filter {}.{}: a rule compares the JSON column {}, of which the binlog has "
                        "only changes; set binlog_row_value_options='' on the server, or compare "
                        "another column",
                        plan->database, plan->table, plan->columns[rule.column].name)};
}

Result<std::optional<bool>> RowRenderer::Impl::is_kept() {
    patched = nullptr;
    using Kept = std::optional<bool>;
    if (treatment->rules.empty()) return Kept(treatment->include);
    const char* in = at;
    if (rows.kind != wire::RowsKind::insert) in = locate(&Slot::before, in, before);
    if (in != nullptr && rows.kind != wire::RowsKind::remove) in = locate(&Slot::after, in, after);
    if (in == nullptr) return Kept();
    bool kept = treatment->include;
    for (const RowRule& rule : treatment->rules) {
        const auto span = value_of(rule.column);
        if (!span) continue;
        std::optional<std::string_view> text;
        if (span->begin != nullptr) {
            if (is_patch(plan->columns[rule.column])) return rule_on_patch(rule);
            text = texts.json(plan->columns[rule.column], span->begin);
            if (!text) return Kept();
            if (*text == kNull) text.reset();
            if (text) text = texts.plain();
        }
        EK_TRY(const bool applies, rule.rule.applies(text));
        if (applies) kept = rule.rule.include;
    }
    return Kept(kept);
}

std::optional<Span> RowRenderer::Impl::value_of(std::uint32_t column) const {
    for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i].column == column) return slots[i].after ? after[i] : before[i];
    }
    return {};
}

// {"data":{…},"old":{…}} of the line, which ends with a brace and a newline.
Result<> RowRenderer::Impl::encrypt_data() {
    char* data = lines.data() + data_at;
    data[0] = '{';
    EK_TRY(const std::string_view field, cipher->encrypt({data, lines.size() - data_at - 1}));
    lines.truncate(data_at);
    lines.append(",");
    lines.append(field);
    lines.append("}\n");
    return {};
}

Result<> RowRenderer::Impl::seal() {
    sealed = true;
    EK_TRY(const std::string_view field, cipher->encrypt(lines.view().substr(
                                             written_at.line, lines.size() - written_at.line - 1)));
    lines.truncate(written_at.line);
    lines.append("{");
    lines.append(field);
    lines.append("}\n");
    return {};
}

// False when a bitmap is too short.
bool RowRenderer::Impl::fill_slots() {
    const std::size_t count = plan->columns.size();
    const std::size_t bitmap = (count + 7) / 8;
    const bool has_before = rows.kind != wire::RowsKind::insert;
    const bool has_after = rows.kind != wire::RowsKind::remove;
    if (has_before && rows.before_columns.size() < bitmap) return false;
    if (has_after && rows.after_columns.size() < bitmap) return false;
    if (rows.kind == slots_kind && count == slots_columns && rows.before_columns == slots_before &&
        rows.after_columns == slots_after) {
        return true;
    }
    slots_kind = rows.kind;
    slots_columns = count;
    slots_before = rows.before_columns;
    slots_after = rows.after_columns;
    slots.clear();
    before_count = after_count = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Slot slot{.column = i,
                        .before = has_before && bit(rows.before_columns.data(), i),
                        .after = has_after && bit(rows.after_columns.data(), i)};
        before_count += slot.before ? 1 : 0;
        after_count += slot.after ? 1 : 0;
        if (slot.before || slot.after) slots.push_back(slot);
    }
    before.resize(slots.size());
    after.resize(slots.size());
    return true;
}

void RowRenderer::Impl::compose_head(const wire::Event& event, const RowContext& context) {
    const bool query = options.row_query && !context.query.empty();
    const std::string_view text = options.row_query_max_length > 0
                                      ? cut_text(context.query, options.row_query_max_length)
                                      : context.query;
    const Literal& type = plan->type_and_ts[static_cast<std::size_t>(rows.kind)];
    head.clear();
    char* out = head.room(plan->head.size() + json_string_room(query ? text.size() : 0) +
                          type.size() + kFrameMax);
    out = plan->head.put(out);
    if (query) out = put_json_string(put_text(out, ",\"query\":"), text);
    out = put_unsigned(type.put(out), event.header.timestamp);
    if (options.commit_info && context.xid) {
        out = put_unsigned(put_text(out, ",\"xid\":"), *context.xid);
    }
    head.set_end(out);
}

void RowRenderer::Impl::compose_tail(const wire::Event& event, const RowContext& context) {
    tail.clear();
    char* out = tail.room(
        json_string_room(context.position.size() + context.gtid.size() + context.comment.size()) +
        context.push_ts.size() + kFrameMax);
    if (options.binlog_position) {
        out = put_json_string(put_text(out, ",\"position\":"), context.position);
    }
    if (options.gtid_position) {
        out = put_text(out, ",\"gtid\":");
        out = context.gtid.empty() ? put_text(out, kNull) : put_json_string(out, context.gtid);
    }
    if (options.server_id) {
        out = put_unsigned(put_text(out, keys.server_id), event.header.server_id);
    }
    if (options.thread_id && context.thread_id) {
        out = put_unsigned(put_text(out, keys.thread_id), *context.thread_id);
    }
    if (options.schema_id) out = put_unsigned(put_text(out, keys.schema_id), context.schema_id);
    if (options.push_timestamp) out = put_text(put_text(out, keys.push_ts), context.push_ts);
    if (!context.comment.empty()) {
        out = put_json_string(put_text(out, ",\"comment\":"), context.comment);
    }
    tail.set_end(out);
    if (!options.row_id) return;
    // Without a GTID the event's place is all there is; it is another one on another server.
    row_id = keys.row_id;
    row_id += context.gtid.empty() ? context.position : context.gtid;
    row_id += ':';
}

bool RowRenderer::Impl::skip_row() {
    if (rows.kind != wire::RowsKind::insert) at = locate(&Slot::before, at, before);
    if (at != nullptr && rows.kind != wire::RowsKind::remove) {
        at = locate(&Slot::after, at, after);
    }
    return at != nullptr;
}

bool RowRenderer::Impl::render_row(std::uint64_t xoffset) {
    char* out = lines.room(room);
    out = put_blocks(out, head.data(), head.size());
    xoffset_at = offset(out);
    if (options.commit_info && options.xoffset)
        out = put_unsigned(put_text(out, kXoffset), xoffset);
    xoffset_end = offset(out);
    out = put_blocks(out, tail.data(), tail.size());
    if (options.row_id) out = put_text(put_unsigned(put_text(out, row_id), xoffset), "\"");
    if (options.primary_keys) out = put_key(out);
    if (out != nullptr && options.primary_key_columns) {
        out = put_text(put_text(out, keys.primary_key_columns), plan->primary_key_columns);
    }
    if (out == nullptr) return false;
    data_at = offset(out);
    out = put_text(out, ",\"data\":");
    out = rows.kind == wire::RowsKind::update ? put_images(out) : put_image(out);
    if (out == nullptr) return false;
    lines.set_end(put_text(out, "}\n"));
    return true;
}

// That a row is the transaction's last shows only behind it.
void RowRenderer::Impl::turn_last_into_commit() {
    if (!options.commit_info) return;
    lines.room(kCommit.size());
    char* place = lines.data() + written_at.begin;
    const char* rest = lines.data() + written_at.end;
    const std::size_t rest_size = lines.size() - written_at.end;
    std::memmove(place + kCommit.size(), rest, rest_size);
    std::memcpy(place, kCommit.data(), kCommit.size());
    lines.set_end(place + kCommit.size() + rest_size);
}

const char* RowRenderer::Impl::locate(bool Slot::*image, const char* in, std::vector<Span>& spans) {
    const std::size_t count = image == &Slot::before ? before_count : after_count;
    if (image == &Slot::after && (in = read_options(in)) == nullptr) return nullptr;
    const char* nulls = in;
    if (static_cast<std::size_t>(end - in) < (count + 7) / 8) return nullptr;
    in += (count + 7) / 8;
    std::size_t index = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        spans[i] = {};
        if (!(slots[i].*image) || bit(nulls, index++)) continue;
        const char* next = values.skip(column_of(slots[i]), in);
        if (next == nullptr) return nullptr;
        spans[i] = {in, next};
        in = next;
    }
    return in;
}

char* RowRenderer::Impl::put_key(char* out) {
    const bool has_before = rows.kind != wire::RowsKind::insert;
    const bool has_after = rows.kind != wire::RowsKind::remove;
    const char* in = at;
    if (has_before && (in = locate(&Slot::before, in, before)) == nullptr) return nullptr;
    if (has_after && locate(&Slot::after, in, after) == nullptr) return nullptr;
    out = put_text(out, keys.primary_key);
    bool first = true;
    for (const std::uint32_t index : plan->primary_key) {
        if (!first) *out++ = ',';
        first = false;
        const ColumnPlan& column = plan->columns[index];
        const Span span = value_of(index).value_or(Span{});
        if (span.begin == nullptr) {
            out = put_text(out, kNull);
        } else if (treatment != nullptr && treatment_of(column).mask) {
            out = put_masked(column, *treatment_of(column).mask, span.begin, out);
        } else {
            out = values.write(column, {span.begin, out}).out;
        }
        if (out == nullptr) return nullptr;
    }
    *out++ = ']';
    return out;
}

inline Place RowRenderer::Impl::put_member(const ColumnPlan& column, Place place) {
    if (plain) return values.write(column, {place.in, column.literal.put(place.out)});
    return put_special_member(column, place);
}

Place RowRenderer::Impl::put_special_member(const ColumnPlan& column, Place place) {
    if (treatment != nullptr) {
        const ColumnTreatment& how = treatment_of(column);
        if (how.hidden) return {values.skip(column, place.in), place.out};
        if (how.mask) {
            if (how.mask == Mask::null && !options.nulls) {
                return {values.skip(column, place.in), place.out};
            }
            char* out = put_masked(column, *how.mask, place.in, column.literal.put(place.out));
            return {out == nullptr ? nullptr : values.skip(column, place.in), out};
        }
    }
    if (!drops_zero_dates) return values.write(column, {place.in, column.literal.put(place.out)});
    const std::size_t start = offset(place.out);
    Place next = values.write(column, {place.in, column.literal.put(place.out)});
    if (next.in != nullptr && column.size > 0) {
        const char* written = lines.data() + start + column.literal.size();
        if (std::string_view(written, static_cast<std::size_t>(next.out - written)) == kNull) {
            next.out = lines.data() + start;
        }
    }
    return next;
}

char* RowRenderer::Impl::put_masked(const ColumnPlan& column, Mask mask, const char* in,
                                    char* out) {
    const auto json = texts.json(column, in);
    if (!json) return nullptr;
    // A zero date that is shown as null is no value either.
    if (mask == Mask::null || *json == kNull) return put_text(out, kNull);
    if (mask == Mask::redact) return put_text(out, kRedacted);
    *out++ = '"';
    out = hash.put_hex(out, texts.plain());
    *out++ = '"';
    return out;
}

const char* RowRenderer::Impl::read_options(const char* in) {
    patched = nullptr;
    if (!rows.partial) return in;
    wire::Cursor cursor({in, static_cast<std::size_t>(end - in)});
    const std::uint64_t flags = cursor.lenenc();
    if ((flags & ~wire::RowsEvent::kPartialJson) != 0) return nullptr;
    if (flags != 0) patched = cursor.take((plan->json_columns + 7) / 8).data();
    return cursor.ok() ? cursor.rest().data() : nullptr;
}

inline Place RowRenderer::Impl::put_new(const Slot& slot, Span old, Place place) {
    const ColumnPlan& column = column_of(slot);
    if (!slot.after || !is_patch(column)) return put_member(column, place);
    return put_patched(column, old, place);
}

Place RowRenderer::Impl::put_patched(const ColumnPlan& column, Span old, Place place) {
    const ColumnTreatment how = treatment != nullptr ? treatment_of(column) : ColumnTreatment{};
    const bool dropped = how.mask == Mask::null && !options.nulls;
    if (how.hidden || dropped) return {values.skip(column, place.in), place.out};
    char* out = column.literal.put(place.out);
    if (how.mask && how.mask != Mask::hash) {
        const std::string_view text = how.mask == Mask::null ? kNull : std::string_view(kRedacted);
        return {values.skip(column, place.in), put_text(out, text)};
    }
    lacks_before = old.begin == nullptr;
    if (lacks_before) return {};
    const std::size_t start = offset(out);
    const Place next = values.write_patched(column, old.begin, {place.in, out});
    if (next.in == nullptr || !how.mask) return next;
    // The digest of what was written takes its place.
    out = lines.data() + start;
    const std::string text(out, next.out);
    *out++ = '"';
    out = hash.put_hex(out, text);
    *out++ = '"';
    return {next.in, out};
}

char* RowRenderer::Impl::put_null_member(const ColumnPlan& column, char* out) const {
    if (!options.nulls || (treatment != nullptr && treatment_of(column).hidden)) return out;
    return put_text(column.literal.put(out), kNull);
}

char* RowRenderer::Impl::close_object(std::size_t open, char* out) {
    if (offset(out) == open) *out++ = '{';
    lines.data()[open] = '{';
    *out++ = '}';
    return out;
}

// The one image of an insert or a delete.
char* RowRenderer::Impl::put_image(char* out) {
    const std::size_t open = offset(out);
    const char* nulls = at;
    if (static_cast<std::size_t>(end - at) < (slots.size() + 7) / 8) return nullptr;
    at += (slots.size() + 7) / 8;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const ColumnPlan& column = column_of(slots[i]);
        if (bit(nulls, i)) {
            out = put_null_member(column, out);
            continue;
        }
        const Place next = put_member(column, {at, out});
        if (next.in == nullptr) return nullptr;
        at = next.in;
        out = next.out;
    }
    return close_object(open, out);
}

// The after image of an update, with what is in the before image alone, and "old".
char* RowRenderer::Impl::put_images(char* out) {
    at = locate(&Slot::before, at, before);
    if (at == nullptr || (at = read_options(at)) == nullptr) return nullptr;
    const char* nulls = at;
    if (static_cast<std::size_t>(end - at) < (after_count + 7) / 8) return nullptr;
    at += (after_count + 7) / 8;
    changes.clear();
    const std::size_t open = offset(out);
    std::size_t index = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
        const Slot& slot = slots[i];
        const std::size_t begin = offset(out);
        const Span old = before[i];
        const bool null = slot.after ? bit(nulls, index++) : old.begin == nullptr;
        const char* value = slot.after ? at : old.begin;
        if (null) {
            out = put_null_member(column_of(slot), out);
        } else {
            const Place next = put_new(slot, old, {value, out});
            if (next.in == nullptr) return nullptr;
            out = next.out;
            if (slot.after) at = next.in;
        }
        if (!slot.before || !slot.after) continue;
        const auto size = static_cast<std::size_t>(null ? 0 : at - value);
        const bool same = null == (old.begin == nullptr) &&
                          size == static_cast<std::size_t>(old.end - old.begin) &&
                          (null || std::memcmp(old.begin, value, size) == 0) &&
                          !is_patch(column_of(slot));
        if (!same) changes.push_back({i, begin, offset(out)});
    }
    out = close_object(open, out);
    return changes.empty() ? out : put_old(out);
}

char* RowRenderer::Impl::put_old(char* out) {
    const std::size_t start = offset(out);
    out = put_text(out, kOld);
    const std::size_t open = offset(out);
    bool changed = false;
    for (const Change& change : changes) {
        const std::size_t begin = offset(out);
        out = put_change(change, out);
        if (out == nullptr) return nullptr;
        // Values that look alike are no change, although their bytes differ.
        const std::string_view old_text(lines.data() + begin, offset(out) - begin);
        const std::string_view new_text(lines.data() + change.begin, change.end - change.begin);
        // The first member's comma has become a brace.
        const bool alike = old_text.size() == new_text.size() &&
                           (old_text.empty() || old_text.substr(1) == new_text.substr(1));
        if (alike) {
            out = lines.data() + begin;
        } else {
            changed = true;
        }
    }
    return changed ? close_object(open, out) : lines.data() + start;
}

char* RowRenderer::Impl::put_change(const Change& change, char* out) {
    const ColumnPlan& column = column_of(slots[change.slot]);
    const Span old = before[change.slot];
    if (old.begin == nullptr) return put_null_member(column, out);
    return put_member(column, {old.begin, out}).out;
}

}  // namespace evenkeel::cdc
