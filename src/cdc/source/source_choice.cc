#include "cdc/source/source_choice.h"

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

namespace {

constexpr const char* kStartAnew =
    "Bring these transactions back or tell the consumers, then remove the stream's checkpoint to "
    "start anew";

// The server lacks `lacks`; it has `has`.
FitnessVerdict behind_or_diverged(const std::string& lacks, const std::string& has, bool is_primary,
                                  bool patience_over) {
    if (!patience_over) return {Fitness::wait, fmt::format("it lacks {} as yet", lacks)};
    if (!is_primary) return {Fitness::elsewhere, fmt::format("it lacks {}", lacks)};
    return {Fitness::diverged,
            fmt::format("it is the primary and lacks {}, which this stream has published already: "
                        "its history is another one (it has {}). {}",
                        lacks, has.empty() ? "nothing" : has, kStartAnew)};
}

FitnessVerdict mariadb_fitness(const GtidPosition& published, const BinlogHistory& history,
                               bool is_primary, bool patience_over) {
    if (history.state.contains(published)) return {};
    GtidState wanted;
    for (const auto& [domain, gtid] : published.domains()) wanted.set(gtid);
    return behind_or_diverged(wanted.missing_in(history.state), history.state.str(), is_primary,
                              patience_over);
}

FitnessVerdict mysql_fitness(const StreamPlace& place, const BinlogHistory& history,
                             bool is_primary, bool patience_over) {
    static const GtidSet none;
    const auto set_of = [](const BinlogPosition& position) -> const GtidSet& {
        return position.mysql() != nullptr ? *position.mysql() : none;
    };
    const GtidSet lacks = set_of(place.published).minus(history.executed);
    if (!lacks.empty()) {
        return behind_or_diverged(lacks.str(), history.executed.str(), is_primary, patience_over);
    }
    const GtidSet gone = history.purged.minus(set_of(place.read_from));
    if (gone.empty()) return {};
    return {Fitness::unusable,
            fmt::format("its binlogs with {} were purged, and this stream has not read them. Let "
                        "it read from a server that has them still, or accept the gap: remove the "
                        "stream's checkpoint to start anew",
                        gone.str())};
}

FitnessVerdict file_fitness(const FilePosition& published, const BinlogHistory& history) {
    if (published.server_uuid.empty() || published.server_uuid == history.server_uuid) return {};
    return {Fitness::unusable,
            fmt::format("this stream is at {} of another server (server_uuid {}; this one is {}), "
                        "and without GTIDs that means nothing here. Give the stream its server "
                        "back, or remove its checkpoint to start anew; with gtid_mode=ON a stream "
                        "can change its server",
                        published.str(), published.server_uuid, history.server_uuid)};
}

FitnessVerdict other_kind(const BinlogPosition& published, const BinlogHistory& history) {
    const std::string server =
        history.kind == PositionKind::mariadb_gtid
            ? "it is a MariaDB server"
            : fmt::format("it is MySQL with gtid_mode={}", history.gtid_mode);
    const bool mode = published.mysql() != nullptr && history.kind == PositionKind::file;
    return {
        Fitness::unusable,
        fmt::format("{}, where the stream's position {} means nothing. {}remove the stream's "
                    "checkpoint to start anew",
                    server, published.str(), mode ? "Set gtid_mode=ON there, or " : "To go on, ")};
}

}  // namespace

FitnessVerdict fitness_of(const StreamPlace& place, const BinlogHistory& history, bool is_primary,
                          bool patience_over) {
    const BinlogPosition& published = place.published;
    if (published.file() != nullptr && history.kind != PositionKind::mariadb_gtid) {
        return file_fitness(*published.file(), history);
    }
    switch (history.kind) {
        case PositionKind::mariadb_gtid:
            if (published.empty()) return {};
            if (published.mariadb() == nullptr) break;
            return mariadb_fitness(*published.mariadb(), history, is_primary, patience_over);
        case PositionKind::mysql_gtid:
            if (!published.empty() && published.mysql() == nullptr) break;
            return mysql_fitness(place, history, is_primary, patience_over);
        case PositionKind::file:
            if (published.empty()) return {};
            break;
    }
    return other_kind(published, history);
}

}  // namespace evenkeel::cdc
