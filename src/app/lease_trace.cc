#include "app/lease_trace.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <memory>

#include "base/log.h"
#include "io/plain_file.h"

namespace evenkeel::app {

std::function<void(const coord::LeaseSpan&)> lease_trace(const std::string& node) {
    const char* path = ::getenv("EVENKEEL_LEASE_TRACE");
    if (path == nullptr) return {};
    auto file = io::PlainFile::open(path);
    if (!file) {
        log::error("node", "lease trace: {}", file.error().what);
        return {};
    }
    // Each line is one write at the file's end, so that two threads need no lock.
    return [node, shared = std::make_shared<io::PlainFile>(std::move(*file))](
               const coord::LeaseSpan& span) {
        const auto line = fmt::format("{} {} {} {} {}\n", node, span.grant.duty,
                                      span.grant.epoch.value, span.from.time_since_epoch().count(),
                                      span.until.time_since_epoch().count());
        if (const auto done = shared->append(line); !done) {
            log::error("node", "lease trace: {}", done.error().what);
        }
    };
}

}  // namespace evenkeel::app
