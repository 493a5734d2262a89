#include "cdc/bootstrap/chunk_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "cdc/bootstrap/request_table.h"
#include "cdc/bootstrap/row_image.h"
#include "io/clock.h"
#include "sql/connection.h"

namespace evenkeel::cdc {
namespace {

constexpr std::size_t kOrdersMax = 64;
// Pieces of a table without a key that wait to be printed; each is about kPieceBytes.
constexpr std::size_t kAnswersMax = 8;
constexpr std::size_t kPieceBytes = 1u << 20;
constexpr Millis kSlice{100};
constexpr Millis kAskLimit{5000};
// To the first row: with a WHERE that few rows fulfil the server looks at many.
constexpr Millis kSilenceMax{600'000};
// Tables up to this size, by the server's estimate, are counted; larger ones are not worth it.
constexpr std::uint64_t kCountMax = 2'000'000;

// Values arrive as the bytes of their column's charset, moments in UTC, and no setting of the
// server changes what a literal means.
constexpr const char* kSession =
    "SET SESSION character_set_results = NULL, time_zone = '+00:00', sql_mode = ''";

}  // namespace

// The state of the reader's thread.
struct ChunkReader::Work {
    ChunkReader& reader;
    io::StopToken& stop;
    ServerDictionary dictionary;
    ServerId server{};
    sql::Connection connection{};
    Watermarks marks{};
    std::string unwritable{};  // Why progress was not written to the table last time.
    std::uint64_t number = 0;  // Of the order that is being carried out.

    Work(ChunkReader& r, io::StopToken& s)
        : reader(r), stop(s), dictionary(r.config_.credentials) {}

    bool cancelled() const {
        return stop.requested() || number <= reader.cancelled_.load(std::memory_order_acquire);
    }
    Deadline ask_limit() const { return io::within(kAskLimit); }

    Result<> connect(const ServerId& wanted);
    void carry_out(const Order& order);
    template <typename What>
    void answer(Result<What> result);
    void post(Answer answer);

    Result<TablesFound> find(const FindTables& order);
    Result<TablePrepared> find(const PrepareTable& order);
    Result<std::optional<KeyDefinition>> find_key(const PrepareTable& order);
    Result<bool> hides_period(const PrepareTable& order);
    Result<std::uint64_t> count(const PrepareTable& order);
    Result<ChunkRead> read(const ReadChunk& order);
    Result<> read_all(const ReadAll& order);
    void write(const WriteProgress& order);
};

ChunkReader::ChunkReader(const StreamConfig& config)
    : config_(config), orders_(kOrdersMax), answers_(kAnswersMax) {
    worker_ = io::Worker("bootstrap", [this](io::StopToken& stop) { run(stop); });
}

ChunkReader::~ChunkReader() {
    orders_.close();
    answers_.close();
    worker_.stop();
}

bool ChunkReader::order(Order order) {
    return orders_.post(std::move(order));
}

std::optional<Answer> ChunkReader::take(Millis limit) {
    return answers_.take(limit);
}

void ChunkReader::cancel(std::uint64_t until_number) {
    cancelled_.store(until_number, std::memory_order_release);
}

void ChunkReader::run(io::StopToken& stop) {
    Work work(*this, stop);
    while (!stop.requested()) {
        const auto order = orders_.take(kSlice);
        if (order) work.carry_out(*order);
    }
}

// Waits while the taker is slow; an answer that is of no use any more is dropped.
void ChunkReader::Work::post(Answer answer) {
    while (!cancelled()) {
        if (reader.answers_.post(answer)) return;
        stop.wait_for(Millis{2});
    }
}

template <typename What>
void ChunkReader::Work::answer(Result<What> result) {
    if (result) {
        post({.number = number, .what = *std::move(result)});
    } else {
        post({.number = number, .what = result.error()});
    }
}

Result<> ChunkReader::Work::connect(const ServerId& wanted) {
    if (wanted == server && connection.connected()) return {};
    server = wanted;
    dictionary.use(server);
    EK_TRY(connection, sql::Connection::open(server, reader.config_.credentials, ask_limit()));
    EK_TRY_VOID(connection.execute(kSession, ask_limit()));
    EK_TRY(marks, Watermarks::of(connection, ask_limit()));
    return {};
}

void ChunkReader::Work::carry_out(const Order& order) {
    const bool progress = std::holds_alternative<WriteProgress>(order.what);
    number = order.number;
    if (progress) return write(std::get<WriteProgress>(order.what));
    if (cancelled()) return;
    if (const auto connected = connect(order.server); !connected) {
        return answer(Result<ChunkRead>(connected.error()));
    }
    if (const auto* tables = std::get_if<FindTables>(&order.what)) return answer(find(*tables));
    if (const auto* table = std::get_if<PrepareTable>(&order.what)) return answer(find(*table));
    if (const auto* chunk = std::get_if<ReadChunk>(&order.what)) return answer(read(*chunk));
    if (const auto* all = std::get_if<ReadAll>(&order.what)) {
        const auto done = read_all(*all);
        // The snapshot's transaction must not live on.
        connection = {};
        if (!done) answer(Result<ChunkRead>(done.error()));
        return;
    }
    auto found = pending_requests(connection, reader.config_.schema_database, reader.config_.name,
                                  ask_limit());
    if (!found) return answer(Result<RequestsFound>(found.error()));
    answer(Result<RequestsFound>(RequestsFound{*std::move(found)}));
}

Result<TablesFound> ChunkReader::Work::find(const FindTables& order) {
    TablesFound found;
    for (const std::string& name : table_names(order.table)) {
        EK_TRY(const sql::Table rows,
               connection.query(find_tables_query(order.database, name), ask_limit()));
        if (rows.rows.empty()) {
            return Error{
                Errc::not_found,
                fmt::format("bootstrap {}.{}: there is no such table on {}, or {} has no "
                            "SELECT privilege on it",
                            order.database, name, server.str(), reader.config_.credentials.user)};
        }
        for (std::size_t i = 0; i < rows.rows.size(); ++i) {
            const std::string table = rows.text(i, "name");
            if (std::count(found.names.begin(), found.names.end(), table) == 0) {
                found.names.push_back(table);
            }
        }
    }
    return found;
}

// The primary key, else the first unique one whose columns cannot be NULL.
Result<std::optional<KeyDefinition>> ChunkReader::Work::find_key(const PrepareTable& order) {
    EK_TRY(const sql::Table rows,
           connection.query(
               fmt::format(
                   "SELECT INDEX_NAME AS i, COLUMN_NAME AS c, NULLABLE AS n, SUB_PART AS p, "
                   "INDEX_TYPE AS t FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = {} AND "
                   "TABLE_NAME = {} AND NON_UNIQUE = 0 ORDER BY INDEX_NAME <> 'PRIMARY', "
                   "INDEX_NAME, SEQ_IN_INDEX",
                   sql::quote(order.database), sql::quote(order.table)),
               ask_limit()));
    std::vector<KeyDefinition> keys;
    std::vector<bool> usable;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
        if (keys.empty() || keys.back().index != rows.text(i, "i")) {
            keys.push_back({.index = rows.text(i, "i")});
            usable.push_back(true);
        }
        keys.back().columns.push_back(rows.text(i, "c"));
        // A unique prefix, hash, or expression (MySQL) is no order of whole values: they would be
        // sorted for each chunk, and by their first max_sort_length bytes only, which skips rows.
        const bool is_hash = rows.text(i, "t") == "HASH" && keys.back().index != "PRIMARY";
        if (rows.text(i, "n") == "YES" || !rows.get(i, "c") || rows.get(i, "p") || is_hash) {
            usable.back() = false;
        }
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (usable[i]) return std::optional(keys[i]);
    }
    return std::optional<KeyDefinition>{};
}

// The table has hidden_period(): the stream prints it.
Result<bool> ChunkReader::Work::hides_period(const PrepareTable& order) {
    const std::string this_table = fmt::format("TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                               sql::quote(order.database), sql::quote(order.table));
    EK_TRY(
        const sql::Table row,
        connection.query("SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE " + this_table +
                             " AND TABLE_TYPE = 'SYSTEM VERSIONED' AND NOT EXISTS (SELECT * FROM "
                             "information_schema.COLUMNS WHERE " +
                             this_table + " AND GENERATION_EXPRESSION = 'ROW START')",
                         ask_limit()));
    return row.text(0, "n") == "1";
}

Result<std::uint64_t> ChunkReader::Work::count(const PrepareTable& order) {
    EK_TRY(const sql::Table row,
           connection.query(fmt::format("SELECT TABLE_ROWS AS n FROM information_schema.TABLES "
                                        "WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                        sql::quote(order.database), sql::quote(order.table)),
                            ask_limit()));
    const std::uint64_t estimate = parse_number(row.text(0, "n")).value_or(0);
    if (estimate > kCountMax) return estimate;
    const std::string where = order.where.empty() ? "" : " WHERE (" + order.where + "\n)";
    std::uint64_t rows = 0;
    EK_TRY(const bool whole,
           connection.stream(
               fmt::format("SELECT COUNT(*) FROM {}.{}{}", sql::quote_name(order.database),
                           sql::quote_name(order.table), where),
               kSilenceMax, [this] { return cancelled(); },
               [&](const sql::Connection::Row& cells) {
                   rows = parse_number(cells[0].value_or("")).value_or(0);
                   return true;
               }));
    (void)whole;
    return rows;
}

Result<TablePrepared> ChunkReader::Work::find(const PrepareTable& order) {
    EK_TRY(const SchemaTable table, dictionary.table({order.database, order.table}));
    EK_TRY(const auto key, find_key(order));
    EK_TRY(const bool period, hides_period(order));
    TableDefinition definition = table.definition();
    if (period) {
        for (ColumnDefinition& moment : hidden_period()) {
            definition.columns.push_back(std::move(moment));
        }
    }
    EK_TRY(TableLayout layout, lay_out(definition, key));
    TablePrepared prepared{.layout = std::make_shared<const TableLayout>(std::move(layout))};
    if (order.count) {
        EK_TRY(prepared.rows, count(order));
    }
    return prepared;
}

Result<ChunkRead> ChunkReader::Work::read(const ReadChunk& order) {
    EK_TRY_VOID(marks.wait_until_visible(connection, order.low, ask_limit()));
    const TableLayout& layout = *order.layout;
    ChunkRead read;
    std::optional<Error> wrong;
    std::vector<std::string> last(layout.key.size());
    EK_TRY(const bool whole, connection.stream(
                                 chunk_query(layout, order.where, order.last, order.rows),
                                 kSilenceMax, [this] { return cancelled(); },
                                 [&](const sql::Connection::Row& row) {
                                     const auto added =
                                         append_image(layout, row, read.chunk.images);
                                     if (!added) wrong = added.error();
                                     if (wrong) return false;
                                     for (std::size_t i = 0; i < last.size(); ++i) {
                                         last[i] = row[layout.key[i].column].value_or("");
                                     }
                                     ++read.chunk.rows;
                                     return read.chunk.images.size() < kChunkBytesMax;
                                 }));
    if (wrong) return *wrong;
    for (std::size_t i = 0; i < last.size() && read.chunk.rows > 0; ++i) {
        read.chunk.last.push_back(key_literal(layout.key[i], last[i]));
    }
    read.chunk.end = whole && read.chunk.rows < order.rows;
    // It costs the connection to leave rows behind.
    EK_TRY_VOID(connect(server));
    EK_TRY(read.high, marks.written(connection, ask_limit()));
    return read;
}

Result<> ChunkReader::Work::read_all(const ReadAll& order) {
    const TableLayout& layout = *order.layout;
    // What the stream has printed already must not be missing from the snapshot.
    EK_TRY_VOID(marks.wait_until_visible(connection, {}, ask_limit()));
    sql::Connection other;
    if (marks.needs_lock()) {
        EK_TRY(other, sql::Connection::open(server, reader.config_.credentials, ask_limit()));
    }
    const std::string table =
        sql::quote_name(layout.rows.database) + "." + sql::quote_name(layout.rows.table);
    EK_TRY(const Watermark place, marks.begin_snapshot(connection, other, table, ask_limit()));
    post({.number = number, .what = Snapshot{place}});
    ChunkRead piece;
    std::optional<Error> wrong;
    EK_TRY(const bool whole,
           connection.stream(
               chunk_query(layout, order.where, {}, 0), kSilenceMax, [this] { return cancelled(); },
               [&](const sql::Connection::Row& row) {
                   const auto added = append_image(layout, row, piece.chunk.images);
                   if (!added) wrong = added.error();
                   if (wrong || cancelled()) return false;
                   ++piece.chunk.rows;
                   if (piece.chunk.images.size() < kPieceBytes) return true;
                   post({.number = number, .what = std::move(piece)});
                   piece = {};
                   return true;
               }));
    if (wrong) return *wrong;
    if (!whole) return {};  // Cancelled.
    piece.chunk.end = true;
    post({.number = number, .what = std::move(piece)});
    return {};
}

// A server that cannot be written to is no reason to stop: the coordinator has the progress too.
void ChunkReader::Work::write(const WriteProgress& order) {
    auto connection_there =
        sql::Connection::open(order.server, reader.config_.credentials, ask_limit());
    const auto written = connection_there
                             ? write_progress(*connection_there, reader.config_.schema_database,
                                              order.job, ask_limit())
                             : Result<>(connection_there.error());
    const std::string why = written ? "" : written.error().what;
    if (!why.empty() && why != unwritable) {
        log::warn("cdc", "bootstrap {}: its progress is not in {}.{}: {}", order.job.request.id,
                  reader.config_.schema_database, kBootstrapTable, why);
    }
    unwritable = why;
}

}  // namespace evenkeel::cdc
