#include "app/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string_view>

#include "base/log.h"

namespace evenkeel::app {
namespace {

void die_as_a_lost_host(const std::string& moment) {
    log::warn("fault", "dying at {}", moment);
    // The rest of the node dies with the supervisor.
    ::kill(::getppid(), SIGKILL);
    ::raise(SIGKILL);
}

}  // namespace

std::function<void(const std::string& moment)> fault_hook() {
    const char* fault = ::getenv("EVENKEEL_FAULT");
    if (fault == nullptr) return {};
    const std::string_view text(fault);
    constexpr std::string_view kBefore = "die_before_step=";
    constexpr std::string_view kAfter = "die_after_step=";
    std::string wanted;
    if (text.starts_with(kBefore)) {
        wanted = "before:" + std::string(text.substr(kBefore.size()));
    } else if (text.starts_with(kAfter)) {
        wanted = "after:" + std::string(text.substr(kAfter.size()));
    } else {
        log::error("fault", "EVENKEEL_FAULT is not die_before_step=… or die_after_step=…");
        return {};
    }
    return [wanted](const std::string& moment) {
        if (moment == wanted) die_as_a_lost_host(moment);
    };
}

}  // namespace evenkeel::app
