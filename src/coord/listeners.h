// Who wants to hear of changed keys.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"

namespace evenkeel::coord {

// Thread-safe.
class Listeners {
public:
    // `on_change` is called for changes under `prefix` while the handle lives. The handle's end
    // waits for a call that runs; so never end it from within one.
    [[nodiscard]] std::shared_ptr<void> add(std::string prefix, std::function<void()> on_change);

    // Calls everybody whom one of the keys concerns, once.
    void notify(const std::vector<std::string>& keys);

private:
    class Listener;

    Mutex mutex_;
    std::vector<std::weak_ptr<Listener>> listeners_ EK_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coord
