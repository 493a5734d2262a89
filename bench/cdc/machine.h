// How busy the machine is with what is not measured. Numbers of a machine that others use at the
// same time are worth less, so every report says how much.
#pragma once

#include <sys/types.h>

#include <string>

namespace evenkeel::bench {

class ForeignLoad {
public:
    // Counts from now on. `server` is not foreign.
    explicit ForeignLoad(pid_t server);
    // CPU seconds since then of all but this process, the server, and a child that used
    // `child_cpu_s`. The kernel counts in ticks of 10 ms: short times say little.
    double seconds(double child_cpu_s) const;

private:
    double sum() const;

    const pid_t server_;
    const double at_start_;
};

// "2 x AMD EPYC 7B13, 23.4 GiB": for the report.
std::string machine_name();

}  // namespace evenkeel::bench
