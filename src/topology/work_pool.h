// A few named threads that do what must not hold a service thread up.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/mailbox.h"
#include "io/thread.h"

namespace evenkeel::topology {

// Thread-safe. The destructor waits for the jobs that run and drops those that wait.
class WorkPool {
public:
    WorkPool(const std::string& name, std::size_t threads, std::size_t jobs_max);
    ~WorkPool();
    // False when too many jobs wait: the caller tries again later.
    [[nodiscard]] bool post(std::function<void()> job) { return jobs_.post(std::move(job)); }

private:
    Mailbox<std::function<void()>> jobs_;
    std::vector<io::Worker> workers_;
};

// Calls each of `jobs` on a thread of its own and waits for all. For a handful of jobs that wait.
void run_together(std::vector<std::function<void()>> jobs);

}  // namespace evenkeel::topology
