#include "bench/cdc/child_run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "io/clock.h"
#include "io/fd.h"
#include "io/plain_file.h"

namespace evenkeel::bench {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

[[noreturn]] void become(const std::vector<char*>& argv, int output) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
}

}  // namespace

Result<Cost> run_child(const std::vector<std::string>& argv, Output output) {
    std::vector<char*> raw;
    for (const std::string& word : argv) raw.push_back(const_cast<char*>(word.c_str()));
    raw.push_back(nullptr);
    EK_TRY(const io::PlainFile kept, io::PlainFile::temporary());
    const io::Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const Instant started = io::now();
    const pid_t pid = ::fork();
    if (pid < 0) return Error{Errc::unavailable, "start " + argv[0] + ": no more processes"};
    if (pid == 0) become(raw, output == Output::is_a_number ? kept.descriptor() : nowhere.get());
    int status = 0;
    rusage usage{};
    while (::wait4(pid, &status, 0, &usage) < 0) {
    }
    const std::chrono::duration<double> wall = io::now() - started;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return Error{Errc::unavailable, fmt::format("run {}: status {}", argv[0], status)};
    }
    Cost cost{.wall_s = wall.count(),
              .cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime),
              .rss_mib = static_cast<double>(usage.ru_maxrss) / 1024};
    if (output == Output::to_nowhere) return cost;
    EK_TRY(const std::uint64_t size, kept.size());
    std::string text(size, '\0');
    EK_TRY_VOID(kept.read_at(0, text.data(), text.size()));
    cost.printed = parse_number(trim(text)).value_or(0);
    return cost;
}

Result<Cost> median_of(int runs, const std::vector<std::string>& argv, Output output) {
    std::vector<Cost> costs;
    for (int i = 0; i < runs; ++i) {
        EK_TRY(const Cost cost, run_child(argv, output));
        costs.push_back(cost);
    }
    std::sort(costs.begin(), costs.end(),
              [](const Cost& a, const Cost& b) { return a.wall_s < b.wall_s; });
    return costs[costs.size() / 2];
}

}  // namespace evenkeel::bench
