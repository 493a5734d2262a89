#include "coord/member/upkeep.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "coord/lease_records.h"
#include "coord/member/managed_etcd.h"
#include "io/clock.h"

namespace evenkeel::coord {
namespace {

using Json = nlohmann::json;

constexpr const char* kDefragmentDuty = "etcd-defragment";
constexpr std::uint64_t kMega = 1u << 20;
constexpr std::uint64_t kDefragmentFrom = 64 * kMega;
// From here on also the leading node, whose lease may run out meanwhile, defragments.
constexpr std::uint64_t kDefragmentAtAnyRate = 1024 * kMega;
constexpr Millis kCallLimit{1'000};
constexpr Millis kDefragmentLimit{60'000};
constexpr Millis kAlarmEvery{2'000};
// A full store has no duties that could say whose turn it is: members go by their order.
constexpr Millis kTurn{4'000};
// A store that is full of facts in use is tried again, and said so again.
constexpr Millis kFullAgain{60'000};

std::uint64_t id_of(const Json& json, const char* name) {
    return std::stoull(json.at(name).get<std::string>(), nullptr, 16);
}

std::string hex(std::uint64_t id) {
    return fmt::format("{:x}", id);
}

// Runs `read` on the parsed text; nothing when it is not what was agreed.
template <typename Value, typename Read>
std::optional<Value> parsed(const std::string& text, Read read) {
    try {
        return read(Json::parse(text));
    } catch (const std::exception&) {
        return {};
    }
}

Deadline limit() {
    return io::within(kCallLimit);
}

std::string in_megabytes(std::uint64_t bytes) {
    return fmt::format("{} MB", (bytes + kMega - 1) / kMega);
}

}  // namespace

std::string to_json(const MemberFact& fact) {
    return Json{{"id", hex(fact.id)},
                {"address", fact.address},
                {"db_bytes", fact.db_bytes},
                {"db_bytes_used", fact.db_bytes_used},
                {"version", fact.version}}
        .dump();
}

std::optional<MemberFact> member_fact_from_json(const std::string& text) {
    return parsed<MemberFact>(text, [](const Json& json) {
        return MemberFact{.id = id_of(json, "id"),
                          .address = json.at("address"),
                          .db_bytes = json.at("db_bytes"),
                          .db_bytes_used = json.at("db_bytes_used"),
                          .version = json.at("version")};
    });
}

std::string to_json(const Handover& handover) {
    return Json{{"from", hex(handover.from)}, {"to", hex(handover.to)}}.dump();
}

std::optional<Handover> handover_from_json(const std::string& text) {
    return parsed<Handover>(text, [](const Json& json) {
        return Handover{.from = id_of(json, "from"), .to = id_of(json, "to")};
    });
}

bool worth_defragmenting(const EtcdStatus& status) {
    return status.db_bytes >= kDefragmentFrom && status.db_bytes_used < status.db_bytes / 2;
}

bool worth_telling(const MemberFact& told, const MemberFact& now) {
    if (told.id != now.id || told.address != now.address || told.version != now.version)
        return true;
    const auto apart = [](std::uint64_t a, std::uint64_t b) {
        return std::max(a, b) - std::min(a, b) > std::max(kMega, std::max(a, b) / 5);
    };
    return apart(told.db_bytes, now.db_bytes) || apart(told.db_bytes_used, now.db_bytes_used);
}

MemberUpkeep::MemberUpkeep(const Config& config, Coordinator& coordinator)
    : config_(config), coordinator_(coordinator), admin_(own_member(config)) {}

void MemberUpkeep::round() {
    const auto status = admin_.status(limit());
    if (!status) return;
    watch_alarms(*status);
    if (!coordinator_.healthy()) return;
    tell(*status);
    hand_over(*status);
    if (coordinator_.holds(kLeaderDuty)) {
        promote_learners();
        clear_seats();
    }
    defragment_in_turn(*status);
}

void MemberUpkeep::tell(const EtcdStatus& status) {
    const MemberFact now{.id = status.member,
                         .address = peer_address(config_.bind),
                         .db_bytes = status.db_bytes,
                         .db_bytes_used = status.db_bytes_used,
                         .version = status.version};
    if (told_ && !worth_telling(*told_, now)) return;
    if (coordinator_.put_own(kMemberFactPrefix + config_.node, to_json(now), limit())) told_ = now;
}

void MemberUpkeep::promote_learners() {
    const auto members = admin_.members(limit());
    if (!members) return;
    for (const EtcdMember& member : *members) {
        if (!member.learner || !member.started) continue;
        // Refused until it has caught up.
        if (!admin_.promote(member.id, limit())) continue;
        log::info("coord", "the member at {} has caught up and has a vote from now on",
                  member.address);
    }
}

void MemberUpkeep::clear_seats() {
    for (const Member& node : coordinator_.group().members) {
        // Each node that runs, or ran and may come back, tells about its member.
        if (node.live || coordinator_.get(kMemberFactPrefix + node.node)) continue;
        const auto seat = coordinator_.get(kMemberPrefix + node.node);
        const auto grant = coordinator_.holds(kLeaderDuty);
        if (!seat || !grant) continue;
        const std::string& key = seat->key;
        // Only as dead as it was seen.
        Txn removal{.compares = {{key, seat->version}}, .ops = {{key, std::nullopt}}};
        if (coordinator_.commit(*grant, std::move(removal), limit())) {
            log::info("coord", "node {} is not part of the group any more", node.node);
        }
    }
}

void MemberUpkeep::hand_over(const EtcdStatus& status) {
    if (status.leader != status.member) return;
    const auto entry = coordinator_.get(kHandoverKey);
    const auto wanted = entry ? handover_from_json(entry->value) : std::nullopt;
    if (!wanted || wanted->from != status.member) return;
    const auto moved = admin_.move_leader(wanted->to, limit());
    if (!moved) log::warn("coord", "hand Raft's leadership over: {}", moved.error().what);
}

void MemberUpkeep::defragment_in_turn(const EtcdStatus& status) {
    const bool leads = coordinator_.holds(kLeaderDuty).has_value();
    if (!worth_defragmenting(status) || (leads && status.db_bytes < kDefragmentAtAnyRate)) {
        coordinator_.drop(kDefragmentDuty);
        return;
    }
    // Two members that stand still at once can be the group's majority.
    coordinator_.want(kDefragmentDuty);
    if (!coordinator_.holds(kDefragmentDuty)) return;
    defragment(status);
    coordinator_.drop(kDefragmentDuty);
}

void MemberUpkeep::defragment(const EtcdStatus& status) {
    if (status.leader == status.member) {
        const auto members = admin_.members(limit());
        if (!members) return;
        for (const EtcdMember& member : *members) {
            const bool usable = member.started && !member.learner && member.id != status.member;
            if (usable && admin_.move_leader(member.id, limit())) break;
        }
    }
    const Instant start = io::now();
    const auto done = admin_.defragment(io::within(kDefragmentLimit));
    if (!done) {
        log::warn("coord", "defragment this node's etcd member: {}", done.error().what);
        return;
    }
    const auto after = admin_.status(limit());
    log::info("coord", "this node's etcd member defragmented in {} ms: {} before, {} now",
              std::chrono::duration_cast<Millis>(io::now() - start).count(),
              in_megabytes(status.db_bytes), after ? in_megabytes(after->db_bytes) : "unknown");
}

void MemberUpkeep::watch_alarms(const EtcdStatus& status) {
    if (io::now() < next_alarm_check_) return;
    next_alarm_check_ = io::now() + kAlarmEvery;
    const auto alarms = admin_.alarms(limit());
    if (!alarms) return;
    std::vector<EtcdAlarm> full;
    for (const EtcdAlarm& alarm : *alarms) {
        if (alarm.kind == "NOSPACE") {
            full.push_back(alarm);
        } else if (!std::exchange(told_alarm_, true)) {
            log::error("coord",
                       "etcd raised the alarm {} for member {:x}: its data differs from the "
                       "others': end that node, move its data_dir away and say `evenkeel member "
                       "replace` to the group",
                       alarm.kind, alarm.member);
        }
    }
    if (!full.empty()) return repair_full_store(full, status);
    full_since_.reset();
    if (alarms->empty()) told_alarm_ = false;
}

// Nothing can be written, so every lease has run out or will: there is no leader to do this.
void MemberUpkeep::repair_full_store(const std::vector<EtcdAlarm>& alarms,
                                     const EtcdStatus& status) {
    if (!full_since_ || io::now() > *full_since_ + kFullAgain) {
        full_since_ = io::now();
        full_bytes_ = status.db_bytes;
        full_defragmented_ = false;
        log::error("coord",
                   "the group's store has reached its size limit ({}, {} of it in use; alarm "
                   "NOSPACE): nothing can be written; compacting and defragmenting it",
                   in_megabytes(status.db_bytes), in_megabytes(status.db_bytes_used));
    }
    // A group without a leader in Raft cannot do this; the next round tries again.
    (void)admin_.compact(status.revision, limit());
    const auto members = admin_.members(limit());
    if (!members) return;
    const auto before_us =
        std::count_if(members->begin(), members->end(),
                      [&](const EtcdMember& member) { return member.id < status.member; });
    if (io::now() < *full_since_ + kTurn * before_us) return;
    // What is in use can't be asked now: etcd counts again only when something is written.
    if (!std::exchange(full_defragmented_, true)) defragment(status);
    const auto after = admin_.status(limit());
    if (!after || after->db_bytes >= full_bytes_ / 10 * 9) return;
    // Each its own alarm; in the end also that of a member which is away.
    const bool last_turn = io::now() >= *full_since_ + kTurn * static_cast<int>(members->size());
    for (const EtcdAlarm& alarm : alarms) {
        if (!last_turn && alarm.member != status.member) continue;
        if (!admin_.disarm(alarm, limit())) continue;
        log::info("coord", "the store has room again: {}", in_megabytes(after->db_bytes));
    }
}

}  // namespace evenkeel::coord
