#include "cdc/source_choice.h"

#include <fmt/core.h>

#include <algorithm>

namespace evenkeel::cdc {
namespace {

bool contains(const std::vector<ServerId>& servers, const ServerId& server) {
    return std::find(servers.begin(), servers.end(), server) != servers.end();
}

// A replica that has not failed lately; `current` first, then in the fact's order, so that every
// node picks the same one.
std::optional<ServerId> pick_replica(const SourceSituation& now) {
    const auto fit = [&](const ServerId& server) {
        return contains(now.fact.replicas, server) && !now.failed.contains(server);
    };
    if (now.current && fit(*now.current)) return now.current;
    const auto it = std::find_if(now.fact.replicas.begin(), now.fact.replicas.end(), fit);
    return it == now.fact.replicas.end() ? std::nullopt : std::optional(*it);
}

SourceChoice nobody(const SourceSituation& now) {
    if (!now.failed.empty()) return {.why = "every server that the cluster names failed lately"};
    if (now.preference == SourcePreference::replica) return {.why = "no healthy replica"};
    return {.why = now.fact.primary ? "nothing to read from" : "the cluster has no primary now"};
}

}  // namespace

SourceChoice choose_source(const SourceSituation& now) {
    const auto& primary = now.fact.primary;
    const bool primary_fit = primary && !now.failed.contains(*primary);
    const SourceChoice from_primary{primary, true, ""};
    const auto with_why = [](SourceChoice choice, std::string why) {
        choice.why = std::move(why);
        return choice;
    };

    if (now.preference == SourcePreference::primary) {
        if (!primary_fit) return nobody(now);
        return with_why(from_primary, fmt::format("{} is the primary", primary->str()));
    }
    const bool on_primary = primary_fit && now.current == primary;
    if (now.preference == SourcePreference::automatic && on_primary &&
        now.on_current < kPrimaryStay) {
        return with_why(from_primary,
                        fmt::format("{} is the primary; stays there for now", primary->str()));
    }
    if (const auto replica = pick_replica(now)) {
        const char* text =
            replica == now.current ? "{} is still a healthy replica" : "{} is a healthy replica";
        return {replica, false, fmt::format(fmt::runtime(text), replica->str())};
    }
    if (now.preference == SourcePreference::replica || !primary_fit) return nobody(now);
    return with_why(from_primary,
                    fmt::format("{} is the primary; no healthy replica", primary->str()));
}

FitnessVerdict fitness_of(const GtidPosition& published, const GtidState& state, bool is_primary,
                          bool patience_over) {
    if (state.contains(published)) return {};
    GtidState wanted;
    for (const auto& [domain, gtid] : published.domains()) wanted.set(gtid);
    const std::string lacks = wanted.missing_in(state);
    if (!patience_over) return {Fitness::wait, fmt::format("it lacks {} as yet", lacks)};
    if (!is_primary) return {Fitness::elsewhere, fmt::format("it lacks {}", lacks)};
    return {Fitness::diverged,
            fmt::format("it is the primary and lacks {}, which this stream has published already: "
                        "its history is another one (it has {}). Bring these transactions back or "
                        "tell the consumers, then remove the stream's checkpoint to start anew",
                        lacks, state.empty() ? "nothing" : state.str())};
}

}  // namespace evenkeel::cdc
