#include "bench/cdc/instructions.h"

#include <fmt/core.h>

#include <cstring>

#include "base/text.h"
#include "bench/cdc/child_run.h"
#include "io/file.h"
#include "io/process.h"

namespace evenkeel::bench {
namespace {

constexpr const char* kSum = "Collected : ";
constexpr double kTiny = 0.001;
constexpr double kSmall = 0.02;

struct Counted {
    double rows = 0;
    double instructions = 0;
};

// Callgrind sums up in a line "==PID== Collected : N".
Result<double> collected(const std::string& report) {
    const std::size_t at = report.rfind(kSum);
    if (at != std::string::npos) {
        const std::size_t begin = at + std::strlen(kSum);
        const auto number =
            parse_number(report.substr(begin, report.find_first_of(" \n", begin) - begin));
        if (number) return static_cast<double>(*number);
    }
    return Error{Errc::unavailable, "count instructions: valgrind printed no sum"};
}

Result<Counted> count(const lab::Server& server, const DataSet& set, double scale,
                      const std::string& folder, const std::string& out) {
    EK_TRY(const Recorded where, record(server, set, scale));
    const std::string report = folder + "/callgrind.log";
    EK_TRY(const Cost cost,
           run_child({"valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                      "--log-file=" + report, io::own_path(), "--child", "stream-under-valgrind",
                      std::to_string(server.id().port), where.begin, where.end},
                     Output::ends_in_numbers, server.pid()));
    if (cost.printed.empty()) return Error{Errc::unavailable, "count instructions: no rows"};
    EK_TRY(const std::string text, io::read_file(report));
    EK_TRY(const double instructions, collected(text));
    return Counted{.rows = cost.printed.front(), .instructions = instructions};
}

}  // namespace

Result<double> instructions_per_row(const lab::Server& server, const DataSet& set,
                                    const std::string& profile) {
    EK_TRY(const std::string folder, io::make_temp_folder("evenkeel-callgrind"));
    const auto tiny = count(server, set, kTiny, folder, "/dev/null");
    const std::string out =
        profile.empty() ? "/dev/null" : fmt::format("{}/{}.callgrind", profile, set.name.front());
    const auto small = tiny ? count(server, set, kSmall, folder, out) : tiny;
    (void)io::remove_all(folder);
    if (!small) return small.error();
    return (small->instructions - tiny->instructions) / (small->rows - tiny->rows);
}

}  // namespace evenkeel::bench
