#include "cdc/render/row_renderer.h"

#include <fmt/format.h>

#include "cdc/render/json_writer.h"
#include "cdc/render/key_collector.h"
#include "cdc/render/number_text.h"
#include "cdc/render/row_cipher.h"
#include "cdc/render/row_images.h"
#include "wire/rows_event.h"

namespace evenkeel::cdc {
namespace {

constexpr std::string_view kNull = "null";
constexpr std::string_view kCommit = ",\"commit\":true";
constexpr std::string_view kXoffset = ",\"xoffset\":";
// Brackets, xoffset or commit, "old", line end, and what put_blocks() writes too much.
constexpr std::size_t kFrameMax = 192;

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

// Where a row's line begins, and where its xoffset begins and ends.
struct Written {
    std::size_t line = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
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

}  // namespace

struct RowRenderer::Impl {
    explicit Impl(const OutputConfig& config)
        : options(config), keys(config.camel_case), images(config, lines) {
        if (config.encrypt != Encryption::none) cipher.emplace(config.secret_key);
    }

    Result<std::uint64_t> append(const TablePlan& table, const wire::Event& event,
                                 const RowContext& row_context);
    Result<> begin(const TablePlan& table, const wire::Event& event) {
        plan = &table;
        return images.begin(table, event);
    }
    void compose_head(const wire::Event& event, const RowContext& context);
    void compose_tail(const wire::Event& event, const RowContext& context);

    // False: the row is damaged.
    bool render_row(std::uint64_t xoffset);
    // The row from `start` on, whose output begins at `line`, cannot be written: it becomes a dead
    // letter, or the error is returned.
    Result<> give_up(const char* start, std::size_t line, const Error& error);
    Result<std::uint64_t> give_up_event(const TablePlan& table, const wire::Event& event);
    Error too_long(std::size_t size) const;
    // Of the row that was written last.
    void add_key(const RowContext& context);
    void turn_last_into_commit();
    bool encrypts_lines() const { return options.encrypt == Encryption::all; }
    Result<> encrypt_data();
    // Encrypts the last line, which then cannot be changed any more.
    Result<> seal();
    void append_dead_letter(wire::RowsKind kind, std::string_view reason);

    std::size_t offset(const char* out) { return static_cast<std::size_t>(out - lines.data()); }

    OutputConfig options;
    Keys keys;
    ByteBuffer lines{};  // Swapped with the caller's while rows are rendered.
    RowImages images;
    std::optional<RowCipher> cipher{};
    ByteBuffer* letters =
        nullptr;  // Null: there are none, a row that cannot be written is an error.
    std::uint64_t letter_count = 0;
    std::optional<KeyCollector> key_collector{};

    // Of the event:
    const TablePlan* plan = nullptr;
    ByteBuffer head{};     // Up to xid.
    ByteBuffer tail{};     // From position to push_ts.
    std::string row_id{};  // Up to the row's number.
    std::size_t room = 0;

    // Of the row:
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
    RowImages& images = impl.images;
    while (!images.at_end()) {
        const char* start = images.at();
        EK_TRY(const std::optional<bool> kept, images.is_kept());
        if (kept && *kept) return true;
        if (!kept || !images.skip() || images.at() == start) {
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

Result<std::uint64_t> RowRenderer::Impl::append(const TablePlan& table, const wire::Event& event,
                                                const RowContext& context) {
    if (!table.unrenderable.empty()) return give_up_event(table, event);
    EK_TRY_VOID(begin(table, event));
    compose_head(event, context);
    compose_tail(event, context);
    // A column can be in "primary_key", "data" and "old".
    room = head.size() + tail.size() + row_id.size() + 3 * table.fixed_bytes_max + kFrameMax;
    images.set_room(room);

    std::uint64_t count = 0;
    bool written = false;
    for (std::uint64_t number = 0; !images.at_end(); ++number) {
        const char* start = images.at();
        const std::size_t line = lines.size();
        std::optional<bool> kept = true;
        if (table.treatment != nullptr) {
            EK_TRY(kept, images.is_kept());
        }
        const bool skipped = kept && (!*kept || count < context.skip_rows);
        // Of the row before it was not known whether it is the last.
        if (!skipped && !sealed && encrypts_lines() && written) EK_TRY_VOID(seal());
        const std::size_t begun = skipped ? line : lines.size();
        if (key_collector && !skipped) {
            key_collector->end_line(begun);
            // Where its values are; rendering may not need to know.
            if (!images.skip()) kept.reset();
            images.go_back(start);
        }
        const bool renders = kept && !skipped;
        const bool good =
            renders ? render_row(context.first_xoffset + count) : kept && images.skip();
        if (renders && !good && images.lacks_before()) {
            EK_TRY_VOID(give_up(start, begun, no_before_image(table)));
            continue;
        }
        if (!good || images.at() == start) {
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
        collector.add(plan->columns[index].name, images.key_value(index), partition);
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
    images.go_back(start);
    if (letters == nullptr || !images.skip() || images.at() == start) return error;
    lines.truncate(line);
    append_dead_letter(images.kind(), error.what);
    return {};
}

// Without its columns even the number of its rows is unknown.
Result<std::uint64_t> RowRenderer::Impl::give_up_event(const TablePlan& table,
                                                       const wire::Event& event) {
    if (letters == nullptr) return Error{Errc::invalid, table.unrenderable};
    plan = &table;
    EK_TRY(const wire::RowsKind kind, wire::rows_kind(event));
    append_dead_letter(kind, table.unrenderable);
    return std::uint64_t{0};
}

void RowRenderer::Impl::append_dead_letter(wire::RowsKind kind, std::string_view reason) {
    constexpr std::string_view kTypes[] = {"insert", "update", "delete"};
    ByteBuffer& out = *letters;
    out.append(plan->head.view());
    out.append(",\"type\":\"");
    out.append(kTypes[static_cast<std::size_t>(kind)]);
    out.append("\",\"reason\":");
    out.append(json_string(reason));
    out.append(",\"data\":{");
    bool first = true;
    for (const std::uint32_t index : plan->primary_key) {
        const ColumnPlan& column = plan->columns[index];
        const auto value = images.shown_value(index);
        if (!value) continue;
        out.append(column.literal.view().substr(first ? 1 : 0));
        first = false;
        out.append(*value);
    }
    out.append("}}\n");
    ++letter_count;
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

void RowRenderer::Impl::compose_head(const wire::Event& event, const RowContext& context) {
    const bool query = options.row_query && !context.query.empty();
    const std::string_view text = options.row_query_max_length > 0
                                      ? cut_text(context.query, options.row_query_max_length)
                                      : context.query;
    const Literal& type = plan->type_and_ts[static_cast<std::size_t>(images.kind())];
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

bool RowRenderer::Impl::render_row(std::uint64_t xoffset) {
    char* out = lines.room(room);
    out = put_blocks(out, head.data(), head.size());
    xoffset_at = offset(out);
    if (options.commit_info && options.xoffset)
        out = put_unsigned(put_text(out, kXoffset), xoffset);
    xoffset_end = offset(out);
    out = put_blocks(out, tail.data(), tail.size());
    if (options.row_id) out = put_text(put_unsigned(put_text(out, row_id), xoffset), "\"");
    if (options.primary_keys) {
        out = images.put_key(put_text(out, keys.primary_key));
        if (out == nullptr) return false;
        *out++ = ']';
    }
    if (options.primary_key_columns) {
        out = put_text(put_text(out, keys.primary_key_columns), plan->primary_key_columns);
    }
    data_at = offset(out);
    out = images.put_data(put_text(out, ",\"data\":"));
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

}  // namespace evenkeel::cdc
