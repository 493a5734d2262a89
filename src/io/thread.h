// Named threads. Everything that runs beside something else is one of these, so that `top -H` and a
// stack trace say what it is.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/instant.h"
#include "base/mutex.h"

namespace evenkeel::io {

// A request to stop that can be waited for. Thread-safe.
class StopToken {
public:
    void request();
    bool requested() const { return requested_.load(std::memory_order_acquire); }
    // Sleeps up to `limit`; true when a stop was requested meanwhile.
    bool wait_for(Millis limit);

private:
    std::atomic<bool> requested_{false};
    Mutex mutex_;
    CondVar wake_;
};

// Joins in its destructor, after requesting the stop; `body` has to return soon after that.
class Worker {
public:
    Worker() = default;
    // `name` is cut to the 15 characters that the kernel keeps.
    Worker(const std::string& name, std::function<void(StopToken&)> body);
    ~Worker() { stop(); }
    Worker(Worker&&) = default;
    Worker& operator=(Worker&& other) noexcept;

    void request_stop();
    // Requests the stop and waits for the end. Safe to call twice.
    void stop();
    bool running() const { return thread_.joinable(); }

private:
    std::unique_ptr<StopToken> token_;
    std::thread thread_;
};

}  // namespace evenkeel::io
