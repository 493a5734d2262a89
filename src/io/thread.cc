#include "io/thread.h"

#include <pthread.h>
#include <signal.h>

#include "io/clock.h"

namespace evenkeel::io {

void StopToken::request() {
    requested_.store(true, std::memory_order_release);
    Lock lock(mutex_);
    wake_.notify_all();
}

bool StopToken::wait_for(Millis limit) {
    const Deadline deadline = within(limit);
    Lock lock(mutex_);
    while (!requested()) {
        const Millis left = deadline.left(now());
        if (left == Millis{0}) return false;
        wake_.wait_for(mutex_, left);
    }
    return true;
}

Worker::Worker(const std::string& name, std::function<void(StopToken&)> body)
    : token_(std::make_unique<StopToken>()) {
    thread_ =
        std::thread([token = token_.get(), name = name.substr(0, 15), body = std::move(body)] {
            ::pthread_setname_np(::pthread_self(), name.c_str());
            // Signals belong to the main thread, which waits for them.
            sigset_t all;
            ::sigfillset(&all);
            ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
            body(*token);
        });
}

Worker& Worker::operator=(Worker&& other) noexcept {
    stop();
    token_ = std::move(other.token_);
    thread_ = std::move(other.thread_);
    return *this;
}

void Worker::request_stop() {
    if (token_) token_->request();
}

void Worker::stop() {
    request_stop();
    if (thread_.joinable()) thread_.join();
}

}  // namespace evenkeel::io
