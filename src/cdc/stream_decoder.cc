#include "cdc/stream_decoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "cdc/schema/ddl_record.h"
#include "io/clock.h"
#include "wire/mysql_gtid.h"

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

// As XA COMMIT names it.
std::string xid_text(const wire::XaPrepare& prepare) {
    return fmt::format("X'{}',X'{}',{}", hex_encode(prepare.gtrid), hex_encode(prepare.bqual),
                       prepare.format_id);
}

}  // namespace

StreamDecoder::StreamDecoder(const StreamConfig& config, TableTracker& schema, Drain drain)
    : output_(config.output),
      transaction_bytes_max_(config.transaction_bytes_max),
      schema_(schema),
      drain_(std::move(drain)),
      renderer_(config.output),
      rows_(renderer_.row_renderer()),
      queue_(config.output, renderer_, !config.dead_letter_file.empty()),
      transaction_(config.transaction_bytes_max),
      requests_(config.transaction_bytes_max) {
    if (!config.dead_letter_file.empty()) rows_.use_dead_letters(dead_letters_);
}

void StreamDecoder::restart(const std::string& server_uuid) {
    group_.reset();
    queue_.clear();
    transaction_.clear();
    requests_.clear();
    ddl_lines_.clear();
    ddl_count_ = 0;
    schema_.restart();
    here_ = {.server_uuid = server_uuid};
    offset_ = 0;
}

void StreamDecoder::resume(StreamPosition position, std::optional<BinlogPosition> read_from) {
    progress_ = Progress(std::move(position.at), std::move(read_from));
    position_ = std::move(position);
    position_.at = {};
}

StreamPosition StreamDecoder::position() const {
    StreamPosition position = position_;
    position.at = progress_.written();
    return position;
}

void StreamDecoder::rename(BinlogPosition at) {
    progress_ = Progress(std::move(at), {});
}

std::optional<BinlogPosition> StreamDecoder::read_from() const {
    // Until it is where it has written to it has not seen all of them.
    if (progress_.read() != progress_.written()) return progress_.read();
    return prepared_.read_from(progress_.written());
}

Result<> StreamDecoder::before_reuse() {
    EK_TRY_VOID(render_queued());
    EK_TRY_VOID(requests_.keep());
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

// Of no use, and its text a cost for each transaction, where transactions have names.
const FilePosition& StreamDecoder::place(const TransactionId& id, std::uint64_t offset) {
    static const FilePosition nowhere;
    const bool named = !std::holds_alternative<std::monostate>(id);
    if (named && progress_.written().file() == nullptr) return nowhere;
    here_.offset = offset;
    return here_;
}

Result<> StreamDecoder::on_event(const wire::Event& event) {
    auto done = handle(event);
    if (done) return done;
    // What was read before is good.
    EK_TRY_VOID(render_queued());
    return done;
}

Result<> StreamDecoder::handle(const wire::Event& event) {
    switch (event.header.type) {
        case EventType::heartbeat:
        case EventType::heartbeat_v2:
        case EventType::rotate:
        case EventType::format_description:
        case EventType::previous_gtids: return on_other(event);
        default: follow_position(event);
    }
    event_start_ = offset_ - event.header.size;
    return take(event);
}

// An event of the file, or one out of a payload, which has no place of its own.
Result<> StreamDecoder::take(const wire::Event& event) {
    switch (event.header.type) {
        case EventType::table_map: return on_table_map(event);
        case EventType::gtid: return on_gtid(event);
        case EventType::mysql_gtid:
        case EventType::mysql_gtid_tagged:
        case EventType::anonymous_gtid: return on_mysql_gtid(event);
        case EventType::xid: return on_xid(event);
        case EventType::query:
        case EventType::query_compressed:
        case EventType::execute_load_query: return on_query(event);
        case EventType::annotate_rows:
        case EventType::rows_query: return on_row_query(event);
        default: return wire::is_rows_event(event.header.type) ? on_rows(event) : on_other(event);
    }
}

Result<> StreamDecoder::on_xid(const wire::Event& event) {
    EK_TRY(const std::uint64_t xid, wire::parse_xid(event));
    return commit(xid);
}

Result<> StreamDecoder::on_row_query(const wire::Event& event) {
    if (output_.row_query && group_ && !group_->skips_rows()) transaction_.add(event, nullptr, 0);
    return {};
}

Result<> StreamDecoder::on_payload(const wire::Event& event) {
    EK_TRY_VOID(payload_.open(event));
    while (true) {
        EK_TRY(const auto inner, payload_.next());
        if (inner) {
            EK_TRY_VOID(take(*inner));
            continue;
        }
        // Most transactions are rendered by now; what is left of others lies in what comes next.
        EK_TRY_VOID(before_reuse());
        if (payload_.done()) return {};
        EK_TRY_VOID(payload_.refill());
    }
}

Result<> StreamDecoder::on_other(const wire::Event& event) {
    EK_TRY_VOID(render_queued());
    switch (event.header.type) {
        case EventType::rotate: {
            EK_TRY(const wire::Rotate rotate, wire::parse_rotate(event));
            here_.file = rotate.file;
            offset_ = rotate.position;
            return {};
        }
        case EventType::format_description: return on_format_description(event);
        case EventType::previous_gtids:
            // At the front of a file, which may be read from farther behind.
            offset_ = std::max<std::uint64_t>(offset_, event.header.next_position);
            return {};
        case EventType::xa_prepare: return on_xa_prepare(event);
        case EventType::transaction_payload: return on_payload(event);
        case EventType::incident: {
            EK_TRY(const std::string why, wire::parse_incident(event));
            return Error{Errc::corrupt,
                         fmt::format("read {}: the server says that changes are missing in its "
                                     "binlog ({}): start the stream anew behind that place",
                                     here_.file, why)};
        }
        default: break;
    }
    if (wire::handling_of(event.header) != wire::Handling::unknown) return {};
    return Error{
        Errc::corrupt,
        fmt::format("read {} before {}: {} is unknown to this version, and rows may depend "
                    "on it: upgrade evenkeel",
                    here_.file, offset_, wire::event_name(event.header.type))};
}

Result<> StreamDecoder::on_format_description(const wire::Event& event) {
    EK_TRY(const wire::FormatDescription format, wire::parse_format_description(event));
    schema_.on_server(format.server_version);
    offset_ = std::max<std::uint64_t>(offset_, event.header.next_position);
    here_.created = event.header.timestamp;
    const FilePosition* at = progress_.read().file();
    if (at != nullptr && at->file == here_.file && at->created != 0 &&
        at->created != here_.created) {
        return Error{Errc::conflict,
                     fmt::format("read {}: this is another file than the one of that name that the "
                                 "stream has read up to {}: the server was rebuilt, or its binlogs "
                                 "were reset. Tell the consumers, then remove the stream's "
                                 "checkpoint to start anew",
                                 here_.file, at->offset)};
    }
    if (group_ && format.created != 0) {
        // The server crashed before the transaction's end was in the binlog: it never was.
        log::warn("cdc",
                  "{}: the server was started anew in the middle of transaction {}, which "
                  "is therefore dropped",
                  here_.file, to_string(group_->id));
        group_.reset();
        transaction_.clear();
    }
    return {};
}

Result<> StreamDecoder::begin(const wire::Event& event, const TransactionId& id) {
    if (group_) return wire::corrupt_event(event, "the transaction before it has no end");
    Group& group = group_.emplace(id, event.header.timestamp);
    const std::uint64_t start = offset_ - std::min<std::uint64_t>(offset_, event.header.size);
    group.repeated = progress_.repeats(group.id, place(group.id, start));
    return {};
}

Result<> StreamDecoder::on_gtid(const wire::Event& event) {
    const auto gtid = wire::parse_gtid_event(event);
    if (!gtid) return gtid.error();
    EK_TRY_VOID(begin(event, gtid->gtid));
    group_->thread_id = gtid->thread_id;
    group_->standalone = gtid->standalone();
    group_->xa = gtid->prepared_xa();
    return {};
}

Result<> StreamDecoder::on_mysql_gtid(const wire::Event& event) {
    EK_TRY(const wire::MysqlGtidEvent named, wire::parse_mysql_gtid(event));
    EK_TRY_VOID(begin(event, named.gtid ? TransactionId(*named.gtid) : TransactionId()));
    group_->standalone = true;  // Until a BEGIN comes.
    return {};
}

Result<> StreamDecoder::on_table_map(const wire::Event& event) {
    // Its table may have been altered since, and nobody needs to know it.
    if (group_ && group_->skips_rows()) return {};
    return schema_.on_table_map(event);
}

Result<> StreamDecoder::on_rows(const wire::Event& event) {
    EK_TRY(const std::uint64_t id, wire::rows_table_id(event));
    if (id == wire::RowsEvent::kNoTable) return {};
    if (!group_) return wire::corrupt_event(event, "it is outside of a transaction");
    if (group_->skips_rows()) return {};
    const TableTracker::Table* table = schema_.find(id);
    if (table == nullptr) return wire::corrupt_event(event, "no table map came before it");
    if (table->wanted) transaction_.add(event, table->plan, event_start_);
    if (table->listened) requests_.add(event, table->plan, event_start_);
    return {};
}

Result<> StreamDecoder::on_query(const wire::Event& event) {
    EK_TRY(const wire::Query query, wire::parse_query(event, scratch_));
    // By far the most frequent ones, around each change of MySQL and each non-transactional one.
    if (query.statement == "COMMIT") return commit({});
    if (query.statement == "BEGIN" && group_) {
        group_->standalone = false;
        if (!group_->thread_id) group_->thread_id = query.thread_id;
        return {};
    }
    return on_statement(event, query);
}

Result<> StreamDecoder::on_statement(const wire::Event& event, const wire::Query& query) {
    EK_TRY_VOID(render_queued());
    const Statement statement = look_at_statement(query.statement);
    switch (statement.kind) {
        case StatementKind::commit: return commit({});
        case StatementKind::rollback: return finish_group();
        case StatementKind::savepoint:
            transaction_.savepoint(statement.name);
            if (!requests_.empty()) requests_.savepoint(statement.name);
            return {};
        case StatementKind::rollback_to:
            // A savepoint that it does not know was there before all of them.
            if (!requests_.rollback_to(statement.name)) requests_.clear();
            if (transaction_.rollback_to(statement.name)) return {};
            if (group_ && group_->skips_rows()) return {};
            return wire::corrupt_event(event, "rollback to an unknown savepoint");
        case StatementKind::xa_commit: return finish_xa(statement.name, true);
        case StatementKind::xa_rollback: return finish_xa(statement.name, false);
        case StatementKind::xa_control:
            if (group_) group_->xa = true;
            [[fallthrough]];
        case StatementKind::begin:
            if (group_) group_->standalone = false;
            return {};
        case StatementKind::release: return {};
        default: return on_change(event, query, statement);
    }
}

Result<> StreamDecoder::on_change(const wire::Event& event, const wire::Query& query,
                                  const Statement& statement) {
    const bool repeated = group_ && group_->repeated;
    if (statement.kind == StatementKind::data && !repeated) {
        const std::string database =
            statement.database.empty() ? std::string(query.schema) : statement.database;
        if (!is_system_database(database)) return data_without_rows(query);
    }
    if (statement.kind == StatementKind::other && !repeated) {
        EK_TRY_VOID(on_definitions(event, query));
        if (observer_ != nullptr) observer_->on_definitions_changed();
    }
    return group_ && group_->standalone ? commit({}) : Result<>{};
}

Result<> StreamDecoder::on_definitions(const wire::Event& event, const wire::Query& query) {
    EK_TRY(const std::vector<SchemaChange> changes, schema_.on_statement(query));
    if (!output_.ddl) return {};
    DdlPlace place{.ts_ms = std::uint64_t{event.header.timestamp} * 1000, .sql = query.statement};
    std::string position;
    std::string gtid;
    if (output_.binlog_position) {
        position = fmt::format("{}:{}", here_.file, event_start_);
        place.position = position;
    }
    if (output_.gtid_position && group_) {
        gtid = to_string(group_->id);
        place.gtid = gtid;
    }
    for (const SchemaChange& change : changes) {
        if (append_ddl_record(change, place, ddl_lines_)) ++ddl_count_;
    }
    return {};
}

Result<> StreamDecoder::on_xa_prepare(const wire::Event& event) {
    EK_TRY(const wire::XaPrepare prepare, wire::parse_xa_prepare(event));
    if (prepare.one_phase) return commit({});
    if (!group_) return wire::corrupt_event(event, "it is outside of a transaction");
    EK_TRY_VOID(before_reuse());
    prepared_.add(xid_text(prepare), {.rows = std::move(transaction_),
                                      .file = here_.file,
                                      .id = group_->id,
                                      .before = progress_.read()});
    transaction_ = TransactionBuffer(transaction_bytes_max_);
    return finish_group();
}

Result<> StreamDecoder::finish_xa(const std::string& xid, bool commits) {
    const auto prepared = prepared_.take(xid);
    const bool writes = commits && group_ && !group_->repeated;
    if (writes && !prepared) {
        log::warn("cdc",
                  "{}: XA transaction {} was prepared before the place where the stream began: "
                  "its rows are not in the stream",
                  to_string(group_->id), xid);
    }
    if (writes && prepared && prepared->rows.rows_events() > 0) {
        EK_TRY_VOID(render(prepared->rows, prepared->file, {}));
    }
    return finish_group();
}

Result<> StreamDecoder::commit(const std::optional<std::uint64_t>& xid) {
    if (may_wait()) return enqueue(xid);
    EK_TRY_VOID(render_queued());
    const bool repeated = group_ && group_->repeated;
    if (!ddl_lines_.empty()) {
        lines_.append(ddl_lines_);
        position_.rows += ddl_count_;
    }
    if (transaction_.rows_events() > 0 && !repeated) {
        EK_TRY_VOID(render(transaction_, here_.file, xid));
    }
    if (!requests_.empty() && !repeated) EK_TRY_VOID(deliver_requests());
    return finish_group();
}

Result<> StreamDecoder::deliver_requests() {
    if (observer_ == nullptr) return {};
    return requests_.replay([&](const TransactionBuffer::Record& record) {
        return record.plan == nullptr ? Result<>{}
                                      : observer_->on_request(*record.plan, record.event);
    });
}

Result<> StreamDecoder::announce(const TransactionBuffer& transaction) {
    BinlogPosition with_it = progress_.written();
    if (with_it.file() != nullptr) with_it = place({}, offset_);
    if (group_) with_it.add(group_->id);
    return observer_->before_transaction(transaction, with_it);
}

Result<> StreamDecoder::render(const TransactionBuffer& transaction, const std::string& file,
                               const std::optional<std::uint64_t>& xid) {
    if (observer_ != nullptr && observer_->watching()) EK_TRY_VOID(announce(transaction));
    TransactionFacts facts = this->facts(xid);
    EK_TRY(facts.last_event, last_kept(transaction));
    renderer_.begin(facts, file);
    const std::size_t size_before = lines_.size();
    const std::uint64_t rows_before = position_.rows;
    bool drained = false;
    const auto append = [&](const TransactionBuffer::Record& record) -> Result<> {
        EK_TRY(const std::uint64_t rows, renderer_.append(record, lines_));
        if (record.plan != nullptr && observer_ != nullptr && observer_->watching()) {
            observer_->on_rows(*record.plan, record.event);
        }
        position_.rows += rows;
        if (lines_.size() <= kDrainBytes) return {};
        drained = true;
        return drain_(lines_);
    };
    auto done = transaction.replay(std::cref(append));  // A reference: no allocation.
    if (done) return done;
    if (!drained) lines_.truncate(size_before);
    position_.rows = rows_before;
    // Part of it may be in the sink: a new connection would repeat that.
    if (done.error().code == Errc::unavailable) done.error().code = Errc::conflict;
    return done;
}

// The number of the row event, from 1 on, that has the last row which the filter leaves. Nothing:
// the filter does not look at rows.
Result<std::optional<std::uint64_t>> StreamDecoder::last_kept(
    const TransactionBuffer& transaction) {
    using Last = std::optional<std::uint64_t>;
    if (!schema_.decides_by_values()) return Last();
    std::uint64_t events = 0;
    std::uint64_t last = 0;
    EK_TRY_VOID(transaction.replay([&](const TransactionBuffer::Record& record) -> Result<> {
        if (record.plan == nullptr) return {};
        ++events;
        EK_TRY(const bool kept, rows_.keeps_any(*record.plan, record.event));
        if (kept) last = events;
        return {};
    }));
    return Last(last);
}

TransactionFacts StreamDecoder::facts(const std::optional<std::uint64_t>& xid) const {
    TransactionFacts facts{.xid = xid, .schema_id = schema_.version()};
    if (!group_) return facts;
    facts.id = group_->id;
    if (output_.thread_id) facts.thread_id = group_->thread_id;
    return facts;
}

// The open one, at its end.
QueuedTransaction StreamDecoder::ended_group(const std::optional<std::uint64_t>& xid) const {
    return {.facts = facts(xid),
            .timestamp = group_->timestamp,
            .offset = offset_,
            .repeated = group_->repeated};
}

// Its events stay where they are until before_reuse(), and nobody has to see its rows before.
bool StreamDecoder::may_wait() const {
    const bool watched = observer_ != nullptr && observer_->watching();
    return group_ && transaction_.in_place() && requests_.empty() && ddl_lines_.empty() &&
           !progress_.reads_again() && !watched;
}

Result<> StreamDecoder::enqueue(const std::optional<std::uint64_t>& xid) {
    QueuedTransaction queued = ended_group(xid);
    const bool repeated = queued.repeated;
    if (transaction_.rows_events() > 0 && !repeated) {
        EK_TRY(queued.facts.last_event, last_kept(transaction_));
        queue_.add(std::move(queued), transaction_);
    } else {
        queue_.add(std::move(queued));
    }
    close_group();
    if (at_boundary_ && !repeated) at_boundary_();
    return {};
}

Result<> StreamDecoder::render_queued() {
    if (queue_.empty()) return {};
    const auto ended = [this](const QueuedTransaction& transaction) -> Result<> {
        EK_TRY_VOID(count(transaction));
        position_.rows += transaction.rows;
        return {};
    };
    return queue_.render(here_.file, lines_, drain_, ended);
}

void StreamDecoder::close_group() {
    transaction_.clear();
    if (!requests_.empty()) requests_.clear();
    ddl_lines_.clear();
    ddl_count_ = 0;
    schema_.trim();
    group_.reset();
}

Result<> StreamDecoder::finish_group() {
    if (!group_) {
        close_group();
        return {};
    }
    const QueuedTransaction ended = ended_group({});
    close_group();
    EK_TRY_VOID(count(ended));
    if (at_boundary_ && !ended.repeated) at_boundary_();
    return {};
}

Result<> StreamDecoder::count(const QueuedTransaction& ended) {
    const TransactionId& id = ended.facts.id;
    if (!progress_.finish(id, place(id, ended.offset), ended.repeated)) {
        const std::string text = to_string(id);
        return Error{
            Errc::conflict,
            fmt::format("read {} before {}: the transaction there {}, which the stream's "
                        "position {} cannot count: gtid_mode was changed on the server. "
                        "Set it as it was, or remove the stream's checkpoint to start "
                        "anew",
                        here_.file, ended.offset, text.empty() ? "has no GTID" : "is " + text,
                        progress_.written().str())};
    }
    if (ended.repeated) return {};
    position_.schema_version = ended.facts.schema_id;
    position_.last = id;
    position_.timestamp = ended.timestamp;
    position_.offset = ended.offset;
    if (position_.file != here_.file) position_.file = here_.file;
    ++position_.transactions;
    return {};
}

}  // namespace evenkeel::cdc
