#include "tests/chaos/lease_spans.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"

namespace evenkeel::test {
namespace {

std::optional<Instant> instant(const std::string& text) {
    const auto nanos = parse_number(text);
    if (!nanos) return {};
    return Instant(std::chrono::nanoseconds(*nanos));
}

std::string words(const LeaseSpan& span) {
    const auto since = std::chrono::duration_cast<Micros>(span.from.time_since_epoch());
    return fmt::format("{} with epoch {} since {} us", span.node, span.epoch, since.count());
}

void cut_by_deaths(std::vector<LeaseSpan>& spans, const std::vector<Death>& deaths) {
    for (LeaseSpan& span : spans) {
        for (const Death& death : deaths) {
            if (death.node != span.node || death.at < span.from) continue;
            span.until = std::min(span.until, death.at);
        }
    }
}

}  // namespace

std::vector<LeaseSpan> lease_spans(std::string_view trace) {
    std::vector<LeaseSpan> spans;
    for (const std::string& line : split(trace, '\n')) {
        const auto words = split(line, ' ');
        if (words.size() != 5) continue;
        const auto epoch = parse_number(words[2]);
        const auto from = instant(words[3]);
        const auto until = instant(words[4]);
        if (!epoch || !from || !until) continue;
        spans.push_back({words[0], words[1], *epoch, *from, *until});
    }
    return spans;
}

std::vector<LeaseSpan> holdings(std::vector<LeaseSpan> spans, const std::vector<Death>& deaths) {
    // The two threads of a node that write may be out of order; an end comes after what it ends.
    std::stable_sort(spans.begin(), spans.end(), [](const LeaseSpan& a, const LeaseSpan& b) {
        return std::tuple(a.from, a.from == a.until) < std::tuple(b.from, b.from == b.until);
    });
    std::map<std::tuple<std::string, std::string, std::uint64_t>, LeaseSpan> open;
    std::vector<LeaseSpan> held;
    for (const LeaseSpan& span : spans) {
        LeaseSpan& current = open[{span.node, span.duty, span.epoch}];
        if (current.node.empty()) current = span;
        if (span.from > current.until) {
            // It ran out and counted again later: nobody could take it meanwhile.
            held.push_back(current);
            current = span;
        }
        current.until = span.until;
    }
    for (const auto& [key, current] : open) held.push_back(current);
    cut_by_deaths(held, deaths);
    std::sort(held.begin(), held.end(), [](const LeaseSpan& a, const LeaseSpan& b) {
        return std::tuple(a.duty, a.from, a.epoch) < std::tuple(b.duty, b.from, b.epoch);
    });
    return held;
}

std::vector<std::string> lease_violations(const std::vector<LeaseSpan>& holdings) {
    std::vector<std::string> found;
    const LeaseSpan* last = nullptr;  // The one that held longest so far.
    for (const LeaseSpan& span : holdings) {
        if (last != nullptr && last->duty != span.duty) last = nullptr;
        if (last != nullptr) {
            const bool other = last->node != span.node || last->epoch != span.epoch;
            if (other && span.from < last->until) {
                found.push_back("two holders of " + span.duty + ": " + words(*last) + ", " +
                                words(span));
            }
            if (span.epoch < last->epoch || (span.epoch == last->epoch && other)) {
                found.push_back("an epoch of " + span.duty +
                                " that does not grow: " + words(*last) + ", " + words(span));
            }
        }
        if (last == nullptr || span.until >= last->until) last = &span;
    }
    return found;
}

}  // namespace evenkeel::test
