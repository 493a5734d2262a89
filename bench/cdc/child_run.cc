#include "bench/cdc/child_run.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "base/text.h"
#include "bench/cdc/machine.h"
#include "io/clock.h"
#include "io/fd.h"
#include "io/plain_file.h"

namespace evenkeel::bench {
namespace {

constexpr int kNoProgram = 127;

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

[[noreturn]] void become(const std::vector<char*>& argv, int output, int errors) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(kNoProgram);
}

Result<std::string> last_line(const io::PlainFile& file) {
    EK_TRY(const std::uint64_t size, file.size());
    std::string text(size, '\0');
    EK_TRY_VOID(file.read_at(0, text.data(), text.size()));
    text = trim(text);
    return text.substr(text.rfind('\n') + 1);
}

std::vector<double> numbers_in(const std::string& line) {
    std::istringstream words(line);
    std::vector<double> numbers;
    for (double number = 0; words >> number;) numbers.push_back(number);
    return numbers;
}

}  // namespace

Result<Cost> run_child(const std::vector<std::string>& argv, Output output, pid_t server) {
    std::vector<char*> raw;
    for (const std::string& word : argv) raw.push_back(const_cast<char*>(word.c_str()));
    raw.push_back(nullptr);
    EK_TRY(const io::PlainFile kept, io::PlainFile::temporary());
    EK_TRY(const io::PlainFile errors, io::PlainFile::temporary());
    const io::Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const int to = output == Output::ends_in_numbers ? kept.descriptor() : nowhere.get();
    const ForeignLoad foreign(server);
    const Instant started = io::now();
    const pid_t pid = ::fork();
    if (pid < 0) return Error{Errc::unavailable, "start " + argv[0] + ": no more processes"};
    if (pid == 0) become(raw, to, errors.descriptor());
    int status = 0;
    rusage usage{};
    while (::wait4(pid, &status, 0, &usage) < 0) {
    }
    const std::chrono::duration<double> wall = io::now() - started;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoProgram) {
        return Error{Errc::not_found,
                     fmt::format("run {0}: no such program: install {0}", argv[0])};
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return Error{Errc::unavailable, fmt::format("run {}: status {}: {}", argv[0], status,
                                                    last_line(errors).value_or(""))};
    }
    Cost cost{.wall_s = wall.count(),
              .cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime),
              .rss_mib = static_cast<double>(usage.ru_maxrss) / 1024};
    cost.foreign_s = foreign.seconds(cost.cpu_s);
    if (output == Output::to_nowhere) return cost;
    EK_TRY(const std::string line, last_line(kept));
    cost.printed = numbers_in(line);
    return cost;
}

}  // namespace evenkeel::bench
