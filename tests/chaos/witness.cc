#include "tests/chaos/witness.h"

#include "io/clock.h"
#include "tests/support/eventually.h"

namespace evenkeel::test {
namespace {

constexpr Millis kPause{4};
constexpr Millis kAnswerLimit{250};

}  // namespace

Witness::Witness(const EvenkeelGroup& group) : group_(group) {
    {
        Lock lock(mutex_);
        current_.resize(group.size());
    }
    for (std::size_t node = 0; node < group.size(); ++node) {
        askers_.emplace_back("witness", [this, node](io::StopToken& stop) { ask(node, stop); });
    }
}

void Witness::ask(std::size_t node, io::StopToken& stop) {
    io::HttpClient client;
    while (!stop.wait_for(kPause)) {
        Asked asked{.sent = io::now()};
        const auto answer = group_.ask_as(client, node, "/api/leader-check", kAnswerLimit);
        asked.received = io::now();
        take(node, answer && answer->status == 200, asked);
    }
}

void Witness::take(std::size_t node, bool leads, const Asked& asked) {
    Lock lock(mutex_);
    ++answers_;
    auto& current = current_[node];
    if (!leads) {
        current.reset();
    } else if (current) {
        runs_[*current].last = asked;
    } else {
        current = runs_.size();
        runs_.push_back({.node = node, .first = asked, .last = asked});
    }
}

std::optional<Instant> Witness::wait_for_leader(Instant after, std::optional<std::size_t> except,
                                                Millis limit) const {
    std::optional<Instant> said;
    [[maybe_unused]] const bool any =
        eventually(limit, [&] { return (said = said_after(after, except)).has_value(); });
    return said;
}

std::optional<Instant> Witness::said_after(Instant after, std::optional<std::size_t> except) const {
    Lock lock(mutex_);
    for (const LeadRun& run : runs_) {
        if (run.node == except) continue;
        if (run.first.sent >= after) return run.first.received;
        if (run.last.sent >= after) return run.last.received;
    }
    return {};
}

std::vector<LeadRun> Witness::runs() const {
    Lock lock(mutex_);
    return runs_;
}

std::uint64_t Witness::answers() const {
    Lock lock(mutex_);
    return answers_;
}

}  // namespace evenkeel::test
