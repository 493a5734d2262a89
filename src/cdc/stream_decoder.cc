#include "cdc/stream_decoder.h"

#include <fmt/core.h>

#include "base/log.h"
#include "cdc/schema/statement.h"
#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

// Lines that wait in memory during a long transaction before they are drained.
constexpr std::size_t kDrainBytes = 1u << 20;

using wire::EventType;

Error data_without_rows(const wire::Query& query) {
    constexpr std::size_t kShown = 200;
    return {
        Errc::invalid,
        fmt::format("read a transaction: the binlog has only the statement of a change, not its "
                    "rows: {} (database {}). Set binlog_format=ROW on the server and for all "
                    "its sessions, then start the stream behind this statement",
                    query.statement.substr(0, kShown), query.schema)};
}

std::string seconds_text(std::int64_t wall_ms) {
    return fmt::format("{}.{:06}", wall_ms / 1000, wall_ms % 1000 * 1000);
}

}  // namespace

StreamDecoder::StreamDecoder(const StreamConfig& config, SchemaCache& schema, Drain drain)
    : output_(config.output),
      transaction_bytes_max_(config.transaction_bytes_max),
      schema_(schema),
      drain_(std::move(drain)),
      renderer_(config.output),
      transaction_(config.transaction_bytes_max) {}

void StreamDecoder::restart() {
    group_.reset();
    transaction_.clear();
    schema_.forget();
    file_.clear();
    offset_ = 0;
}

Result<> StreamDecoder::before_reuse() {
    auto kept = transaction_.keep();
    if (kept) return kept;
    return Error{Errc::conflict,
                 fmt::format("keep a transaction of {} MiB until its end: {}; free space there, or "
                             "point TMPDIR to where some is",
                             transaction_.spilled_bytes() >> 20, kept.error().what)};
}

// Positions in the header have 32 bits, files may be longer.
void StreamDecoder::follow_position(const wire::Event& event) {
    if (event.header.next_position == 0 || event.header.artificial()) return;
    std::uint64_t next = (offset_ & ~std::uint64_t{UINT32_MAX}) | event.header.next_position;
    if (next < offset_) next += std::uint64_t{1} << 32;
    offset_ = next;
}

Result<> StreamDecoder::on_event(const wire::Event& event) {
    if (event.header.type != EventType::heartbeat && event.header.type != EventType::rotate) {
        follow_position(event);
    }
    switch (event.header.type) {
        case EventType::table_map: return schema_.on_table_map(event);
        case EventType::gtid: return on_gtid(event);
        case EventType::xid: {
            EK_TRY(const std::uint64_t xid, wire::parse_xid(event));
            return commit(xid);
        }
        case EventType::query:
        case EventType::query_compressed: return on_query(event);
        case EventType::annotate_rows:
            if (output_.row_query && group_) transaction_.add(event, nullptr, 0);
            return {};
        default: return wire::is_rows_event(event.header.type) ? on_rows(event) : on_other(event);
    }
}

Result<> StreamDecoder::on_other(const wire::Event& event) {
    switch (event.header.type) {
        case EventType::rotate: {
            EK_TRY(const wire::Rotate rotate, wire::parse_rotate(event));
            file_ = rotate.file;
            offset_ = rotate.position;
            return {};
        }
        case EventType::xa_prepare: return on_xa_prepare(event);
        case EventType::incident: {
            EK_TRY(const std::string why, wire::parse_incident(event));
            return Error{Errc::corrupt,
                         fmt::format("read {}: the server says that changes are missing in its "
                                     "binlog ({}): start the stream anew behind that place",
                                     file_, why)};
        }
        default: break;
    }
    if (wire::handling_of(event.header) != wire::Handling::unknown) return {};
    return Error{
        Errc::corrupt,
        fmt::format("read {} before {}: {} is unknown to this version, and rows may depend "
                    "on it: upgrade evenkeel",
                    file_, offset_, wire::event_name(event.header.type))};
}

Result<> StreamDecoder::on_gtid(const wire::Event& event) {
    EK_TRY(const wire::GtidEvent gtid, wire::parse_gtid_event(event));
    if (group_) return wire::corrupt_event(event, "the transaction before it has no end");
    group_ = gtid;
    xa_id_ = gtid.xa_id;
    group_->xa_id = {};
    group_timestamp_ = event.header.timestamp;
    return {};
}

Result<> StreamDecoder::on_rows(const wire::Event& event) {
    EK_TRY(const std::uint64_t id, wire::rows_table_id(event));
    if (id == wire::RowsEvent::kNoTable) return {};
    if (!group_) return wire::corrupt_event(event, "it is outside of a transaction");
    const SchemaCache::Table* table = schema_.find(id);
    if (table == nullptr) return wire::corrupt_event(event, "no table map came before it");
    if (table->wanted) transaction_.add(event, table->plan, offset_ - event.header.size);
    return {};
}

Result<> StreamDecoder::on_query(const wire::Event& event) {
    EK_TRY(const wire::Query query, wire::parse_query(event, scratch_));
    // By far the most frequent one, at the end of each non-transactional change.
    if (query.statement == "COMMIT") return commit({});
    return on_statement(event, query);
}

Result<> StreamDecoder::on_statement(const wire::Event& event, const wire::Query& query) {
    const Statement statement = look_at_statement(query.statement);
    switch (statement.kind) {
        case StatementKind::commit: return commit({});
        case StatementKind::rollback: finish_group(); return {};
        case StatementKind::savepoint: transaction_.savepoint(statement.name); return {};
        case StatementKind::rollback_to:
            if (transaction_.rollback_to(statement.name)) return {};
            return wire::corrupt_event(event, "rollback to an unknown savepoint");
        case StatementKind::xa_commit: return finish_xa(true);
        case StatementKind::xa_rollback: return finish_xa(false);
        case StatementKind::begin:
        case StatementKind::release:
        case StatementKind::xa_control: return {};
        case StatementKind::data: {
            const std::string database =
                statement.database.empty() ? std::string(query.schema) : statement.database;
            if (!is_system_database(database)) return data_without_rows(query);
            break;
        }
        case StatementKind::other: schema_.forget(); break;
        case StatementKind::temporary: break;
    }
    if (group_ && group_->standalone()) return commit({});
    return {};
}

Result<> StreamDecoder::on_xa_prepare(const wire::Event& event) {
    EK_TRY(const wire::XaPrepare prepare, wire::parse_xa_prepare(event));
    if (prepare.one_phase) return commit({});
    if (!transaction_.empty()) {
        EK_TRY_VOID(before_reuse());
        prepared_.insert_or_assign(xa_id_, std::move(transaction_));
        transaction_ = TransactionBuffer(transaction_bytes_max_);
    }
    finish_group();
    return {};
}

Result<> StreamDecoder::finish_xa(bool commits) {
    const auto prepared = prepared_.find(xa_id_);
    if (prepared != prepared_.end()) {
        if (commits) EK_TRY_VOID(render(prepared->second, {}));
        prepared_.erase(prepared);
    } else if (commits && group_ && group_->completed_xa()) {
        log::debug("cdc", "{}: an XA transaction without rows, or prepared before the stream began",
                   group_->gtid.str());
    }
    finish_group();
    return {};
}

Result<> StreamDecoder::commit(std::optional<std::uint64_t> xid) {
    if (transaction_.rows_events() > 0) EK_TRY_VOID(render(transaction_, xid));
    finish_group();
    return {};
}

Result<> StreamDecoder::render(const TransactionBuffer& transaction,
                               std::optional<std::uint64_t> xid) {
    RowContext context{.xid = xid};
    std::string gtid;
    std::string position;
    std::string query;
    std::string pushed;
    if (output_.gtid_position && group_) gtid = group_->gtid.str();
    context.gtid = gtid;
    const std::size_t size_before = lines_.size();
    const std::uint64_t rows_before = position_.rows;
    bool drained = false;
    auto done = transaction.replay([&](const TransactionBuffer::Record& record) -> Result<> {
        if (record.plan == nullptr) {
            EK_TRY(const std::string_view statement, wire::parse_annotate_rows(record.event));
            query = statement;
            context.query = query;
            return {};
        }
        if (output_.binlog_position) position = fmt::format("{}:{}", file_, record.position);
        if (output_.push_timestamp) pushed = seconds_text(io::wall_ms());
        context.position = position;
        context.push_ts = pushed;
        context.last_event = record.last;
        EK_TRY(const std::uint64_t rows,
               renderer_.append_rows(*record.plan, record.event, context, lines_));
        context.first_xoffset += rows;
        position_.rows += rows;
        if (lines_.size() <= kDrainBytes) return {};
        drained = true;
        return drain_(lines_);
    });
    if (done) return done;
    if (!drained) lines_.truncate(size_before);
    position_.rows = rows_before;
    // Part of it may be in the sink: a new connection would repeat that.
    if (done.error().code == Errc::unavailable) done.error().code = Errc::conflict;
    return done;
}

void StreamDecoder::finish_group() {
    transaction_.clear();
    schema_.trim();
    if (!group_) return;
    position_.at.add(group_->gtid);
    position_.last = group_->gtid;
    position_.timestamp = group_timestamp_;
    position_.offset = offset_;
    if (position_.file != file_) position_.file = file_;
    ++position_.transactions;
    group_.reset();
}

}  // namespace evenkeel::cdc
