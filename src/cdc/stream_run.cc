#include "cdc/stream_run.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "cdc/bootstrap/request_table.h"
#include "io/clock.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kConnectLimit{3000};
constexpr Millis kSlice{50};         // Longest wait before leases and facts are looked at again.
constexpr Millis kBusySlice{2};      // The same while a chunk of a bootstrap may arrive.
constexpr Millis kLeaseBudget{100};  // A write to the sink has to fit into what the lease lasts.
constexpr Millis kStoreLimit{1000};
constexpr Millis kPlaceLimit{60'000};  // A whole file may have to be read for it.
constexpr Millis kLookAgain{1000};     // At the choice of the source, also when no fact changed.
constexpr Millis kBehindPatience{5000};
constexpr Millis kBehindRetry{100};
constexpr Millis kRetryFirst{50};
constexpr Millis kRetryMost{2000};
constexpr Millis kUnreachableMost{5000};
constexpr Millis kSchemaStoreLimit{30'000};
constexpr int kCapturesMost = 5;

// The server has no room for us at the moment; said as a refusal, but it passes.
bool is_busy(const Error& error) {
    return error.code == Errc::denied && (error.what.find("(error 1040)") != std::string::npos ||
                                          error.what.find("(error 1203)") != std::string::npos);
}

bool is_passing(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timed_out || is_busy(error);
}

// A sink that fails does so for a reason that a retry does not remove.
Error of_sink(Error error) {
    if (is_passing(error)) error.code = Errc::conflict;
    return error;
}

// Tables that a statement altered between the place and now are not what they were.
void mark_touched(Schema& schema, const DdlScan& found) {
    const Schema captured = schema;
    for (const auto& [key, table] : captured.tables()) {
        const std::string* statement = found.statement({table.database, table.name});
        if (statement == nullptr) continue;
        SchemaTable marked = table;
        marked.knowledge = Knowledge::unknown;
        marked.why = "it was altered between there and the stream's first start: " + *statement;
        schema.put(std::move(marked));
    }
}

void mark_later(Schema& schema) {
    const Schema captured = schema;
    for (const auto& [key, table] : captured.tables()) {
        if (table.knowledge != Knowledge::exact) continue;
        SchemaTable marked = table;
        marked.knowledge = Knowledge::later;
        schema.put(std::move(marked));
    }
}

}  // namespace

StreamRun::StreamRun(const StreamConfig& config, StreamWorld world)
    : config_(config),
      world_(std::move(world)),
      sink_(make_sink(config)),
      dictionary_(config.schema_server ? config.schema_credentials : config.credentials),
      rules_(config),
      schema_(dictionary_, rules_),
      decoder_(config, schema_, [this](ByteBuffer& lines) { return flush(lines); }) {
    if (world_.filter) {
        world_.filter_changed->store(true);
        take_filter();
        decoder_.on_boundary([this] { take_filter(); });
    }
    if (world_.coordinator != nullptr) {
        store_.emplace(*world_.coordinator, *world_.grant, config_.name);
        definitions_.emplace(*world_.coordinator, *world_.grant, config_.name);
    } else {
        schema_.history().keep_no_pending();
    }
    schema_.ignore_missing(config_.ignore_missing_schema);
    schema_.listen_to(config_.schema_database, kBootstrapTable);
    bootstrap_ = make_bootstrap();
    decoder_.observe(bootstrap_.get());
}

std::unique_ptr<Bootstrap> StreamRun::make_bootstrap() {
    if (config_.bootstrapper == Bootstrapper::none) return nullptr;
    return std::make_unique<Bootstrap>(
        config_,
        BootstrapWorld{.coordinator = world_.coordinator,
                       .rules = &rules_,
                       .flush = [this](ByteBuffer& lines) { return flush(lines); },
                       .stopping = [this] { return stop_->requested(); }},
        decoder_.lines());
}

bool StreamRun::may_act() const {
    if (world_.coordinator == nullptr) return true;
    const auto held = world_.coordinator->holds(world_.grant->duty, kLeaseBudget);
    return held && held->epoch == world_.grant->epoch;
}

Result<> StreamRun::run(io::StopToken& stop) {
    stop_ = &stop;
    const auto ended = run_until(stop);
    if (ended || !stop.requested() || ended.error().code != Errc::not_leader) return ended;
    // The checkpoint is before what is left.
    log::warn("cdc", "stream {}: {}", config_.name, ended.error().what);
    return {};
}

Result<> StreamRun::run_until(io::StopToken& stop) {
    EK_TRY_VOID(open_sink());
    while (!stop.requested()) {
        if (!may_act()) return Error{Errc::not_leader, "run the stream: the lease ended"};
        const SourceChoice choice = choose();
        if (!choice.server) {
            EK_TRY_VOID(wait_for_choice(choice, stop));
            continue;
        }
        const auto visited = visit(choice, stop);
        if (!visited) EK_TRY_VOID(after_failure(*choice.server, visited.error()));
    }
    if (!positioned_ || !may_act()) return {};
    EK_TRY_VOID(flush(decoder_.lines()));
    return checkpoint_when_due(true);
}

// Cheap when nothing changed: it is asked behind each transaction.
void StreamRun::take_filter() {
    if (!world_.filter_changed->load(std::memory_order_relaxed)) return;
    world_.filter_changed->store(false);
    const auto filter = world_.filter();
    if (!filter) {
        filter_problem_ = filter.error();
        return;
    }
    filter_problem_.reset();
    if (filter->text() == rules_.filter().text()) return;
    log::info("cdc", "stream {}: filter: {}", config_.name,
              filter->text().empty() ? "none" : filter->text());
    rules_.use(*filter);
    schema_.forget_rules();
}

Result<> StreamRun::open_sink() {
    if (!config_.dead_letter_file.empty()) {
        auto opened = io::PlainFile::open(config_.dead_letter_file);
        if (!opened) return of_sink(opened.error());
        dead_letters_ = *std::move(opened);
    }
    std::optional<Checkpoint> checkpoint;
    if (store_) {
        EK_TRY(checkpoint, store_->load(io::within(kStoreLimit)));
    }
    const MayAct allowed = [this] { return !stop_->requested() && may_act(); };
    const auto opened =
        sink_->open(checkpoint ? std::optional(checkpoint->sink) : std::nullopt, allowed);
    if (!opened) return of_sink(opened.error());
    const std::uint64_t schema_version = checkpoint ? checkpoint->schema_version : 0;
    if (definitions_) {
        const auto name_case = static_cast<NameCase>(checkpoint ? checkpoint->name_case : 0);
        EK_TRY(Schema schema,
               definitions_->load(schema_version, name_case, io::within(kSchemaStoreLimit)));
        schema_.history().resume(std::move(schema), schema_version);
    }
    tables_known_ = schema_version > 0 && !world_.recapture;
    if (bootstrap_) EK_TRY_VOID(bootstrap_->load(!checkpoint));
    if (!checkpoint) return {};
    positioned_ = true;
    decoder_.resume({.at = checkpoint->at,
                     .file = checkpoint->file,
                     .offset = checkpoint->offset,
                     .rows = checkpoint->rows,
                     .transactions = checkpoint->transactions,
                     .schema_version = schema_version},
                    checkpoint->read_from);
    stored_transactions_ = checkpoint->transactions;
    world_.status->set_checkpoint(checkpoint->at.str());
    return {};
}

SourceChoice StreamRun::choose() {
    const Instant now = io::now();
    chosen_at_ = now;
    SourceSituation situation{
        .fact = fact_,
        .current = current_,
        .on_current = std::chrono::duration_cast<Millis>(now - current_since_),
        .preference = config_.source};
    for (const auto& [server, failure] : failures_) {
        if (failure.refusal || now < failure.until) situation.failed.insert(server);
    }
    if (config_.cluster.empty()) {
        situation.fact = {.primary = config_.server};
        situation.preference = SourcePreference::primary;
    } else if (world_.coordinator != nullptr) {
        world_.fact_changed->store(false);
        const auto entry = world_.coordinator->get(kClusterFactPrefix + config_.cluster);
        const auto fact = entry ? cluster_fact_from_json(entry->value)
                                : Result<ClusterFact>(Error{Errc::not_found, "no fact"});
        if (!fact) return {.why = fmt::format("cluster {} is not known yet", config_.cluster)};
        // Another primary: whoever refused may have good reasons no more.
        if (fact->failovers != fact_.failovers) failures_.clear(), situation.failed.clear();
        fact_ = *fact;
        situation.fact = fact_;
    }
    return choose_source(situation);
}

// Every server that could be read from says no for a reason that waiting does not remove.
std::optional<Error> StreamRun::refused_by_all() const {
    std::vector<ServerId> servers = fact_.replicas;
    if (fact_.primary) servers.push_back(*fact_.primary);
    std::optional<Error> refusal;
    for (const ServerId& server : servers) {
        const auto failure = failures_.find(server);
        if (failure == failures_.end() || !failure->second.refusal) return {};
        refusal = failure->second.refusal;
    }
    return refusal;
}

Result<> StreamRun::wait_for_choice(const SourceChoice& choice, io::StopToken& stop) {
    if (const auto refusal = refused_by_all()) return *refusal;
    const Instant now = io::now();
    if (lost_at_ == Instant{}) lost_at_ = now;
    if (failures_.empty()) world_.status->set_state("waiting", choice.why);
    if (world_.coordinator != nullptr && now - lost_at_ > kUnreachableMost) {
        return Error{Errc::unavailable, "find a server to read from: " + choice.why};
    }
    stop.wait_for(kSlice);
    return {};
}

Result<> StreamRun::after_failure(const ServerId& server, const Error& error) {
    // Lines of whole transactions may be left; the position is behind them already.
    EK_TRY_VOID(flush(decoder_.lines()));
    if (bootstrap_) bootstrap_->leave();
    const bool source_refuses =
        error.code == Errc::denied || error.code == Errc::invalid || error.code == Errc::conflict;
    if (!is_passing(error) && !(source_refuses && !config_.cluster.empty() && !proven_)) {
        return error;
    }
    world_.status->set_state("waiting", error.what);
    world_.status->count_reconnect();
    if (lost_at_ == Instant{}) lost_at_ = io::now();
    current_.reset();
    Failure& failure = failures_[server];
    const Millis pause = std::min(kRetryMost, kRetryFirst * (1 << std::min(failure.times, 10)));
    ++failure.times;
    failure.until = io::now() + pause;
    if (source_refuses) failure.refusal = error;
    return {};
}

Result<> StreamRun::visit(const SourceChoice& choice, io::StopToken& stop) {
    proven_ = false;
    const Deadline deadline = io::within(kConnectLimit);
    EK_TRY(Source source, Source::connect(config_, *choice.server, deadline));
    if (!choice.is_primary && !source.facts().logs_replicated) {
        return Error{
            Errc::invalid,
            fmt::format("stream from {}: it is a replica without log_slave_updates, so its "
                        "binlog lacks what it replicates: turn it on and restart the server",
                        choice.server->str())};
    }
    EK_TRY_VOID(take_up(source, choice.is_primary, stop));
    if (stop.requested()) return {};
    dictionary_.use(config_.schema_server.value_or(*choice.server));
    current_ = choice.server;
    if (!tables_known_) EK_TRY_VOID(know_tables(source, stop));
    if (!positioned_) EK_TRY_VOID(store_checkpoint());
    positioned_ = true;
    schema_.recover_by([this, &stop](const TableName& name) { return recover(name, stop); });
    decoder_.restart(source.facts().history.server_uuid);
    start_below_4g(decoder_);
    EK_TRY_VOID(source.start(decoder_.read(), io::within(kConnectLimit)));
    current_is_primary_ = choice.is_primary;
    current_since_ = io::now();
    world_.status->set_source(choice.server->str());
    if (bootstrap_) bootstrap_->use(*choice.server, fact_.primary.value_or(*choice.server));
    return once_more(read(source, stop));
}

// Damaged on the way, it is whole when it comes again; damaged on the server, it is damaged again.
Result<> StreamRun::once_more(Result<> read) {
    if (read || read.error().code != Errc::corrupt) return read;
    const StreamPlace place{.published = decoder_.position().at, .read_from = decoder_.read()};
    if (corrupt_at_ == place) return read;
    corrupt_at_ = place;
    log::warn("cdc", "stream {}: {}: asks for it once more", config_.name, read.error().what);
    return Error{Errc::unavailable, read.error().what};
}

Result<> StreamRun::take_up(Source& source, bool is_primary, io::StopToken& stop) {
    if (!positioned_) EK_TRY_VOID(begin_at(source));
    EK_TRY_VOID(make_fit(source, is_primary, stop));
    return stop.requested() ? Result<>{} : adopt_gtids(source);
}

// gtid_mode was turned on since: from now on the stream can follow a failover.
Result<> StreamRun::adopt_gtids(Source& source) {
    const StreamPosition position = decoder_.position();
    const bool useful = source.facts().history.kind == PositionKind::mysql_gtid &&
                        position.at.file() != nullptr && !decoder_.read_from();
    if (!useful) return {};
    const auto gtids = source.position_at(*position.at.file(), io::within(kPlaceLimit));
    if (!gtids) {
        log::info("cdc", "stream {}: goes on by file and offset: {}", config_.name,
                  gtids.error().what);
        return {};
    }
    log::info("cdc", "stream {}: {} is {} in GTIDs, which it goes on by", config_.name,
              position.at.str(), gtids->str());
    decoder_.rename(*gtids);
    return {};
}

// MySQL cannot be asked for an offset that has more than 32 bits: read its file again.
void StreamRun::start_below_4g(StreamDecoder& decoder) {
    const FilePosition* place = decoder.read().file();
    if (place == nullptr || place->offset <= UINT32_MAX) return;
    FilePosition front = *place;
    front.offset = 4;
    decoder.resume(decoder.position(), front);
}

// Without a checkpoint: where the configuration says, or the server's end as it is now. Stored at
// once, so that a crash before the first row does not begin at a later end.
Result<> StreamRun::begin_at(Source& source) {
    BinlogPosition start = source.facts().history.end;
    if (!config_.init_gtid.empty()) {
        const auto configured = parse_gtids(config_.init_gtid);
        if (!configured) return Error{Errc::invalid, "init_gtid: not a GTID position"};
        start = *configured;
    } else if (!config_.init_position.empty()) {
        const auto place = parse_file_position(config_.init_position);
        if (!place) return Error{Errc::invalid, "init_position: not FILE:POSITION"};
        EK_TRY(start, source.position_at(*place, io::within(kPlaceLimit)));
    }
    at_end_ = config_.init_gtid.empty() && config_.init_position.empty();
    tables_known_ = false;
    decoder_.resume({.at = start});
    return {};
}

// The definitions at the stream's place. The server tells those of now; they are those of the place
// unless the binlog has DDL in between, and that is looked up there (docs/internals/schema.md).
Result<> StreamRun::know_tables(Source& source, io::StopToken& stop) {
    for (int attempt = 1;; ++attempt) {
        world_.status->set_state("waiting", "reads the definitions of tables");
        EK_TRY(Schema schema, dictionary_.capture());
        EK_TRY_VOID(source.refresh(io::within(kConnectLimit)));
        const BinlogPosition end = source.facts().history.end;
        const bool trusted = decoder_.position().at.reaches(end) || world_.recapture;
        DdlScan found(schema.name_case());
        const bool named = source.facts().row_metadata == "FULL";
        if (!trusted && (at_end_ || !named)) {
            EK_TRY_VOID(scan(source.server(), end, found, stop));
            if (found.found_any() && at_end_ && attempt < kCapturesMost) {
                decoder_.resume({.at = end});
                continue;
            }
            mark_touched(schema, found);
        } else if (!trusted) {
            mark_later(schema);
        }
        schema_.history().begin(std::move(schema));
        decoder_.set_schema_version(schema_.history().version());
        tables_known_ = true;
        return {};
    }
}

// DDL between the stream's place and `to`.
Result<> StreamRun::scan(const ServerId& server, const BinlogPosition& to, DdlScan& found,
                         io::StopToken& stop) {
    StreamConfig config = config_;
    config.replica_server_id = 0;  // The stream's own connection may be open.
    config.output = {};
    config.dead_letter_file.clear();
    EK_TRY(Source source, Source::connect(config, server, io::within(kConnectLimit)));
    StreamDecoder decoder(config, found, [](ByteBuffer& lines) -> Result<> {
        lines.clear();
        return {};
    });
    decoder.resume({.at = decoder_.position().at});
    decoder.restart(source.facts().history.server_uuid);
    start_below_4g(decoder);
    EK_TRY_VOID(source.start(decoder.read(), io::within(kConnectLimit)));
    while (!decoder.position().at.reaches(to) && !source.caught_up()) {
        if (!may_act() || stop.requested()) {
            return Error{Errc::not_leader, "look for DDL: the lease or the stream ended"};
        }
        const auto got = source.read(decoder, io::within(kSlice));
        if (!got && got.error().code != Errc::timed_out) return got.error();
        decoder.lines().clear();
    }
    return {};
}

// A table that the schema lost sight of, when that can be made good.
Result<SchemaTable> StreamRun::recover(const TableName& name, io::StopToken& stop) {
    EK_TRY(SchemaTable table, dictionary_.table(name));
    EK_TRY(const Source now, Source::connect(config_, *current_, io::within(kConnectLimit)));
    const BinlogPosition end = now.facts().history.end;
    DdlScan found(schema_.history().schema().name_case());
    if (!decoder_.position().at.reaches(end)) EK_TRY_VOID(scan(*current_, end, found, stop));
    if (const std::string* later = found.statement(name)) {
        return Error{Errc::conflict, "what the server has now is not it, because of: " + *later};
    }
    log::info("cdc",
              "stream {}: the columns of {} are those that the server has now: no statement "
              "altered it since",
              config_.name, name.str());
    return table;
}

Result<> StreamRun::make_fit(Source& source, bool is_primary, io::StopToken& stop) {
    const Deadline patience = io::within(kBehindPatience);
    for (;;) {
        const bool over = patience.passed(io::now());
        const StreamPlace place{.published = decoder_.position().at, .read_from = decoder_.read()};
        const FitnessVerdict verdict = fitness_of(place, source.facts().history, is_primary, over);
        const std::string text =
            fmt::format("stream from {}: {}", source.server().str(), verdict.why);
        switch (verdict.fitness) {
            case Fitness::ready: return {};
            case Fitness::elsewhere: return Error{Errc::unavailable, text};
            case Fitness::diverged: return Error{Errc::corrupt, text};
            case Fitness::unusable: return Error{Errc::conflict, text};
            case Fitness::wait: break;
        }
        world_.status->set_state("waiting", text);
        // A new fact may name a better server.
        if (stop.wait_for(kBehindRetry) || world_.fact_changed->load()) {
            return stop.requested() ? Result<>{} : Result<>(Error{Errc::unavailable, text});
        }
        if (!may_act()) return Error{Errc::not_leader, "run the stream: the lease ended"};
        EK_TRY_VOID(source.refresh(io::within(kConnectLimit)));
    }
}

// The cluster's fact names another server as the better one to read from.
bool StreamRun::should_leave() {
    const bool look = world_.fact_changed->load() || io::now() - chosen_at_ > kLookAgain;
    if (config_.cluster.empty() || !look) return false;
    const SourceChoice choice = choose();
    if (choice.server == current_) {
        if (choice.is_primary != current_is_primary_) current_since_ = io::now();
        current_is_primary_ = choice.is_primary;
        return false;
    }
    log::info("cdc", "stream {}: leaves {}: {}", config_.name, current_->str(), choice.why);
    world_.status->count_reconnect();
    current_.reset();
    return true;
}

Result<> StreamRun::read(Source& source, io::StopToken& stop) {
    while (!stop.requested()) {
        if (!may_act()) return Error{Errc::not_leader, "run the stream: the lease ended"};
        if (should_leave()) return {};
        const bool busy = bootstrap_ && bootstrap_->busy();
        const auto got = source.read(decoder_, io::within(busy ? kBusySlice : kSlice));
        if (!got && got.error().code != Errc::timed_out) return got.error();
        if (got && !proven_) {
            proven_ = true;
            failures_.clear();
            lost_at_ = {};
            world_.status->set_state(
                "streaming", fmt::format("reads from {} ({})", source.server().str(),
                                         current_is_primary_ ? "the primary" : "a replica"));
            world_.status->set_source(source.server().str());
        }
        EK_TRY_VOID(flush(decoder_.lines()));
        EK_TRY_VOID(bootstrap());
        EK_TRY_VOID(checkpoint_when_due(false));
        if (world_.filter && decoder_.between_transactions()) take_filter();
        if (filter_problem_) return *filter_problem_;
        report(source);
    }
    return {};
}

Result<> StreamRun::bootstrap() {
    if (!bootstrap_) return {};
    EK_TRY_VOID(bootstrap_->step(decoder_.position()));
    return flush(decoder_.lines());
}

Result<> StreamRun::flush(ByteBuffer& lines) {
    if (sink_failure_) return *sink_failure_;
    EK_TRY_VOID(write_dead_letters());
    if (lines.empty()) return {};
    if (!may_act()) return Error{Errc::not_leader, "write to the sink: the lease ended"};
    const auto written = sink_->write(lines.view());
    if (!written) return sink_failure_.emplace(of_sink(written.error()));
    world_.status->add_bytes(lines.size());
    lines.clear();
    return {};
}

Result<> StreamRun::write_dead_letters() {
    ByteBuffer& letters = decoder_.dead_letters();
    if (letters.empty()) return {};
    if (!may_act()) return Error{Errc::not_leader, "write dead letters: the lease ended"};
    const auto written = dead_letters_.append(letters.view());
    if (!written) return sink_failure_.emplace(of_sink(written.error()));
    dead_letters_synced_ = false;
    letters.clear();
    log::warn("cdc", "stream {}: {} rows could not be written so far; {} says which and why",
              config_.name, decoder_.dead_letter_count(), config_.dead_letter_file);
    world_.status->set_dead_letters(decoder_.dead_letter_count());
    return {};
}

Result<> StreamRun::checkpoint_when_due(bool now) {
    if (!store_) return {};
    if (bootstrap_ && !bootstrap_->storable()) return {};
    const bool changed =
        decoder_.transactions() != stored_transactions_ || (bootstrap_ && bootstrap_->changed());
    if (!changed) return {};
    if (!now && io::now() - stored_at_ < config_.checkpoint_interval) return {};
    return store_checkpoint();
}

Result<> StreamRun::store_checkpoint() {
    if (!store_) return {};
    if (!dead_letters_synced_) {
        const auto synced = dead_letters_.sync();
        if (!synced) return of_sink(synced.error());
        dead_letters_synced_ = true;
    }
    const auto state = sink_->sync();
    if (!state) return of_sink(state.error());
    if (!may_act()) return Error{Errc::not_leader, "store the checkpoint: the lease ended"};
    const StreamPosition position = decoder_.position();
    auto also = definitions_->prepare(schema_.history(), position.schema_version,
                                      io::within(kSchemaStoreLimit));
    if (also && bootstrap_) {
        for (coord::Op& op : bootstrap_->ops()) also->push_back(std::move(op));
    }
    const auto name_case = schema_.history().schema().name_case();
    const auto stored = !also ? Result<>(also.error())
                              : store_->store({.at = position.at,
                                               .read_from = decoder_.read_from(),
                                               .source = current_ ? current_->str() : "",
                                               .file = position.file,
                                               .offset = position.offset,
                                               .sink = *state,
                                               .rows = position.rows,
                                               .transactions = position.transactions,
                                               .schema_version = position.schema_version,
                                               .name_case = static_cast<std::uint8_t>(name_case)},
                                              io::within(kStoreLimit), *std::move(also));
    stored_at_ = io::now();
    if (stored) {
        definitions_->stored();
        schema_.history().stored(position.schema_version);
        if (bootstrap_) bootstrap_->stored();
        stored_transactions_ = position.transactions;
        world_.status->set_checkpoint(position.at.str());
        return {};
    }
    if (stored.error().code == Errc::conflict) {
        return Error{Errc::not_leader, "store the checkpoint: " + stored.error().what};
    }
    // No quorum: rows go on while the lease lasts; the checkpoint stays behind them, never before.
    log::warn("cdc", "stream {}: store the checkpoint: {}", config_.name, stored.error().what);
    return positioned_ ? Result<>{} : Result<>(stored.error());
}

void StreamRun::report(const Source& source) {
    world_.status->progress(decoder_.position(), source.caught_up(), io::wall_ms());
}

}  // namespace evenkeel::cdc
