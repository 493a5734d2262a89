#include "topology/work_pool.h"

#include <utility>

namespace evenkeel::topology {

WorkPool::WorkPool(const std::string& name, std::size_t threads, std::size_t jobs_max)
    : jobs_(jobs_max) {
    for (std::size_t i = 0; i < threads; ++i) {
        workers_.emplace_back(name, [this](io::StopToken& stop) {
            while (!stop.requested()) {
                if (const auto job = jobs_.take(Millis(1000))) (*job)();
            }
        });
    }
}

WorkPool::~WorkPool() {
    for (io::Worker& worker : workers_) worker.request_stop();
    jobs_.close();
    workers_.clear();
}

void run_together(std::vector<std::function<void()>> jobs) {
    std::vector<io::Worker> workers;
    for (std::size_t i = 1; i < jobs.size(); ++i) {
        workers.emplace_back("topo-together",
                             [job = std::move(jobs[i])](io::StopToken&) { job(); });
    }
    if (!jobs.empty()) jobs.front()();
}

}  // namespace evenkeel::topology
