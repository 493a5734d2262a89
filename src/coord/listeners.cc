#include "coord/listeners.h"

#include <algorithm>
#include <utility>

namespace evenkeel::coord {

// Its mutex is held while the callback runs, so that end() can wait for it.
class Listeners::Listener {
public:
    Listener(std::string prefix, std::function<void()> on_change)
        : prefix_(std::move(prefix)), on_change_(std::move(on_change)) {}

    bool concerned_by(const std::vector<std::string>& keys) const {
        return std::any_of(keys.begin(), keys.end(),
                           [this](const std::string& key) { return key.starts_with(prefix_); });
    }
    void call() {
        Lock lock(mutex_);
        if (on_change_) on_change_();
    }
    void end() {
        Lock lock(mutex_);
        on_change_ = nullptr;
    }

private:
    const std::string prefix_;
    Mutex mutex_;
    std::function<void()> on_change_ EK_GUARDED_BY(mutex_);
};

std::shared_ptr<void> Listeners::add(std::string prefix, std::function<void()> on_change) {
    auto listener = std::make_shared<Listener>(std::move(prefix), std::move(on_change));
    Lock lock(mutex_);
    listeners_.push_back(listener);
    return {listener.get(), [listener](void*) { listener->end(); }};
}

void Listeners::notify(const std::vector<std::string>& keys) {
    std::vector<std::shared_ptr<Listener>> concerned;
    {
        Lock lock(mutex_);
        std::erase_if(listeners_, [&](const std::weak_ptr<Listener>& each) {
            auto listener = each.lock();
            if (!listener) return true;
            if (listener->concerned_by(keys)) concerned.push_back(std::move(listener));
            return false;
        });
    }
    for (const auto& listener : concerned) listener->call();
}

}  // namespace evenkeel::coord
