// A mutex whose use clang checks (-Wthread-safety in `./dev lint`). Locks live at mailboxes and
// read-mostly snapshots only; features own their state by thread.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/instant.h"

#if defined(__clang__)
#define EK_TSA(x) __attribute__((x))
#else
#define EK_TSA(x)
#endif
#define EK_GUARDED_BY(m) EK_TSA(guarded_by(m))
#define EK_REQUIRES(m) EK_TSA(requires_capability(m))

namespace evenkeel {

class EK_TSA(capability("mutex")) Mutex {
public:
    void lock() EK_TSA(acquire_capability()) { mutex_.lock(); }
    void unlock() EK_TSA(release_capability()) { mutex_.unlock(); }

private:
    std::mutex mutex_;
};

class EK_TSA(scoped_lockable) Lock {
public:
    explicit Lock(Mutex& mutex) EK_TSA(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
    ~Lock() EK_TSA(release_capability()) { mutex_.unlock(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

private:
    Mutex& mutex_;
};

class CondVar {
public:
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

    // Waits at most `limit`; may wake early, so callers loop on their condition.
    void wait_for(Mutex& mutex, Millis limit) EK_REQUIRES(mutex) {
        condition_.wait_for(mutex, limit);
    }

private:
    std::condition_variable_any condition_;
};

}  // namespace evenkeel
