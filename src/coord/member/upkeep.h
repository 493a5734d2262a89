// What a node does for its etcd member, again and again: tells the group about it, gives added
// members their vote, defragments its store, and repairs one that has reached its size limit.
// membership.h runs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coord/config.h"
#include "coord/coordinator.h"
#include "coord/member/etcd_admin.h"

namespace evenkeel::coord {

// What a node tells of its member, under etcd/<node>.
struct MemberFact {
    std::uint64_t id = 0;
    std::string address{};
    std::uint64_t db_bytes = 0;
    std::uint64_t db_bytes_used = 0;
    std::string version{};

    bool operator==(const MemberFact&) const = default;
};
inline constexpr const char* kMemberFactPrefix = "etcd/";
std::string to_json(const MemberFact& fact);
std::optional<MemberFact> member_fact_from_json(const std::string& text);

// Asks the member `from`, which leads Raft, to hand over to `to`. Under kHandoverKey.
struct Handover {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
};
inline constexpr const char* kHandoverKey = "etcd-handover";
std::string to_json(const Handover& handover);
std::optional<Handover> handover_from_json(const std::string& text);

// A store wastes space worth a stop of this member.
bool worth_defragmenting(const EtcdStatus& status);
// What was told before is outdated by enough to be told again.
bool worth_telling(const MemberFact& told, const MemberFact& now);

// One thread uses it.
class MemberUpkeep {
public:
    MemberUpkeep(const Config& config, Coordinator& coordinator);

    // One round; waits for this node's own member only.
    void round();

private:
    void tell(const EtcdStatus& status);
    void promote_learners();
    // The seats of nodes whose members were removed; nobody else would ever take them away.
    void clear_seats();
    void hand_over(const EtcdStatus& status);
    void defragment_in_turn(const EtcdStatus& status);
    void defragment(const EtcdStatus& status);
    void watch_alarms(const EtcdStatus& status);
    void repair_full_store(const std::vector<EtcdAlarm>& alarms, const EtcdStatus& status);

    const Config& config_;
    Coordinator& coordinator_;
    EtcdAdmin admin_;
    std::optional<MemberFact> told_{};
    Instant next_alarm_check_{};
    // Since when the store is full, and how large this member's was then.
    std::optional<Instant> full_since_{};
    std::uint64_t full_bytes_ = 0;
    bool full_defragmented_ = false;
    bool told_alarm_ = false;
};

}  // namespace evenkeel::coord
