#include "cdc/bootstrap/bootstrap.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "cdc/bootstrap/request_table.h"
#include "cdc/transaction_buffer.h"
#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kLookForFacts{200};
constexpr Millis kReport{1000};
constexpr Millis kRetry{500};
constexpr Millis kGateSlice{50};
// A statement that the server refuses may be right again when a change of the table's definition
// has been looked at.
constexpr int kRefusalsMax = 3;
constexpr std::size_t kEndedMax = 20;
// Rows that are rendered at once.
constexpr std::size_t kFlushBytes = 4u << 20;

// None of these belongs to a bootstrap's lines.
OutputConfig for_rows(OutputConfig output) {
    output.commit_info = output.xoffset = false;
    output.binlog_position = output.gtid_position = output.server_id = output.row_query = false;
    return output;
}

OutputConfig for_frames(OutputConfig output) {
    output = for_rows(output);
    output.nulls = false;
    return output;
}

std::string seconds_text(std::int64_t wall_ms) {
    return fmt::format("{}.{:06}", wall_ms / 1000, wall_ms % 1000 * 1000);
}

bool is_passing(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timed_out;
}

}  // namespace

Bootstrap::Bootstrap(const StreamConfig& config, BootstrapWorld world, ByteBuffer& lines)
    : config_(config),
      world_(std::move(world)),
      lines_(lines),
      rows_(for_rows(config.output)),
      frames_(for_frames(config.output)),
      requests_(OutputConfig{}),
      reader_(config),
      size_(config.bootstrap_chunk_rows) {}

Result<> Bootstrap::load(bool anew) {
    look_for_rows_ = anew;
    if (world_.coordinator == nullptr) return {};
    const auto entry = world_.coordinator->get(bootstrap_key(config_.name));
    if (!entry) return {};
    EK_TRY(jobs_, jobs_from_json(entry->value));
    for (BootstrapJob& job : jobs_) {
        // What it printed went away with the lines before it.
        if (anew && !job.ended()) {
            job.table = job.counted = 0, job.table_begun = false;
            job.last.clear(), job.tables.clear();
            job.inserted_rows = job.dropped_rows = job.total_rows = 0;
        }
        // A holder that died may not have come to this.
        if (job.ended() && job.request.row_id != 0) announced_.push_back(job);
    }
    return {};
}

void Bootstrap::use(const ServerId& server, const ServerId& primary) {
    leave();
    server_ = server;
    primary_ = primary;
    definitions_changed_ = true;
    retry_at_ = {};
}

void Bootstrap::leave() {
    server_.reset();
    forget_order();
    if (reading_all_) restart_table();
}

const BootstrapJob* Bootstrap::current() const {
    const auto it = std::find_if(jobs_.begin(), jobs_.end(),
                                 [](const BootstrapJob& job) { return !job.ended(); });
    return it == jobs_.end() ? nullptr : &*it;
}

BootstrapJob* Bootstrap::current() {
    return const_cast<BootstrapJob*>(std::as_const(*this).current());
}

// --- requests -----------------------------------------------------------------------------------

void Bootstrap::look_for_facts() {
    const Instant now = io::now();
    if (world_.coordinator == nullptr || now - looked_at_ < kLookForFacts) return;
    looked_at_ = now;
    for (const auto& entry : world_.coordinator->list(bootstrap_request_prefix(config_.name))) {
        if (std::count(taken_.begin(), taken_.end(), entry.key) > 0) continue;
        taken_.push_back(entry.key);
        changed_ = true;
        const auto request = request_from_json(entry.value);
        if (!request) {
            log::error("cdc", "stream {}: {}: {}", config_.name, entry.key, request.error().what);
        } else {
            take(*request);
        }
    }
}

void Bootstrap::take(const BootstrapRequest& request) {
    if (!request.abort.empty()) return give_up(request.abort);
    const bool known = std::any_of(jobs_.begin(), jobs_.end(), [&](const BootstrapJob& job) {
        // A row's number comes again when its table is made anew.
        return job.request.id == request.id && (!job.ended() || request.row_id == 0);
    });
    if (known) return;
    log::info("cdc", "stream {}: bootstrap {} of {}.{} is asked for", config_.name, request.id,
              request.database, request.table);
    jobs_.push_back({.request = request, .created_ms = io::wall_ms()});
    changed_ = true;
}

void Bootstrap::give_up(const std::string& id) {
    for (BootstrapJob& job : jobs_) {
        if (job.request.id != id || job.ended()) continue;
        const bool is_current = &job == current();
        if (is_current) {
            forget_order();
            layout_.reset();
            reading_all_ = printing_all_ = false;
        }
        job.state = JobState::aborted;
        job.completed_ms = io::wall_ms();
        changed_ = true;
        log::info("cdc", "stream {}: bootstrap {} is aborted", config_.name, id);
    }
}

Result<> Bootstrap::on_request(const TablePlan& plan, const wire::Event& event) {
    scratch_.clear();
    EK_TRY(const std::uint64_t rows, requests_.append_rows(plan, event, {}, scratch_));
    (void)rows;
    for (const std::string& line : split(std::string(scratch_.view()), '\n')) {
        if (const auto request = request_from_row(line, config_.name)) take(*request);
    }
    return {};
}

// --- orders -------------------------------------------------------------------------------------

Result<> Bootstrap::order(decltype(Order::what) what) {
    const std::uint64_t number = last_order_ + 1;
    if (!reader_.order({.number = number, .server = *server_, .what = std::move(what)})) return {};
    last_order_ = order_ = number;
    return {};
}

void Bootstrap::forget_order() {
    if (order_ != 0) reader_.cancel(order_);
    order_ = 0;
    arrived_.reset();
    touched_.close();
    watching_ = false;
}

void Bootstrap::give_orders() {
    const Instant now = io::now();
    if (!server_ || order_ != 0 || arrived_ || now < retry_at_) return;
    if (look_for_rows_) return (void)order(FindRequests{});
    BootstrapJob* job = current();
    if (job == nullptr) return;
    const BootstrapRequest& request = job->request;
    if (job->tables.empty()) return (void)order(FindTables{request.database, request.table});
    if (layout_ == nullptr || definitions_changed_) {
        definitions_changed_ = false;
        return (void)order(PrepareTable{request.database, job->tables[job->table], request.where,
                                        job->counted == job->table});
    }
    if (layout_->key.empty()) {
        reading_all_ = watching_ = true;
        return (void)order(ReadAll{layout_, request.where});
    }
    if (now < next_chunk_at(paced_from_, paced_rows_, config_.bootstrap_rows_per_second)) return;
    // Before the server is asked: whatever the stream prints from here on may be newer than what
    // the chunk will have.
    touched_.open(*layout_);
    watching_ = true;
    (void)order(ReadChunk{layout_, request.where, job->last, size_.rows(), position_.at});
}

Result<> Bootstrap::on_tables(TablesFound found) {
    BootstrapJob& job = *current();
    std::erase_if(found.names, [&](const std::string& name) {
        return !world_.rules->wants(job.request.database, name);
    });
    if (found.names.empty()) {
        end_job(JobState::failed,
                fmt::format("bootstrap {}: the stream's filter leaves out {}.{}", job.request.id,
                            job.request.database, job.request.table));
        return {};
    }
    job.tables = std::move(found.names);
    changed_ = true;
    return {};
}

Result<> Bootstrap::on_prepared(TablePrepared prepared) {
    BootstrapJob& job = *current();
    // Masked, hidden and filtered as in the stream. The reader's own copy stays as it is.
    auto layout = std::make_shared<TableLayout>(*prepared.layout);
    world_.rules->treat(layout->rows);
    layout_ = std::move(layout);
    if (job.table_begun && job.key != layout_->key_names()) {
        // Its rows have another order now: begin it again, what was printed is printed once more.
        job.last.clear();
    }
    job.key = layout_->key_names();
    if (job.counted == job.table) {
        job.total_rows += prepared.rows;
        ++job.counted;
    }
    if (paced_from_ == Instant{}) paced_from_ = io::now();
    changed_ = true;
    return {};
}

Result<> Bootstrap::on_failure(const Error& error) {
    BootstrapJob* job = current();
    forget_order();
    layout_.reset();
    retry_at_ = io::now() + kRetry;
    if (reading_all_) restart_table();
    if (job == nullptr) return {};
    const bool last = !is_passing(error) && ++failures_ >= kRefusalsMax;
    log::warn("cdc", "stream {}: bootstrap {}: {}{}", config_.name, job->request.id, error.what,
              last ? "" : "; trying again");
    if (last || error.code == Errc::not_found) end_job(JobState::failed, error.what);
    return {};
}

Result<> Bootstrap::handle(Answer answer) {
    if (answer.number != order_) return {};
    if (auto* snapshot = std::get_if<Snapshot>(&answer.what)) {
        snapshot_ = snapshot->place;
        return {};
    }
    if (auto* read = std::get_if<ChunkRead>(&answer.what)) {
        arrived_ = std::move(*read);
        if (!reading_all_) order_ = 0;
        return {};
    }
    order_ = 0;
    if (auto* error = std::get_if<Error>(&answer.what)) return on_failure(*error);
    if (auto* tables = std::get_if<TablesFound>(&answer.what)) return on_tables(std::move(*tables));
    if (auto* table = std::get_if<TablePrepared>(&answer.what)) {
        return on_prepared(std::move(*table));
    }
    look_for_rows_ = false;
    for (const BootstrapRequest& request : std::get<RequestsFound>(answer.what).requests) {
        take(request);
    }
    return {};
}

Result<> Bootstrap::step(const StreamPosition& position) {
    position_ = position;
    look_for_facts();
    while (!arrived_) {
        auto answer = reader_.take(Millis{0});
        if (!answer) break;
        EK_TRY_VOID(handle(*std::move(answer)));
    }
    if (arrived_) EK_TRY_VOID(place(position));
    if (world_.coordinator == nullptr) stored();
    if (const BootstrapJob* job = current()) report_progress(*job, false);
    give_orders();
    return {};
}

// --- placing rows -------------------------------------------------------------------------------

Result<> Bootstrap::place(const StreamPosition& position) {
    if (reading_all_) {
        if (!snapshot_ || !position.at.reaches(*snapshot_)) return {};
        const Chunk piece = std::move(arrived_->chunk);
        arrived_.reset();
        return print_piece(piece);
    }
    // Before that the stream has not printed all that the chunk may show.
    if (!position.at.reaches(arrived_->high)) return {};
    const Chunk chunk = std::move(arrived_->chunk);
    arrived_.reset();
    EK_TRY(const bool certain, select_untouched(chunk));
    touched_.close();
    watching_ = false;
    if (!certain) {
        size_.refused();
        return {};
    }
    failures_ = 0;
    EK_TRY_VOID(begin_table(position));
    EK_TRY_VOID(print_rows(kept_));
    BootstrapJob& job = *current();
    if (chunk.rows > 0) job.last = chunk.last;
    size_.taken(chunk.rows, chunk.images.size());
    changed_ = true;
    if (chunk.end) return end_table();
    return {};
}

// Puts the rows of the chunk that may be printed into kept_. False: read it again.
Result<bool> Bootstrap::select_untouched(const Chunk& chunk) {
    if (definitions_changed_ || touched_.all_doubtful()) return false;
    BootstrapJob& job = *current();
    kept_.clear();
    if (!touched_.any()) {
        kept_ = chunk.images;
        job.inserted_rows += chunk.rows;
        paced_rows_ += chunk.rows;
        return true;
    }
    const char* at = chunk.images.data();
    const char* const limit = at + chunk.images.size();
    std::uint64_t dropped = 0;
    while (at < limit) {
        const char* end = nullptr;
        const KeyVerdict verdict = touched_.judge(at, limit, end);
        if (verdict == KeyVerdict::doubtful) return false;
        if (verdict == KeyVerdict::untouched) kept_.append(at, end);
        dropped += verdict == KeyVerdict::printed ? 1 : 0;
        at = end;
    }
    job.inserted_rows += chunk.rows - dropped;
    job.dropped_rows += dropped;
    paced_rows_ += chunk.rows;
    return true;
}

Result<> Bootstrap::print_rows(std::string_view images) {
    if (images.empty()) return {};
    const std::int64_t now = io::wall_ms();
    push_ts_ = seconds_text(now);
    const auto& event =
        event_.make(layout_->rows.columns.size(), images, static_cast<std::uint32_t>(now / 1000));
    EK_TRY(const std::uint64_t rows,
           rows_.append_rows(layout_->rows, event,
                             {.push_ts = push_ts_, .comment = current()->request.comment}, lines_));
    (void)rows;
    return lines_.size() > kFlushBytes ? world_.flush(lines_) : Result<>{};
}

// The frame's one column is NULL, and the renderer of frames leaves NULLs out.
Result<> Bootstrap::print_frame(const char* type) {
    constexpr std::string_view kNull = "\x01";
    const std::int64_t now = io::wall_ms();
    push_ts_ = seconds_text(now);
    TablePlan frame = layout_->frame;
    frame.type_and_ts[0] = Literal(fmt::format(",\"type\":\"{}\",\"ts\":", type));
    const auto& event =
        event_.make(frame.columns.size(), kNull, static_cast<std::uint32_t>(now / 1000));
    EK_TRY(const std::uint64_t rows,
           frames_.append_rows(
               frame, event, {.push_ts = push_ts_, .comment = current()->request.comment}, lines_));
    (void)rows;
    return {};
}

Result<> Bootstrap::begin_table(const StreamPosition& position) {
    BootstrapJob& job = *current();
    if (job.table_begun) return {};
    EK_TRY_VOID(print_frame("bootstrap-start"));
    job.table_begun = true;
    if (job.state == JobState::running) return {};
    job.state = JobState::running;
    job.started_ms = io::wall_ms();
    job.file = position.file;
    job.offset = position.offset;
    report_progress(job, true);
    return {};
}

Result<> Bootstrap::end_table() {
    EK_TRY_VOID(print_frame("bootstrap-complete"));
    BootstrapJob& job = *current();
    job.table_begun = false;
    job.last.clear();
    job.key.clear();
    layout_.reset();
    table_rows_ = 0;
    if (++job.table == job.tables.size()) end_job(JobState::complete, "");
    return {};
}

void Bootstrap::end_job(JobState state, const std::string& error) {
    BootstrapJob& job = *current();
    job.state = state;
    job.error = error;
    job.completed_ms = io::wall_ms();
    if (job.started_ms == 0) job.started_ms = job.completed_ms;
    log::info("cdc", "stream {}: bootstrap {} of {}.{}: {}, {} rows{}{}", config_.name,
              job.request.id, job.request.database, job.request.table, to_string(state),
              job.inserted_rows, error.empty() ? "" : ": ", error);
    if (job.request.row_id != 0) announced_.push_back(job);
    changed_ = true;
    failures_ = 0;
    layout_.reset();
    paced_from_ = {};
    paced_rows_ = 0;
    const auto ended = std::count_if(jobs_.begin(), jobs_.end(),
                                     [](const BootstrapJob& each) { return each.ended(); });
    if (static_cast<std::size_t>(ended) > kEndedMax) {
        jobs_.erase(std::find_if(jobs_.begin(), jobs_.end(),
                                 [](const BootstrapJob& each) { return each.ended(); }));
    }
}

// --- a table without a key ----------------------------------------------------------------------

Result<> Bootstrap::print_piece(const Chunk& piece) {
    printing_all_ = true;
    EK_TRY_VOID(begin_table(position_));
    EK_TRY_VOID(print_rows(piece.images));
    BootstrapJob& job = *current();
    job.inserted_rows += piece.rows;
    table_rows_ += piece.rows;
    changed_ = true;
    if (!piece.end) return {};
    reading_all_ = printing_all_ = watching_ = false;
    snapshot_.reset();
    order_ = 0;
    failures_ = 0;
    return end_table();
}

// What was printed of it belongs to a moment that nobody can read any more: from its start again.
void Bootstrap::restart_table() {
    reading_all_ = printing_all_ = false;
    snapshot_.reset();
    BootstrapJob* job = current();
    if (job == nullptr) return;
    job->inserted_rows -= std::min(job->inserted_rows, table_rows_);
    job->table_begun = false;
    table_rows_ = 0;
}

// A change of a table that is being read as a whole has to wait until all of it is printed, if it
// is not in what is read. Waits as long as that takes.
Result<> Bootstrap::before_transaction(const TransactionBuffer& transaction,
                                       const BinlogPosition& with_it) {
    if (!reading_all_ || layout_ == nullptr ||
        !transaction.touches(layout_->rows.database, layout_->rows.table)) {
        return {};
    }
    while (reading_all_) {
        if (snapshot_ && snapshot_->reaches(with_it)) return {};
        if (arrived_ && snapshot_) {
            const Chunk piece = std::move(arrived_->chunk);
            arrived_.reset();
            EK_TRY_VOID(print_piece(piece));
        }
        // Also when there is nothing to hand over: it finds out whether the lease is held.
        EK_TRY_VOID(world_.flush(lines_));
        if (world_.stopping()) return Error{Errc::unavailable, "bootstrap: the stream is stopping"};
        if (auto answer = reader_.take(kGateSlice)) EK_TRY_VOID(handle(*std::move(answer)));
    }
    return {};
}

void Bootstrap::on_rows(const TablePlan& plan, const wire::Event& event) {
    if (touched_.is_open()) touched_.add(plan, event);
}

void Bootstrap::on_definitions_changed() {
    definitions_changed_ = true;
    if (touched_.is_open()) touched_.doubt_all();
}

// --- progress -----------------------------------------------------------------------------------

void Bootstrap::report_progress(const BootstrapJob& job, bool now) {
    if (job.request.row_id == 0 || !server_ || job.started_ms == 0) return;
    if (!now && io::now() - reported_at_ < kReport) return;
    reported_at_ = io::now();
    BootstrapJob said = job;
    // Those that the stream printed itself are through as well.
    said.inserted_rows += said.dropped_rows;
    (void)reader_.order({.what = WriteProgress{primary_, std::move(said)}});
}

std::vector<coord::Op> Bootstrap::ops() const {
    if (!changed_) return {};
    std::vector<coord::Op> ops{{.key = bootstrap_key(config_.name), .value = to_json(jobs_)}};
    for (const std::string& key : taken_) ops.push_back({.key = key, .value = std::nullopt});
    return ops;
}

void Bootstrap::stored() {
    changed_ = false;
    taken_.clear();
    if (!server_) return;
    for (const BootstrapJob& job : announced_) report_progress(job, true);
    announced_.clear();
}

}  // namespace evenkeel::cdc
