#include "coord/lease_core.h"

#include <algorithm>
#include <functional>

namespace evenkeel::coord {
namespace {

// Keeps a transaction well below etcd's limit of 128 operations.
constexpr std::size_t kClaimsMax = 32;
// How long the next in rank waits for the one before it to claim a free duty.
constexpr Millis kRankWait{100};
// How long a duty that was given to a live member is left to that one.
constexpr Millis kPreferredWait{1000};
// An observer's clock may be slower than the holder's by this much of a ttl, and more than its due.
constexpr int kDriftDivisor = 50;
constexpr Millis kDriftMargin{10};

std::string member_key(const std::string& node) {
    return kMemberPrefix + node;
}
std::string duty_key(const std::string& duty) {
    return kDutyPrefix + duty;
}

// The same on every node and in every build, unlike std::hash.
std::uint64_t fnv1a(const std::string& text) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
}

}  // namespace

LeaseCore::LeaseCore(LeaseOptions options)
    : options_(std::move(options)), incarnation_(options_.incarnation) {}

void LeaseCore::observe(const std::string& key, const std::optional<std::string>& value,
                        Version version, Instant now) {
    if (key.starts_with(kMemberPrefix)) {
        observe_member(key.substr(std::string(kMemberPrefix).size()), value, version, now);
    } else if (key.starts_with(kDutyPrefix)) {
        observe_duty(key.substr(std::string(kDutyPrefix).size()), value, version);
    }
}

void LeaseCore::observe_member(const std::string& node, const std::optional<std::string>& value,
                               Version version, Instant now) {
    Seen& seen = members_[node];
    if (version <= seen.as_of) return;  // A late echo of something already known.
    const auto record = value ? member_from_json(*value) : std::nullopt;
    seen = {.record = record.value_or(MemberRecord{.node = node, .state = MemberState::left}),
            .version = value ? version : 0,
            .as_of = version,
            .since = now};
    const bool echo =
        seen.record.incarnation == incarnation_ && seen.record.state == MemberState::live;
    if (node == options_.node && joined_ && !echo) lose_seat();
}

void LeaseCore::observe_duty(const std::string& duty, const std::optional<std::string>& value,
                             Version version) {
    SeenDuty& seen = duties_[duty];
    if (version <= seen.as_of) return;
    const auto record = value ? duty_from_json(*value) : std::nullopt;
    seen = {.record = record.value_or(DutyRecord{}),
            .version = value ? version : 0,
            .as_of = version,
            .free_since = {}};
    if (const auto grant = grants_.find(duty);
        grant != grants_.end() && version > grant->second.fence) {
        grants_.erase(grant);
    }
    if (const auto release = releasing_.find(duty);
        release != releasing_.end() && version > release->second.grant.fence) {
        releasing_.erase(release);
    }
}

Version LeaseCore::version_of(const std::string& key) const {
    if (key.starts_with(kMemberPrefix)) {
        const auto member = members_.find(key.substr(std::string(kMemberPrefix).size()));
        return member == members_.end() ? 0 : member->second.version;
    }
    const auto duty = duties_.find(key.substr(std::string(kDutyPrefix).size()));
    return duty == duties_.end() ? 0 : duty->second.version;
}

void LeaseCore::drop(const std::string& duty) {
    wanted_.erase(duty);
    give_up(duty, "", Instant{});
}

bool LeaseCore::transfer(const std::string& duty, const std::string& node) {
    return give_up(duty, node, budgeted_[duty]);
}

// Not acted on from here, whatever becomes of the transaction that says so.
bool LeaseCore::give_up(const std::string& duty, const std::string& preferred, Instant not_before) {
    const auto grant = grants_.find(duty);
    if (grant == grants_.end()) return false;
    releasing_[duty] = {.grant = grant->second, .preferred = preferred, .not_before = not_before};
    grants_.erase(grant);
    return true;
}

std::optional<MemberRecord> LeaseCore::seat_taken_by() const {
    const auto own = members_.find(options_.node);
    if (joined_ || own == members_.end()) return {};
    const MemberRecord& record = own->second.record;
    if (record.state != MemberState::live || record.incarnation == incarnation_) return {};
    return record;
}

std::optional<Grant> LeaseCore::holds(const std::string& duty, Instant now, Millis budget,
                                      Version watched) {
    if (now + budget >= valid_until()) return {};
    const auto grant = grants_.find(duty);
    if (grant == grants_.end() || watched < grant->second.fence) return {};
    Instant& until = budgeted_[duty];
    until = std::max(until, now + budget);
    return grant->second;
}

LeaseCore::Next LeaseCore::next(Instant now) {
    if (pending_) return {.txn = pending_->txn};
    if (left_) return {.wake = now + options_.ttl};
    if (leaving_) return joined_ ? send_leave(now) : (left_ = true, Next{.wake = now});
    return joined_ ? renew(now) : join(now);
}

LeaseCore::Pending LeaseCore::start_pending(MemberState state, Instant now) const {
    Pending pending;
    pending.sent = now;
    pending.own = {.node = options_.node,
                   .incarnation = incarnation_,
                   .api_address = options_.api_address,
                   .peer_address = options_.peer_address,
                   .version = options_.version,
                   .state = state,
                   .beat = beat_ + 1,
                   .ttl = options_.ttl};
    return pending;
}

// Whatever else it does, it renews the own record.
LeaseCore::Next LeaseCore::send(Pending pending) {
    const std::string own = member_key(options_.node);
    pending.txn.compares.push_back({own, own_version_});
    pending.txn.ops.push_back({own, to_json(pending.own)});
    pending_ = std::move(pending);
    return {.txn = pending_->txn};
}

LeaseCore::Next LeaseCore::join(Instant now) {
    const auto own = members_.find(options_.node);
    own_version_ = own == members_.end() ? 0 : own->second.version;
    if (seat_taken_by()) {
        // A predecessor that was lost with its host, or a second node with this id: silence tells.
        const Instant free = silent_from(own->second);
        if (now < free) return {.wake = free};
    }
    return send(start_pending(MemberState::live, now));
}

LeaseCore::Next LeaseCore::renew(Instant now) {
    Pending pending = start_pending(MemberState::live, now);
    const bool valid = now < valid_until_;
    // With half of the lease gone, nothing may stand between us and its renewal.
    const bool roomy = valid && valid_until_ - now > options_.ttl / 2;
    if (roomy && !only_renew_) {
        add_releases(pending, now);
        add_expulsion(pending, now);
        add_claims(pending, now);
    }
    const Instant due = renewed_at_ + options_.ttl / 5;
    if (pending.txn.ops.empty() && now < due && !only_renew_) {
        Instant wake = due;
        for (const auto& [duty, release] : releasing_) {
            wake = std::min(wake, std::max(release.not_before, now + Millis(1)));
        }
        for (const auto& [node, seen] : members_) {
            if (seen.record.state == MemberState::live && node != options_.node) {
                wake = std::min(wake, std::max(silent_from(seen), now + Millis(1)));
            }
        }
        for (const auto& duty : wanted_) {
            const auto& seen = duties_[duty];
            if (seen.free_since && !grants_.contains(duty)) {
                const Instant due_claim = *seen.free_since + patience(duty, seen);
                wake = std::min(wake, std::max(due_claim, now + Millis(1)));
            }
        }
        return {.wake = wake};
    }
    only_renew_ = false;
    return send(std::move(pending));
}

LeaseCore::Next LeaseCore::send_leave(Instant now) {
    Pending pending = start_pending(MemberState::left, now);
    wanted_.clear();
    while (!grants_.empty()) give_up(std::string(grants_.begin()->first), "", now);
    for (auto& [duty, release] : releasing_) release.not_before = now;  // All acts have ended.
    add_releases(pending, now);
    return send(std::move(pending));
}

void LeaseCore::add_releases(Pending& pending, Instant now) {
    for (const auto& [duty, release] : releasing_) {
        if (now < release.not_before) continue;
        const DutyRecord free{.holder = "",
                              .incarnation = "",
                              .epoch = release.grant.epoch,
                              .preferred = release.preferred};
        pending.txn.compares.push_back({duty_key(duty), release.grant.fence});
        pending.txn.ops.push_back({duty_key(duty), to_json(free)});
        pending.releases.insert(duty);
    }
}

void LeaseCore::add_expulsion(Pending& pending, Instant now) {
    for (const auto& [node, seen] : members_) {
        if (node == options_.node || seen.record.state != MemberState::live) continue;
        if (now < silent_from(seen)) continue;
        MemberRecord expelled = seen.record;
        expelled.state = MemberState::expelled;
        pending.txn.compares.push_back({member_key(node), seen.version});
        pending.txn.ops.push_back({member_key(node), to_json(expelled)});
        return;  // One at a time: a refusal because of another must not save this one.
    }
}

void LeaseCore::add_claims(Pending& pending, Instant now) {
    std::set<std::string> compared;
    for (const Compare& compare : pending.txn.compares) compared.insert(compare.key);
    for (const std::string& duty : wanted_) {
        if (pending.claims.size() >= kClaimsMax || !claimable(duty, now)) continue;
        const SeenDuty& seen = duties_[duty];
        const DutyRecord claimed{.holder = options_.node,
                                 .incarnation = incarnation_,
                                 .epoch = {seen.record.epoch.value + 1},
                                 .preferred = {}};
        const std::string holder = member_key(seen.record.holder);
        if (!seen.record.holder.empty() && seen.record.holder != options_.node &&
            compared.insert(holder).second) {
            // The holder must still be as dead as it was seen.
            const auto member = members_.find(seen.record.holder);
            pending.txn.compares.push_back(
                {holder, member == members_.end() ? 0 : member->second.version});
        }
        pending.txn.compares.push_back({duty_key(duty), seen.version});
        pending.txn.ops.push_back({duty_key(duty), to_json(claimed)});
        pending.claims[duty] = claimed.epoch;
    }
}

bool LeaseCore::claimable(const std::string& duty, Instant now) {
    SeenDuty& seen = duties_[duty];
    const bool taken =
        grants_.contains(duty) ||
        (!seen.record.holder.empty() && live(seen.record.holder, seen.record.incarnation));
    if (taken) {
        seen.free_since.reset();
        return false;
    }
    if (!seen.free_since) seen.free_since = now;
    return now >= *seen.free_since + patience(duty, seen);
}

// How long this member leaves a free duty to others.
Millis LeaseCore::patience(const std::string& duty, const SeenDuty& seen) const {
    const std::string& preferred = seen.record.preferred;
    if (preferred == options_.node) return Millis(0);
    return turn(duty) + (live(preferred) ? kPreferredWait : Millis(0));
}

// This member's place among those that could claim a free duty: those that hold fewer come before
// it, then by a hash that differs per duty, so that the duties of a lost node spread over the
// others.
Millis LeaseCore::turn(const std::string& duty) const {
    std::map<std::string, std::size_t> held;
    for (const auto& [name, seen] : duties_) {
        if (live(seen.record.holder, seen.record.incarnation)) ++held[seen.record.holder];
    }
    const auto order = [&](const std::string& node) {
        const auto load = held.find(node);
        return std::pair(load == held.end() ? 0 : load->second, fnv1a(duty + "@" + node));
    };
    const auto own = order(options_.node);
    const auto before = std::count_if(members_.begin(), members_.end(), [&](const auto& member) {
        return member.first != options_.node && member.second.record.state == MemberState::live &&
               order(member.first) < own;
    });
    return before * kRankWait;
}

void LeaseCore::unknown() {
    if (pending_) pending_->maybe_applied = true;
}

void LeaseCore::not_sent() {
    // With an earlier try of unknown fate only a repeat of the same transaction can tell: another
    // one would reuse its beat, and could not be told apart from it.
    if (pending_ && !pending_->maybe_applied) pending_.reset();
}

void LeaseCore::finished(const TxnOutcome& outcome, Instant now) {
    if (!pending_) return;
    const Pending pending = std::move(*pending_);
    pending_.reset();
    if (outcome.applied) return applied(pending, outcome.version);

    const std::string own_key = member_key(options_.node);
    const Entry* own = nullptr;
    std::set<std::string> exist;
    for (const Entry& entry : outcome.found) {
        exist.insert(entry.key);
        if (entry.key == own_key) own = &entry;
    }
    const auto record = own != nullptr ? member_from_json(own->value) : std::nullopt;
    if (record && record->incarnation == incarnation_ && record->beat == pending.own.beat &&
        record->state == pending.own.state) {
        return applied(pending, own->version);  // An earlier try, whose answer was lost.
    }
    if (joined_ && (own == nullptr || own->version != own_version_)) lose_seat();
    for (const Compare& compare : pending.txn.compares) {
        // It was removed, unless something newer has been seen meanwhile. When is not known; later
        // than what it was compared at.
        const bool removed = !exist.contains(compare.key) && compare.version != 0;
        if (removed && version_of(compare.key) == compare.version) {
            observe(compare.key, std::nullopt, compare.version + 1, now);
        }
    }
    for (const Entry& entry : outcome.found) observe(entry.key, entry.value, entry.version, now);
    only_renew_ = joined_;
}

void LeaseCore::applied(const Pending& pending, Version version) {
    if (pending.own.state == MemberState::left) {
        joined_ = false;
        left_ = true;
        grants_.clear();
        releasing_.clear();
        return;
    }
    // Somebody wrote this node's record after the transaction; the watch was faster than its
    // answer.
    if (members_[options_.node].as_of > version) return lose_seat();
    // Late echoes of what this record was before are recognised by their version.
    members_[options_.node] = {
        .record = pending.own, .version = version, .as_of = version, .since = pending.sent};
    joined_ = true;
    own_version_ = version;
    beat_ = pending.own.beat;
    renewed_at_ = pending.sent;
    valid_until_ = pending.sent + options_.ttl - options_.ttl / 10;
    for (const std::string& duty : pending.releases) {
        if (const auto release = releasing_.find(duty); release != releasing_.end()) {
            const DutyRecord free{.holder = "",
                                  .incarnation = "",
                                  .epoch = release->second.grant.epoch,
                                  .preferred = release->second.preferred};
            duties_[duty] = {
                .record = free, .version = version, .as_of = version, .free_since = {}};
            releasing_.erase(release);
        }
    }
    for (const auto& [duty, epoch] : pending.claims) {
        if (duties_[duty].as_of > version) continue;
        grants_[duty] = {.duty = duty, .epoch = epoch, .fence = version};
        duties_[duty] = {.record = {options_.node, incarnation_, epoch, {}},
                         .version = version,
                         .as_of = version,
                         .free_since = {}};
        if (!wanted_.contains(duty)) give_up(duty, "", Instant{});  // Dropped meanwhile.
    }
}

// Somebody wrote this node's record: everything it held may be held by another from now on. It
// comes back as a new incarnation, so that nothing granted to the old one is ever taken for
// granted.
void LeaseCore::lose_seat() {
    joined_ = false;
    grants_.clear();
    releasing_.clear();
    pending_.reset();
    incarnation_ = options_.incarnation + "#" + std::to_string(++rejoins_);
}

bool LeaseCore::live(const std::string& node) const {
    if (node.empty()) return false;
    const auto member = members_.find(node);
    return member != members_.end() && member->second.record.state == MemberState::live;
}

bool LeaseCore::live(const std::string& node, const std::string& incarnation) const {
    return live(node) && members_.at(node).record.incarnation == incarnation;
}

Instant LeaseCore::silent_from(const Seen& member) const {
    const Millis ttl = member.record.ttl;
    return member.since + ttl + ttl / kDriftDivisor + kDriftMargin;
}

}  // namespace evenkeel::coord
