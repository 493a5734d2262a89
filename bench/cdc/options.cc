#include "bench/cdc/options.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <string_view>

namespace evenkeel::bench {
namespace {

constexpr const char* kUsage = R"(./dev bench cdc [options]
  --scale F         size of the data sets, 1 is 1.8 GB of binlog (0.15)
  --runs N          runs of each fast reader; the median counts (3)
  --peers           also go-mysql, Debezium, zongji, python-mysql-replication
  --part F          the share of a set that the slow ones of them read (0.25)
  --svg FILE        draw rows/s
  --instructions    count instructions per row, with valgrind
  --profile FOLDER  the same, and keep where they went, for callgrind_annotate
  --no-latency      leave out commit-to-line latency, which takes half a minute
  --json            for programs)";

// Above 0, and not so much that a set outgrows one binlog file.
Result<double> share(const char* text) {
    char* end = nullptr;
    const double value = ::strtod(text, &end);
    if (*end != '\0' || !(value > 0) || value > 1) {
        return Error{Errc::invalid, fmt::format("'{}': a number above 0, at most 1", text)};
    }
    return value;
}

Result<> set_value(Options& options, std::string_view name, const char* value) {
    if (name == "--scale") {
        EK_TRY(options.scale, share(value));
    } else if (name == "--part") {
        EK_TRY(options.part, share(value));
    } else if (name == "--runs") {
        options.runs = static_cast<int>(::strtol(value, nullptr, 10));
        if (options.runs < 1) return Error{Errc::invalid, "--runs: at least 1"};
    } else if (name == "--peers") {
        options.peers = value;
    } else if (name == "--profile") {
        options.profile = value;
        options.instructions = true;
    } else if (name == "--svg") {
        options.svg = value;
    } else {
        return Error{Errc::invalid, kUsage};
    }
    return {};
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json") {
            options.json = true;
        } else if (word == "--instructions") {
            options.instructions = true;
        } else if (word == "--no-latency") {
            options.latency = false;
        } else if (i + 1 < argc) {
            EK_TRY_VOID(set_value(options, word, argv[++i]));
        } else {
            return Error{Errc::invalid, kUsage};
        }
    }
    return options;
}

}  // namespace evenkeel::bench
