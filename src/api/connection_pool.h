// The threads that serve HTTP connections, and the bounded queue in front of them.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "base/mutex.h"
#include "io/thread.h"

namespace evenkeel::api {

// Thread-safe.
class ConnectionPool {
public:
    ConnectionPool(std::size_t threads, std::size_t queued_max);
    ~ConnectionPool() { stop(); }

    // Waits while the queue is full, so that new connections wait in the kernel's backlog. A job
    // that comes after stop() is run at once: it owns a socket that only it closes.
    void run(std::function<void()> job);
    // Waits until all jobs are done.
    void stop();
    // Jobs without a thread.
    std::size_t waiting();
    bool full() { return waiting() >= queued_max_; }

private:
    void serve();

    const std::size_t queued_max_;
    Mutex mutex_;
    CondVar changed_;
    std::deque<std::function<void()>> jobs_ EK_GUARDED_BY(mutex_);
    bool stopping_ EK_GUARDED_BY(mutex_) = false;
    std::vector<io::Worker> threads_;
};

}  // namespace evenkeel::api
