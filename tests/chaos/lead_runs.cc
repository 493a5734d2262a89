#include "tests/chaos/lead_runs.h"

#include <fmt/core.h>

#include <algorithm>

namespace evenkeel::test {
namespace {

// Whatever instants within the answers were the true ones: did `a` lead while `b` did?
bool surely_overlap(const LeadRun& a, const LeadRun& b) {
    // Both certainly led at all of these instants.
    const Instant from = std::max(a.first.received, b.first.received);
    const Instant until = std::min(a.last.sent, b.last.sent);
    if (from <= until) return true;
    // An answer of one that lies wholly within the certain time of the other.
    const auto within = [](const Asked& answer, const LeadRun& run) {
        return run.first.received <= answer.sent && answer.received <= run.last.sent;
    };
    return within(a.first, b) || within(a.last, b) || within(b.first, a) || within(b.last, a);
}

long long millis(Instant at) {
    return std::chrono::duration_cast<Millis>(at.time_since_epoch()).count();
}

std::string words(const LeadRun& run) {
    return fmt::format("node {} says so since {} ms", run.node + 1, millis(run.first.received));
}

}  // namespace

std::vector<std::string> proven_overlaps(const std::vector<LeadRun>& runs) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        for (std::size_t j = i + 1; j < runs.size(); ++j) {
            if (runs[i].node == runs[j].node || !surely_overlap(runs[i], runs[j])) continue;
            found.push_back("two leaders: " + words(runs[i]) + ", " + words(runs[j]));
        }
    }
    return found;
}

}  // namespace evenkeel::test
