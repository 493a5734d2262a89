// Compares, on binlogs that it makes on a server of its own: our change stream to the null device,
// a reader that only counts events, mariadb-binlog, and the readers of others. Prints costs and
// ratios, never a judgement that could fail a build.
#include <fmt/core.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "bench/cdc/instructions.h"
#include "bench/cdc/machine.h"
#include "bench/cdc/options.h"
#include "bench/cdc/plot.h"
#include "bench/cdc/readers.h"
#include "bench/cdc/report.h"
#include "io/clock.h"
#include "io/file.h"
#include "lab/server.h"

namespace evenkeel::bench {
namespace {

constexpr Millis kStartLimit{60'000};
constexpr Millis kPause{1};
// Under valgrind looking at the stream is slow and would be counted.
constexpr Millis kPauseUnderValgrind{250};

// The children are this program again: --child stream|stream-under-valgrind|count PORT BEGIN END
int run_as_child(char** words) {
    (void)log::set_level("error");
    const std::string_view reader = words[0];
    const auto port = parse_number(words[1]).value_or(0);
    const ReadTask task{.server = {"127.0.0.1", static_cast<std::uint16_t>(port)},
                        .who = lab::Accounts{}.evenkeel,
                        .begin = words[2],
                        .end = words[3]};
    const auto read = reader == "count"    ? read_and_count(task)
                      : reader == "stream" ? read_as_stream(task, kPause)
                                           : read_as_stream(task, kPauseUnderValgrind);
    if (!read) fmt::print(stderr, "{}\n", read.error().what);
    if (read) fmt::print("{}\n", *read);
    std::fflush(stdout);
    ::_exit(read ? 0 : 1);
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

Result<> measure_sets(const lab::Server& server, const Options& options, const std::string& folder,
                      Results& into) {
    for (const DataSet& set : data_sets()) {
        fmt::print(stderr, "making and reading {} ...\n", set.name);
        EK_TRY(SetResult result, measure(server, set, options, folder));
        if (!options.json) print_set(result);
        std::fflush(stdout);
        if (options.instructions) {
            fmt::print(stderr, "  counting instructions ...\n");
            EK_TRY(result.instructions_per_row, instructions_per_row(server, set));
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
        EK_TRY_VOID(io::replace_file(options.svg, draw(results.sets, machine_name()), 0644));
    }
    if (options.json) {
        print_json(results);
        return {};
    }
    print_latencies(results.latencies);
    print_ratios(ratios(results));
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
