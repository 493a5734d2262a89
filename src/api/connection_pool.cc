#include "api/connection_pool.h"

#include <utility>

namespace evenkeel::api {
namespace {
constexpr Millis kWake{200};  // Longest sleep before looking again; wake-ups are notified.
}  // namespace

ConnectionPool::ConnectionPool(std::size_t threads, std::size_t queued_max)
    : queued_max_(queued_max) {
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back("http", [this](io::StopToken&) { serve(); });
    }
}

void ConnectionPool::run(std::function<void()> job) {
    {
        Lock lock(mutex_);
        while (jobs_.size() >= queued_max_ && !stopping_) changed_.wait_for(mutex_, kWake);
        if (!stopping_) {
            jobs_.push_back(std::move(job));
            job = nullptr;
        }
    }
    changed_.notify_all();
    if (job) job();
}

void ConnectionPool::stop() {
    {
        Lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    threads_.clear();
}

std::size_t ConnectionPool::waiting() {
    Lock lock(mutex_);
    return jobs_.size();
}

void ConnectionPool::serve() {
    while (true) {
        std::function<void()> job;
        {
            Lock lock(mutex_);
            while (jobs_.empty() && !stopping_) changed_.wait_for(mutex_, kWake);
            if (jobs_.empty()) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        changed_.notify_all();
        job();
    }
}

}  // namespace evenkeel::api
