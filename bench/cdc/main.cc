// Compares, on binlogs that it makes on a server of its own: our change stream to the null device,
// a reader that only counts events, mariadb-binlog, and the readers of others. Prints costs and
// ratios, never a judgement that could fail a build.
#include <fmt/core.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "bench/cdc/instructions.h"
#include "bench/cdc/options.h"
#include "bench/cdc/plot.h"
#include "bench/cdc/readers.h"
#include "bench/cdc/report.h"
#include "io/certificate.h"
#include "io/clock.h"
#include "io/file.h"
#include "lab/server.h"

namespace evenkeel::bench {
namespace {

constexpr Millis kStartLimit{60'000};
constexpr std::chrono::hours kCertificateLife{48};
constexpr Millis kPause{1};
// Under valgrind looking at the stream is slow and would be counted.
constexpr Millis kPauseUnderValgrind{250};

// The children are this program again: --child READER PORT BEGIN END
int run_as_child(char** words) {
    (void)log::set_level("error");
    const std::string_view reader = words[0];
    const auto port = parse_number(words[1]).value_or(0);
    ReadTask task{.server = {"127.0.0.1", static_cast<std::uint16_t>(port)},
                  .who = lab::Accounts{}.evenkeel,
                  .begin = words[2],
                  .end = words[3]};
    task.first_start = reader == "stream-first-start";
    if (reader == "stream-over-tls") task.who.tls.mode = sql::TlsMode::required;
    const auto read = reader == "count" ? read_and_count(task)
                      : reader == "stream-under-valgrind"
                          ? read_as_stream(task, kPauseUnderValgrind)
                          : read_as_stream(task, kPause);
    if (!read) fmt::print(stderr, "{}\n", read.error().what);
    if (read) fmt::print("{}\n", *read);
    std::fflush(stdout);
    ::_exit(read ? 0 : 1);
}

// Options for a server that also takes encrypted connections.
Result<std::vector<std::string>> tls_options(const std::string& folder) {
    EK_TRY(const io::KeyPair authority, io::make_authority("bench", kCertificateLife));
    EK_TRY(const io::KeyPair own,
           io::make_certificate(
               authority, {.name = "bench", .hosts = {"127.0.0.1"}, .valid = kCertificateLife}));
    EK_TRY_VOID(io::replace_file(folder + "/server.crt", own.cert));
    EK_TRY_VOID(io::replace_file(folder + "/server.key", own.key));
    return std::vector<std::string>{"--ssl-cert=" + folder + "/server.crt",
                                    "--ssl-key=" + folder + "/server.key"};
}

Result<lab::Server> start_server(const std::string& folder) {
    EK_TRY(std::vector<std::string> options, tls_options(folder));
    for (const char* option : {"--sync-binlog=0", "--innodb-flush-log-at-trx-commit=0",
                               "--binlog-annotate-row-events=OFF", "--binlog-row-metadata=NO_LOG",
                               "--max-binlog-size=1G", "--innodb-buffer-pool-size=256M",
                               "--innodb-log-file-size=256M"}) {
        options.push_back(option);
    }
    EK_TRY(auto server, lab::Server::create({.name = "bench", .folder = folder, .options = options},
                                            io::within(kStartLimit)));
    EK_TRY_VOID(server.start());
    EK_TRY_VOID(server.wait_ready(io::within(kStartLimit)));
    EK_TRY_VOID(prepare(server));
    return server;
}

Result<> measure_sets(const lab::Server& server, const Options& options, const std::string& folder,
                      Results& into) {
    for (const DataSet& set : data_sets()) {
        fmt::print(stderr, "making and reading {} ...\n", set.name);
        EK_TRY(SetResult result, measure(server, set, options, folder));
        if (!options.json) print_set(result);
        std::fflush(stdout);
        if (options.instructions) {
            fmt::print(stderr, "  counting instructions ...\n");
            const auto counted = instructions_per_row(server, set, options.profile);
            if (!counted) fmt::print(stderr, "  warning: {}\n", counted.error().what);
            result.instructions_per_row = counted.value_or(0);
        }
        into.sets.push_back(std::move(result));
    }
    return {};
}

Result<> run(const Options& options, const std::string& folder) {
    EK_TRY(const lab::Server server, start_server(folder));
    Results results;
    EK_TRY_VOID(measure_sets(server, options, folder, results));
    if (options.latency) {
        fmt::print(stderr, "measuring latency ...\n");
        EK_TRY(results.latencies, measure_latency(server, folder));
    }
    if (!options.svg.empty()) {
        EK_TRY_VOID(
            io::replace_file(options.svg, draw(results.sets, circumstances(results.sets)), 0644));
    }
    if (options.json) {
        print_json(results);
        return {};
    }
    print_latencies(results.latencies);
    print_ratios(results);
    return {};
}

int main(int argc, char** argv) {
    if (argc == 6 && std::string_view(argv[1]) == "--child") return run_as_child(argv + 2);
    const auto options = parse_options(argc, argv);
    if (!options) {
        fmt::print(stderr, "{}\n", options.error().what);
        return 2;
    }
    (void)log::set_level("error");
    const auto folder = io::make_temp_folder("evenkeel-bench");
    if (!folder) return 1;
    const auto done = run(*options, *folder);
    (void)io::remove_all(*folder);
    if (!done) fmt::print(stderr, "bench_cdc: {}\n", done.error().what);
    return done ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel::bench

int main(int argc, char** argv) {
    return evenkeel::bench::main(argc, argv);
}
