#include "coord/engines/local_engine.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <deque>
#include <map>

#include "base/mutex.h"

namespace evenkeel::coord {
namespace {

constexpr Millis kWatchTick{100};
// Changes kept for watchers that are behind; one that is further behind gets the whole state.
constexpr std::size_t kChangesKept = 4096;

struct CloseDatabase {
    void operator()(sqlite3* database) const { ::sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

struct EndStatement {
    void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

Error failed(sqlite3* database, int code, const std::string& path) {
    switch (code & 0xFF) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {
                Errc::corrupt,
                fmt::format("open state {}: the file is damaged ({}): restore it from a backup, or "
                            "move it away to start anew without checkpoints and history",
                            path, ::sqlite3_errmsg(database))};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {Errc::conflict,
                    fmt::format("open state {}: another process uses it: every node needs a data "
                                "folder of its own",
                                path)};
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
            return {Errc::denied, fmt::format("open state {}: no permission to write", path)};
        default:
            return {Errc::unavailable,
                    fmt::format("use state {}: {}", path, ::sqlite3_errmsg(database))};
    }
}

class LocalEngine final : public Engine {
public:
    LocalEngine(Database database, std::string path)
        : path_(std::move(path)), database_(std::move(database)) {}

    Result<> load() {
        Lock lock(mutex_);
        EK_TRY_VOID(run("PRAGMA locking_mode=EXCLUSIVE"));
        EK_TRY_VOID(run("PRAGMA journal_mode=WAL"));
        EK_TRY_VOID(run("PRAGMA synchronous=FULL"));
        EK_TRY_VOID(
            run("CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value BLOB NOT NULL, "
                "version INTEGER NOT NULL) WITHOUT ROWID"));
        EK_TRY_VOID(run("CREATE TABLE IF NOT EXISTS version (last INTEGER NOT NULL)"));
        EK_TRY(Statement facts, prepare("SELECT key, value, version FROM fact"));
        int code = 0;
        while ((code = ::sqlite3_step(facts.get())) == SQLITE_ROW) {
            Entry entry{.key = text(facts.get(), 0),
                        .value = text(facts.get(), 1),
                        .version = static_cast<Version>(::sqlite3_column_int64(facts.get(), 2))};
            version_ = std::max(version_, entry.version);
            entries_[entry.key] = std::move(entry);
        }
        if (code != SQLITE_DONE) return failed(database_.get(), code, path_);
        EK_TRY(Statement last, prepare("SELECT max(last) FROM version"));
        if (::sqlite3_step(last.get()) == SQLITE_ROW) {
            version_ =
                std::max(version_, static_cast<Version>(::sqlite3_column_int64(last.get(), 0)));
        }
        return {};
    }

    Result<Snapshot> read(const std::string& prefix, Deadline) override {
        Lock lock(mutex_);
        Snapshot snapshot{.entries = {}, .version = version_};
        for (auto it = entries_.lower_bound(prefix);
             it != entries_.end() && it->first.starts_with(prefix); ++it) {
            snapshot.entries.push_back(it->second);
        }
        return snapshot;
    }

    Result<TxnOutcome> txn(const Txn& txn, Deadline) override {
        TxnOutcome outcome;
        {
            Lock lock(mutex_);
            outcome.applied = true;
            for (const Compare& compare : txn.compares) {
                const auto it = entries_.find(compare.key);
                if (it != entries_.end()) outcome.found.push_back(it->second);
                const Version version = it == entries_.end() ? 0 : it->second.version;
                outcome.applied = outcome.applied && version == compare.version;
            }
            if (!outcome.applied) return outcome;
            outcome.found.clear();
            outcome.version = version_ + 1;
            EK_TRY_VOID(store(txn, outcome.version));
            version_ = outcome.version;
            apply(txn);
        }
        changed_.notify_all();
        return outcome;
    }

    void watch(const std::string& prefix, const std::function<void(const WatchBatch&)>& on_batch,
               io::StopToken& stop) override {
        Version seen = 0;
        bool first = true;
        while (!stop.requested()) {
            WatchBatch batch;
            {
                Lock lock(mutex_);
                if (!first && version_ == seen) changed_.wait_for(mutex_, kWatchTick);
                if (!first && version_ == seen) continue;
                const bool gap = !changes_.empty() && changes_.front().version > seen + 1;
                batch.whole = first || gap;
                batch.version = version_;
                if (batch.whole) {
                    for (const auto& [key, entry] : entries_) {
                        if (key.starts_with(prefix))
                            batch.changes.push_back({key, entry.value, entry.version});
                    }
                } else {
                    for (const Change& change : changes_) {
                        if (change.version > seen && change.key.starts_with(prefix))
                            batch.changes.push_back(change);
                    }
                }
            }
            first = false;
            seen = batch.version;
            if (batch.whole || !batch.changes.empty()) on_batch(batch);
        }
    }

    std::string describe() const override { return "local (" + path_ + ")"; }

private:
    static std::string text(sqlite3_stmt* statement, int column) {
        const auto* data = static_cast<const char*>(::sqlite3_column_blob(statement, column));
        const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement, column));
        return data == nullptr ? std::string() : std::string(data, size);
    }

    Result<Statement> prepare(const char* sql) EK_REQUIRES(mutex_) {
        sqlite3_stmt* statement = nullptr;
        const int code = ::sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr);
        if (code != SQLITE_OK) return failed(database_.get(), code, path_);
        return Statement(statement);
    }

    Result<> run(const char* sql) EK_REQUIRES(mutex_) {
        const int code = ::sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) return failed(database_.get(), code, path_);
        return {};
    }

    Result<> step(const char* sql, const Op& op, Version version) EK_REQUIRES(mutex_) {
        EK_TRY(Statement statement, prepare(sql));
        ::sqlite3_bind_text(statement.get(), 1, op.key.data(), static_cast<int>(op.key.size()),
                            SQLITE_STATIC);
        if (op.value) {
            ::sqlite3_bind_blob(statement.get(), 2, op.value->data(),
                                static_cast<int>(op.value->size()), SQLITE_STATIC);
            ::sqlite3_bind_int64(statement.get(), 3, static_cast<sqlite3_int64>(version));
        }
        const int code = ::sqlite3_step(statement.get());
        if (code != SQLITE_DONE) return failed(database_.get(), code, path_);
        return {};
    }

    // Durable before it is answered.
    Result<> store(const Txn& txn, Version version) EK_REQUIRES(mutex_) {
        EK_TRY_VOID(run("BEGIN IMMEDIATE"));
        auto written = store_ops(txn, version);
        if (!written) ::sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        return written;
    }

    Result<> store_ops(const Txn& txn, Version version) EK_REQUIRES(mutex_) {
        for (const Op& op : txn.ops) {
            EK_TRY_VOID(step(op.value ? "INSERT OR REPLACE INTO fact VALUES (?1, ?2, ?3)"
                                      : "DELETE FROM fact WHERE key = ?1",
                             op, version));
        }
        // Removals raise the version too, so that it never falls back after a restart.
        EK_TRY_VOID(run("DELETE FROM version"));
        EK_TRY_VOID(run(fmt::format("INSERT INTO version VALUES ({})", version).c_str()));
        return run("COMMIT");
    }

    void apply(const Txn& txn) EK_REQUIRES(mutex_) {
        for (const Op& op : txn.ops) {
            if (op.value) {
                entries_[op.key] = {op.key, *op.value, version_};
            } else {
                entries_.erase(op.key);
            }
            changes_.push_back({op.key, op.value, version_});
        }
        if (changes_.size() <= kChangesKept) return;
        // Whole transactions only: half of one would look complete to a watcher that is behind.
        const Version oldest = changes_.front().version;
        while (!changes_.empty() && changes_.front().version == oldest) changes_.pop_front();
    }

    const std::string path_;
    Mutex mutex_;
    CondVar changed_;
    Database database_ EK_GUARDED_BY(mutex_);
    std::map<std::string, Entry> entries_ EK_GUARDED_BY(mutex_);
    std::deque<Change> changes_ EK_GUARDED_BY(mutex_);
    Version version_ EK_GUARDED_BY(mutex_) = 0;
};

}  // namespace

Result<std::unique_ptr<Engine>> open_local_engine(const std::string& path) {
    sqlite3* raw = nullptr;
    const int code = ::sqlite3_open(path.c_str(), &raw);
    Database database(raw);
    if (code != SQLITE_OK) return failed(database.get(), code, path);
    auto engine = std::make_unique<LocalEngine>(std::move(database), path);
    EK_TRY_VOID(engine->load());
    return std::unique_ptr<Engine>(std::move(engine));
}

}  // namespace evenkeel::coord
