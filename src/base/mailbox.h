// A bounded queue into the one thread that owns a feature's state.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace evenkeel {

// Thread-safe. Any thread posts, one thread takes.
template <typename Message>
class Mailbox {
public:
    explicit Mailbox(std::size_t messages_max) : messages_max_(messages_max) {}

    // False when the box is full or closed: the sender decides what to drop.
    [[nodiscard]] bool post(Message message) {
        {
            Lock lock(mutex_);
            if (closed_ || messages_.size() >= messages_max_) return false;
            messages_.push_back(std::move(message));
        }
        arrived_.notify_one();
        return true;
    }

    // Waits up to `limit` for a message; nothing when none came or the box was closed.
    std::optional<Message> take(Millis limit) {
        Lock lock(mutex_);
        if (messages_.empty() && !closed_ && limit > Millis{0}) arrived_.wait_for(mutex_, limit);
        if (messages_.empty()) return std::nullopt;
        Message message = std::move(messages_.front());
        messages_.pop_front();
        return message;
    }

    // Wakes the taker; later posts are refused, waiting messages can still be taken.
    void close() {
        {
            Lock lock(mutex_);
            closed_ = true;
        }
        arrived_.notify_all();
    }

    bool closed() const {
        Lock lock(mutex_);
        return closed_;
    }

private:
    const std::size_t messages_max_;
    mutable Mutex mutex_;
    CondVar arrived_;
    std::deque<Message> messages_ EK_GUARDED_BY(mutex_);
    bool closed_ EK_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel
