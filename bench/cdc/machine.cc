#include "bench/cdc/machine.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "base/text.h"
#include "io/file.h"

namespace evenkeel::bench {
namespace {

double ticks_to_s(double ticks) {
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double machine_busy_s() {
    // cpu user nice system idle iowait irq softirq steal; guests are in user already.
    std::istringstream line(io::read_file("/proc/stat").value_or(""));
    std::string name;
    double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, soft = 0, steal = 0;
    line >> name >> user >> nice >> system >> idle >> waiting >> irq >> soft >> steal;
    return ticks_to_s(user + nice + system + irq + soft + steal);
}

double process_s(pid_t pid) {
    const std::string text = io::read_file(fmt::format("/proc/{}/stat", pid)).value_or("");
    // The name may contain blanks; the state and ten numbers are between it and the times.
    std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string skipped;
    for (int i = 0; i < 11; ++i) rest >> skipped;
    double user = 0, system = 0;
    rest >> user >> system;
    return ticks_to_s(user + system);
}

// The value behind the first `key` of a file of "key : value" lines.
std::string value_of(const std::string& path, std::string_view key) {
    std::istringstream lines(io::read_file(path).value_or(""));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (line.starts_with(key) && colon != std::string::npos) {
            return std::string(trim(std::string_view(line).substr(colon + 1)));
        }
    }
    return "?";
}

}  // namespace

ForeignLoad::ForeignLoad(pid_t server) : server_(server), at_start_(sum()) {}

double ForeignLoad::sum() const {
    return machine_busy_s() - process_s(server_) - process_s(::getpid());
}

double ForeignLoad::seconds(double child_cpu_s) const {
    return std::max(0.0, sum() - at_start_ - child_cpu_s);
}

std::string machine_name() {
    const double kib = std::strtod(value_of("/proc/meminfo", "MemTotal").c_str(), nullptr);
    return fmt::format("{} x {}, {:.1f} GiB", ::sysconf(_SC_NPROCESSORS_ONLN),
                       value_of("/proc/cpuinfo", "model name"), kib / (1 << 20));
}

}  // namespace evenkeel::bench
