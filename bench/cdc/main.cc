// Compares, on binlogs that it makes on a server of its own: our change stream to the null device,
// a reader that only counts events, and mariadb-binlog. Prints a table of costs and of ratios.
#include <fmt/core.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <array>

#include "base/log.h"
#include "base/text.h"
#include "bench/cdc/child_run.h"
#include "bench/cdc/data_sets.h"
#include "bench/cdc/readers.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/process.h"
#include "lab/datadir.h"
#include "lab/server.h"

namespace evenkeel::bench {
namespace {

constexpr Millis kStartLimit{60'000};

struct Options {
    double scale = 0.15;
    int runs = 3;
    bool json = false;
};

enum Reader { ours, count, raw, verbose, kReaders };
constexpr std::array<const char*, kReaders> kNames = {"evenkeel, JSON", "count only",
                                                      "mariadb-binlog --raw", "mariadb-binlog -vv"};

struct Measured {
    DataSet set{};
    Recorded where{};
    std::uint64_t rows = 0;
    std::array<Cost, kReaders> costs{};

    double rows_per_s(Reader reader) const {
        return static_cast<double>(rows) / costs[reader].wall_s;
    }
    double cpu_us_per_row(Reader reader) const {
        return costs[reader].cpu_s * 1e6 / static_cast<double>(rows);
    }
    double speed_to(Reader other) const { return rows_per_s(ours) / rows_per_s(other); }
};

// The children are this program again: --child stream|count PORT BEGIN END
int run_as_child(char** words) {
    (void)log::set_level("error");
    const auto port = parse_number(words[1]).value_or(0);
    const ReadTask task{.server = {"127.0.0.1", static_cast<std::uint16_t>(port)},
                        .who = lab::Accounts{}.evenkeel,
                        .begin = words[2],
                        .end = words[3]};
    const bool stream = std::string_view(words[0]) == "stream";
    const auto read = stream ? read_as_stream(task) : read_and_count(task);
    if (!read) fmt::print(stderr, "{}\n", read.error().what);
    if (read) fmt::print("{}\n", *read);
    std::fflush(stdout);
    ::_exit(read ? 0 : 1);
}

std::vector<std::string> binlog_command(const lab::Server& server, const Recorded& where,
                                        std::vector<std::string> more) {
    const sql::Credentials& who = server.accounts().admin;
    std::vector<std::string> argv = {"mariadb-binlog",
                                     "--no-defaults",
                                     "--read-from-remote-server",
                                     "--host=127.0.0.1",
                                     fmt::format("--port={}", server.id().port),
                                     "--user=" + who.user,
                                     "--password=" + who.password};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back(where.file);
    return argv;
}

Result<Measured> measure(const lab::Server& server, const DataSet& set, const Options& options,
                         const std::string& folder) {
    Measured measured{.set = set};
    EK_TRY(measured.where, record(server, set, options.scale));
    const Recorded& where = measured.where;
    const auto child = [&](const char* reader) {
        return std::vector<std::string>{io::own_path(), "--child",
                                        reader,         std::to_string(server.id().port),
                                        where.begin,    where.end};
    };
    EK_TRY(measured.costs[ours], median_of(options.runs, child("stream"), Output::is_a_number));
    measured.rows = measured.costs[ours].printed;
    EK_TRY(measured.costs[count], median_of(options.runs, child("count"), Output::is_a_number));
    // --raw writes a file of the binlog's name: that is a link to the null device.
    const std::string link = folder + "/" + where.file;
    if (::symlink("/dev/null", link.c_str()) != 0) {
        return Error{Errc::unavailable, "link " + link + ": " + ::strerror(errno)};
    }
    EK_TRY(measured.costs[raw],
           median_of(options.runs,
                     binlog_command(server, where, {"--raw", "--result-file=" + folder + "/"}),
                     Output::to_nowhere));
    EK_TRY(measured.costs[verbose],
           median_of(1, binlog_command(server, where, {"-vv", "--base64-output=decode-rows"}),
                     Output::to_nowhere));
    return measured;
}

void print_costs(const Measured& measured) {
    fmt::print("\n{}: {}; {:.0f} MB of binlog, {} rows\n", measured.set.name, measured.set.shape,
               static_cast<double>(measured.where.bytes) / 1e6, measured.rows);
    fmt::print("  {:<22}{:>9}{:>9}{:>13}{:>12}{:>10}\n", "reader", "wall s", "MB/s", "rows/s",
               "CPU us/row", "RSS MiB");
    for (int i = 0; i < kReaders; ++i) {
        const auto reader = static_cast<Reader>(i);
        const Cost& cost = measured.costs[reader];
        fmt::print("  {:<22}{:>9.3f}{:>9.0f}{:>13.0f}{:>12.3f}{:>10.1f}\n", kNames[reader],
                   cost.wall_s, static_cast<double>(measured.where.bytes) / 1e6 / cost.wall_s,
                   measured.rows_per_s(reader), measured.cpu_us_per_row(reader), cost.rss_mib);
    }
}

void print_ratios(const std::vector<Measured>& all) {
    fmt::print("\nevenkeel against ({})\n",
               "times faster in rows/s; CPU: their cost per row to ours");
    fmt::print("  {:<10}{:>14}{:>14}{:>14}{:>14}\n", "set", "count only", "--raw", "-vv",
               "-vv CPU");
    for (const Measured& one : all) {
        fmt::print("  {:<10}{:>14.2f}{:>14.2f}{:>14.1f}{:>14.1f}\n", one.set.name,
                   one.speed_to(count), one.speed_to(raw), one.speed_to(verbose),
                   one.cpu_us_per_row(verbose) / one.cpu_us_per_row(ours));
    }
    fmt::print("  (C1 to C3: count only, A to C; C4: -vv; C5: --raw; C6: -vv CPU)\n");
}

void print_json(const std::vector<Measured>& all) {
    std::string sets;
    for (const Measured& one : all) {
        std::string readers;
        for (int i = 0; i < kReaders; ++i) {
            const auto reader = static_cast<Reader>(i);
            readers += fmt::format(R"({}{}:{{"wall_s":{:.4f},"rows_per_s":{:.0f},)"
                                   R"("cpu_us_per_row":{:.4f},"rss_mib":{:.1f}}})",
                                   i == 0 ? "" : ",", json_quote(kNames[reader]),
                                   one.costs[reader].wall_s, one.rows_per_s(reader),
                                   one.cpu_us_per_row(reader), one.costs[reader].rss_mib);
        }
        sets += fmt::format(R"({}{{"set":{},"bytes":{},"rows":{},"readers":{{{}}}}})",
                            sets.empty() ? "" : ",", json_quote(one.set.name), one.where.bytes,
                            one.rows, readers);
    }
    fmt::print("{{\"sets\":[{}]}}\n", sets);
}

Result<lab::Server> start_server(const std::string& folder) {
    EK_TRY(auto server,
           lab::Server::create(
               {.name = "bench",
                .folder = folder,
                .options = {"--sync-binlog=0", "--innodb-flush-log-at-trx-commit=0",
                            "--binlog-annotate-row-events=OFF", "--binlog-row-metadata=NO_LOG",
                            "--max-binlog-size=1G", "--innodb-buffer-pool-size=256M",
                            "--innodb-log-file-size=256M"}},
               io::within(kStartLimit)));
    EK_TRY_VOID(server.start());
    EK_TRY_VOID(server.wait_ready(io::within(kStartLimit)));
    EK_TRY_VOID(prepare(server));
    return server;
}

Result<> run(const Options& options, const std::string& folder) {
    EK_TRY(const lab::Server server, start_server(folder));
    std::vector<Measured> all;
    for (const DataSet& set : data_sets()) {
        if (!options.json) fmt::print(stderr, "making and reading {} ...\n", set.name);
        EK_TRY(Measured measured, measure(server, set, options, folder));
        if (!options.json) print_costs(measured);
        all.push_back(std::move(measured));
    }
    if (options.json) {
        print_json(all);
    } else {
        print_ratios(all);
    }
    return {};
}

int main(int argc, char** argv) {
    if (argc == 6 && std::string_view(argv[1]) == "--child") return run_as_child(argv + 2);
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            options.json = true;
        } else if (word == "--scale" && i + 1 < argc) {
            options.scale = ::strtod(argv[++i], nullptr);
        } else if (word == "--runs" && i + 1 < argc) {
            options.runs = static_cast<int>(::strtol(argv[++i], nullptr, 10));
        } else {
            fmt::print(stderr, "bench_cdc [--scale 0.15] [--runs 3] [--json]\n");
            return 2;
        }
    }
    (void)log::set_level("error");
    const auto folder = io::make_temp_folder("evenkeel-bench");
    if (!folder) return 1;
    const auto done = run(options, *folder);
    (void)io::remove_all(*folder);
    if (!done) fmt::print(stderr, "bench_cdc: {}\n", done.error().what);
    return done ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel::bench

int main(int argc, char** argv) {
    return evenkeel::bench::main(argc, argv);
}
