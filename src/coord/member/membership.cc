#include "coord/member/membership.h"

#include <fmt/core.h>

#include "base/log.h"
#include "base/mutex.h"
#include "coord/member/etcd_admin.h"
#include "coord/member/managed_etcd.h"
#include "coord/member/upkeep.h"
#include "io/clock.h"
#include "io/thread.h"

namespace evenkeel::coord {
namespace {

constexpr Millis kRound{500};
constexpr Millis kTry{2'000};
constexpr Millis kRetryPause{250};
constexpr Millis kHandoverLimit{4'000};
constexpr Millis kGiveUpLimit{3'000};
constexpr Millis kGoneLimit{5'000};

Error not_ours(EngineKind engine) {
    if (engine == EngineKind::local) {
        return {Errc::invalid,
                "members: this node is alone (engine local): configure engine = \"raft\" in "
                "[coordination] for a group"};
    }
    return {Errc::invalid,
            fmt::format("members: with engine {} the group's members are those of the {} that was "
                        "there before: use its own tools",
                        engine == EngineKind::etcd ? "etcd" : "zookeeper",
                        engine == EngineKind::etcd ? "etcd cluster" : "ZooKeeper ensemble")};
}

std::string with_warning(std::string text, const std::string& warning) {
    return warning.empty() ? text : text + ". " + warning;
}

}  // namespace

struct Membership::Impl {
    const Config& config;
    Coordinator& coordinator;
    Mutex changing;  // One change of members at a time.
    io::Worker upkeep;

    Result<std::vector<MemberRow>> rows(EtcdAdmin& admin, Deadline deadline) const;
    // The change, planned on what holds at this moment.
    Result<MemberChange> plan(EtcdAdmin& admin, Deadline deadline, const std::string& what,
                              Result<MemberChange> (*decide)(const std::vector<MemberRow>&,
                                                             const std::string&)) const;
    Result<> take_out(EtcdAdmin& admin, const MemberChange& change, Deadline deadline);
    void hand_over(EtcdAdmin& admin, const MemberChange& change);
    void give_up_leading(const MemberChange& change);
    void forget(const MemberRow& member);
    static bool is_gone(EtcdAdmin& admin);
};

namespace {

// etcd refuses to change members until they have been connected for five seconds.
template <typename Call>
auto patiently(Deadline deadline, Call call) -> decltype(call(deadline)) {
    io::StopToken pause;
    while (true) {
        auto result = call(io::within(kTry).sooner(deadline));
        if (result || result.error().code != Errc::unavailable ||
            io::within(kRetryPause).at >= deadline.at) {
            return result;
        }
        pause.wait_for(kRetryPause);
    }
}

}  // namespace

Result<std::vector<MemberRow>> Membership::Impl::rows(EtcdAdmin& admin, Deadline deadline) const {
    EK_TRY(const std::vector<EtcdMember> members, admin.members(io::within(kTry).sooner(deadline)));
    EK_TRY(const EtcdStatus status, admin.status(io::within(kTry).sooner(deadline)));
    const GroupView group = coordinator.group();
    std::vector<MemberRow> rows;
    for (const EtcdMember& member : members) {
        rows.push_back({.id = member.id,
                        .node = {},
                        .address = member.address,
                        .started = member.started,
                        .learner = member.learner,
                        .leader = member.id == status.leader});
    }
    for (const Entry& entry : coordinator.list(kMemberFactPrefix)) {
        const auto fact = member_fact_from_json(entry.value);
        for (MemberRow& row : rows) {
            if (!fact || row.id != fact->id) continue;
            row.node = entry.key.substr(std::string_view(kMemberFactPrefix).size());
            row.db_bytes = fact->db_bytes;
            row.db_bytes_used = fact->db_bytes_used;
            row.version = fact->version;
        }
    }
    for (MemberRow& row : rows) {
        for (const Member& node : group.members) {
            if (node.node == row.node) row.live = node.live;
        }
    }
    return rows;
}

Result<MemberChange> Membership::Impl::plan(
    EtcdAdmin& admin, Deadline deadline, const std::string& what,
    Result<MemberChange> (*decide)(const std::vector<MemberRow>&, const std::string&)) const {
    if (config.engine != EngineKind::raft) return not_ours(config.engine);
    if (!coordinator.holds(kLeaderDuty)) {
        return Error{Errc::unavailable, "members: this node does not lead the group: ask again"};
    }
    EK_TRY(const std::vector<MemberRow> members, rows(admin, deadline));
    return decide(members, what);
}

// An election costs the group about a second without writes; a handover costs milliseconds.
void Membership::Impl::hand_over(EtcdAdmin& admin, const MemberChange& change) {
    if (change.next_leader == 0) return;
    const auto grant = coordinator.holds(kLeaderDuty);
    const Deadline deadline = io::within(kHandoverLimit);
    const Handover wanted{.from = change.member.id, .to = change.next_leader};
    if (!grant || !coordinator.put(*grant, kHandoverKey, to_json(wanted), deadline)) return;
    io::StopToken pause;
    while (!deadline.passed(io::now())) {
        const auto status = admin.status(deadline);
        if (status && status->leader != 0 && status->leader != change.member.id) break;
        pause.wait_for(Millis(50));
    }
    (void)coordinator.remove(*grant, kHandoverKey, io::within(kTry));
}

// The node that goes is this one: another leads before its member is gone.
void Membership::Impl::give_up_leading(const MemberChange& change) {
    const GroupView group = coordinator.group();
    if (change.member.node != group.self) return;
    for (const Member& node : group.members) {
        if (!node.live || node.node == group.self) continue;
        if (coordinator.transfer(kLeaderDuty, node.node, io::within(kGiveUpLimit))) return;
    }
}

void Membership::Impl::forget(const MemberRow& member) {
    const auto grant = coordinator.holds(kLeaderDuty);
    if (!grant || member.node.empty()) return;
    (void)coordinator.remove(*grant, kMemberFactPrefix + member.node, io::within(kTry));
}

// The own member answers no more.
bool Membership::Impl::is_gone(EtcdAdmin& admin) {
    const Deadline deadline = io::within(kGoneLimit);
    io::StopToken pause;
    while (!deadline.passed(io::now())) {
        if (!admin.status(deadline)) return true;
        pause.wait_for(Millis(100));
    }
    return false;
}

Result<> Membership::Impl::take_out(EtcdAdmin& admin, const MemberChange& change,
                                    Deadline deadline) {
    hand_over(admin, change);
    forget(change.member);
    give_up_leading(change);
    const auto removed =
        patiently(deadline, [&](Deadline limit) { return admin.remove(change.member.id, limit); });
    // The own member ends as soon as it has applied that, most often before it has answered.
    const bool own = change.member.node == coordinator.group().self;
    const bool maybe = !removed && removed.error().code == Errc::timed_out;
    if (!removed && !(own && maybe && is_gone(admin))) return removed.error();

    log::warn("coord", "the member of {} was removed from the group", name_of(change.member));
    return {};
}

Membership::Membership(const Config& config, Coordinator& coordinator)
    : impl_(new Impl{.config = config, .coordinator = coordinator, .changing = {}, .upkeep = {}}) {}

Membership::~Membership() {
    stop();
}

void Membership::start() {
    if (impl_->config.engine != EngineKind::raft) return;
    impl_->upkeep = io::Worker("members", [impl = impl_.get()](io::StopToken& stop) {
        MemberUpkeep upkeep(impl->config, impl->coordinator);
        while (!stop.wait_for(kRound)) upkeep.round();
    });
}

void Membership::stop() {
    impl_->upkeep.stop();
}

Result<std::vector<MemberRow>> Membership::members(Deadline deadline) {
    if (impl_->config.engine != EngineKind::raft) return not_ours(impl_->config.engine);
    EtcdAdmin admin(own_member(impl_->config));
    return impl_->rows(admin, deadline);
}

Result<std::string> Membership::add(const std::string& address, Deadline deadline) {
    Lock lock(impl_->changing);
    EtcdAdmin admin(own_member(impl_->config));
    EK_TRY(const MemberChange change, impl_->plan(admin, deadline, address, plan_add));
    EK_TRY_VOID(patiently(
        deadline, [&](Deadline limit) { return admin.add_learner(change.address, limit); }));
    log::warn("coord", "{} was added to the group", change.address);
    return with_warning(fmt::format("{} was added: start its node, with `bind` = \"{}\", all nodes "
                                    "in `nodes`, and an empty data_dir; it gets its vote when it "
                                    "has caught up",
                                    change.address, change.address),
                        change.warning);
}

Result<std::string> Membership::remove(const std::string& hint, Deadline deadline) {
    Lock lock(impl_->changing);
    EtcdAdmin admin(own_member(impl_->config));
    EK_TRY(const MemberChange change, impl_->plan(admin, deadline, hint, plan_remove));
    EK_TRY_VOID(impl_->take_out(admin, change, deadline));
    return with_warning(fmt::format("{} was removed: its node ends by itself and cannot come back "
                                    "with its data_dir; take it out of `nodes` of the others",
                                    name_of(change.member)),
                        change.warning);
}

Result<std::string> Membership::replace(const std::string& hint, Deadline deadline) {
    Lock lock(impl_->changing);
    EtcdAdmin admin(own_member(impl_->config));
    EK_TRY(const MemberChange change, impl_->plan(admin, deadline, hint, plan_replace));
    EK_TRY_VOID(impl_->take_out(admin, change, deadline));
    const auto added = patiently(
        deadline, [&](Deadline limit) { return admin.add_learner(change.address, limit); });
    if (!added) {
        return Error{added.error().code,
                     fmt::format("{} was removed, but not added again: {}; say `evenkeel member "
                                 "add {}`",
                                 name_of(change.member), added.error().what, change.address)};
    }
    log::warn("coord", "{} was added to the group", change.address);
    return fmt::format(
        "{} was replaced: start its node with an empty data_dir; it gets all data "
        "from the others, and its vote when it has caught up",
        name_of(change.member));
}

}  // namespace evenkeel::coord
