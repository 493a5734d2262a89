// An hour, or a minute, of random DDL and DML on a server, streamed to a file by a program that is
// killed and cut off again and again, and replayed into an empty server: then both hold the same.
//
// EVENKEEL_REPLAY_SECONDS says how long (45), EVENKEEL_REPLAY_SEED which one.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <random>

#include "base/mutex.h"
#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/thread.h"
#include "lab/server.h"
#include "lab/tcp_gate.h"
#include "tests/replay/line_applier.h"
#include "tests/replay/random_sql.h"
#include "tests/support/environment.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/other_servers.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

constexpr Millis kLimit{60'000};
constexpr Millis kCatchUpLimit{300'000};  // Lines are applied one by one.
constexpr std::uint64_t kSeed = 20'261;
constexpr Millis kRound{12'000};  // Between two comparisons.

// Applies a growing file's lines on a thread of its own.
class Tail {
public:
    Tail(std::string path, sql::Connection& target)
        : path_(std::move(path)),
          applier_(target),
          worker_("tail", [this](io::StopToken& stop) { run(stop); }) {}

    // The file has had a line with this text, and everything before it was applied. `ended`: no
    // more lines will come.
    bool wait_for(const std::string& text, const std::function<bool()>& ended) {
        {
            Lock lock(mutex_);
            awaited_ = text;
            seen_ = false;
        }
        bool over = false;
        const bool settled = eventually(kCatchUpLimit, [&] {
            over = ended();
            Lock lock(mutex_);
            return seen_ || over || !error_.empty();
        });
        Lock lock(mutex_);
        return settled && seen_ && error_.empty();
    }
    std::string error() {
        Lock lock(mutex_);
        return error_;
    }
    std::uint64_t rows() const { return applier_.rows(); }
    std::uint64_t ddl() const { return applier_.ddl(); }

private:
    void run(io::StopToken& stop) {
        while (!stop.requested()) {
            const auto applied = apply_new();
            if (!applied) {
                Lock lock(mutex_);
                error_ = applied.error().what;
                return;
            }
            if (!*applied) stop.wait_for(Millis(20));
        }
    }

    // After a crash the file is cut back to the checkpoint and grows again, by the same lines.
    Result<bool> apply_new() {
        std::ifstream file(path_, std::ios::binary | std::ios::ate);
        if (!file) return false;
        const auto size = static_cast<std::uint64_t>(file.tellg());
        if (size <= offset_) return false;
        std::string bytes(std::min<std::uint64_t>(size - offset_, 4u << 20), '\0');
        file.seekg(static_cast<std::streamoff>(offset_));
        if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return false;
        const std::size_t end = bytes.rfind('\n');
        if (end == std::string::npos) return false;
        for (const std::string& line : split(std::string_view(bytes).substr(0, end), '\n')) {
            auto applied = applier_.apply(line);
            if (!applied) {
                return Error{applied.error().code,
                             applied.error().what + "\nline: " + line.substr(0, 4000)};
            }
            Lock lock(mutex_);
            if (!awaited_.empty() && line.find(awaited_) != std::string::npos) seen_ = true;
        }
        offset_ += end + 1;
        return true;
    }

    const std::string path_;
    LineApplier applier_;
    std::uint64_t offset_ = 0;
    Mutex mutex_;
    std::string awaited_ EK_GUARDED_BY(mutex_);
    bool seen_ EK_GUARDED_BY(mutex_) = false;
    std::string error_ EK_GUARDED_BY(mutex_);
    io::Worker worker_;
};

class Replay : public ::testing::TestWithParam<std::string> {
protected:
    static Deadline within() { return io::within(kLimit); }

    std::unique_ptr<lab::Server> start_server(const std::string& name, const std::string& home,
                                              std::vector<std::string> options) {
        options.emplace_back("--sync-binlog=0");
        options.emplace_back("--innodb-flush-log-at-trx-commit=2");
        options.emplace_back("--max-allowed-packet=64M");
        auto server = lab::Server::create(
            {.name = name, .folder = folder_.path(), .options = options, .home = home}, within());
        if (!server) return ADD_FAILURE() << server.error().what, nullptr;
        auto kept = std::make_unique<lab::Server>(*std::move(server));
        const auto ready = kept->start() ? kept->wait_ready(within()) : Result<>{};
        EXPECT_TRUE(ready) << ready.error().what;
        must(*kept, "SET GLOBAL read_only = 0");
        for (const std::string& database : RandomSql::databases()) {
            must(*kept, "CREATE DATABASE " + database);
        }
        return kept;
    }

    sql::Table must(const lab::Server& server, const std::string& statement) {
        auto table = server.query({statement}, within());
        EXPECT_TRUE(table) << table.error().what;
        return table ? *std::move(table) : sql::Table{};
    }

    sql::Connection session(const lab::Server& server, const RandomSql& random) {
        auto connection = server.connect(server.accounts().admin, within());
        EXPECT_TRUE(connection) << connection.error().what;
        for (const std::string& statement : random.session()) {
            EXPECT_TRUE(connection->execute(statement, within()));
        }
        return *std::move(connection);
    }

    void start_stream() {
        io::Command command{
            .argv = {evenkeel_program(), "cdc", "--host=127.0.0.1",
                     fmt::format("--port={}", gate_->port()),
                     "--user=" + source_->accounts().evenkeel.user,
                     "--password=" + source_->accounts().evenkeel.password, "--producer=file",
                     "--output_file=" + output(), "--data_dir=" + folder_.path() + "/state",
                     "--output_ddl=true", "--output_binlog_position=true",
                     fmt::format("--filter=exclude: *./^{}.*/", RandomSql::kHidden)},
            .output = folder_.path() + "/cdc.log",
            .own_group = true};
        auto process = io::Process::start(command);
        ASSERT_TRUE(process) << process.error().what;
        stream_ = *std::move(process);
    }

    std::string output() const { return folder_.path() + "/out.json"; }
    std::string stream_log() const {
        const std::string log = io::read_file(folder_.path() + "/cdc.log").value_or("");
        return log.substr(log.size() - std::min<std::size_t>(log.size(), 3000));
    }

    // Something that happens to a stream, now and then.
    void trouble() {
        switch (chance_() % 4) {
            case 0: gate_->cut(); break;
            case 1:
                stream_.signal(SIGKILL);
                stream_.wait(within());
                start_stream();
                break;
            case 2:
                stream_.stop(Millis(10'000));
                start_stream();
                break;
            default: gate_->hold(); break;
        }
    }

    // Statements for a while. False: the source is gone.
    void change_for(Millis time, RandomSql& random, sql::Connection& connection) {
        const Deadline end = io::within(time);
        Deadline next_trouble = io::within(Millis(500 + chance_() % 2000));
        while (!end.passed(io::now())) {
            const RandomSql::Step step = random.next();
            for (const std::string& statement : step.statements) {
                const auto done = connection.execute(statement, within());
                ++statements_;
                if (done) continue;
                ++refused_;
                ASSERT_TRUE(connection.connected()) << done.error().what;
                if (step.ddl) random.undo();
            }
            if (!next_trouble.passed(io::now())) continue;
            trouble();
            pause_.wait_for(Millis(20));
            gate_->open();
            next_trouble = io::within(Millis(500 + chance_() % 4000));
        }
    }

    std::map<std::string, std::string> checksums(const lab::Server& server) {
        std::map<std::string, std::string> sums;
        const sql::Table tables = must(
            server, fmt::format("SELECT CONCAT('`', TABLE_SCHEMA, '`.`', TABLE_NAME, '`') AS path "
                                "FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('{}') AND "
                                "TABLE_NAME NOT LIKE '{}%'",
                                join(RandomSql::databases(), "','"), RandomSql::kHidden));
        for (std::size_t i = 0; i < tables.rows.size(); ++i) {
            const std::string path = tables.text(i, "path");
            sums[path] = must(server, "CHECKSUM TABLE " + path + " EXTENDED").text(0, "Checksum");
        }
        return sums;
    }

    void compare(Tail& tail) {
        const std::string mark = fmt::format("mark {}", ++marks_);
        must(*source_, fmt::format("INSERT INTO shop.marks VALUES ('{}')", mark));
        const auto ended = [this] { return stream_.wait(io::within(Millis(0))).has_value(); };
        ASSERT_TRUE(tail.wait_for("\"" + mark + "\"", ended)) << tail.error() << "\n"
                                                              << stream_log();
        EXPECT_EQ(checksums(*source_), checksums(*target_));
    }

    TestFolder folder_;
    std::unique_ptr<lab::Server> source_;
    std::unique_ptr<lab::Server> target_;
    std::unique_ptr<lab::TcpGate> gate_;
    io::Process stream_;
    io::StopToken pause_;
    std::mt19937_64 chance_;
    std::uint64_t statements_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t marks_ = 0;
};

TEST_P(Replay, GivesTheSameTables) {
    const auto home = server_home(GetParam());
    if (!home) GTEST_SKIP() << home.error().what;
    const std::uint64_t seed = number_from("EVENKEEL_REPLAY_SEED").value_or(kSeed);
    SCOPED_TRACE(fmt::format("EVENKEEL_REPLAY_SEED={}", seed));
    chance_.seed(seed);
    source_ = start_server("source", *home, {});
    target_ = start_server("target", *home, {"--skip-log-bin"});
    ASSERT_TRUE(source_ && target_);
    gate_ = std::make_unique<lab::TcpGate>(source_->id().port);
    const bool old = GetParam() == "mysql-5.7" || GetParam() == "mariadb-10.2";
    RandomSql random({.seed = seed,
                      .mysql = source_->installation().mysql(),
                      .json_and_metadata = !old,
                      .uuid = GetParam() == kInstalled || GetParam().starts_with("mariadb-11")});
    sql::Connection changes = session(*source_, random);
    sql::Connection replayed = session(*target_, random);

    start_stream();
    ASSERT_TRUE(eventually(Millis(30'000), [&] {
        return stream_log().find("reads from") != std::string::npos;
    })) << stream_log();
    Tail tail(output(), replayed);
    must(*source_, "CREATE TABLE shop.marks (mark VARCHAR(40)) CHARACTER SET utf8mb4");
    const Deadline end =
        io::within(Millis(1000 * number_from("EVENKEEL_REPLAY_SECONDS").value_or(45)));
    while (!end.passed(io::now()) && !HasFailure()) {
        change_for(std::min(kRound, end.left(io::now())), random, changes);
        compare(tail);
    }
    fmt::print("{} statements ({} refused), {} rows and {} DDL records replayed, {} comparisons\n",
               statements_, refused_, tail.rows(), tail.ddl(), marks_);
    if (HasFailure()) fmt::print("{}\n", stream_log());
    stream_.stop(Millis(10'000));
}

INSTANTIATE_TEST_SUITE_P(Releases, Replay, ::testing::ValuesIn(server_releases()), release_name);

}  // namespace
}  // namespace evenkeel::test
