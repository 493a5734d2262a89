#include "coord/member/membership_plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "model/server_id.h"

namespace evenkeel::coord {
namespace {

constexpr std::uint16_t kPeerPort = 10008;

using Rows = std::vector<MemberRow>;

std::string with_port(const std::string& text) {
    const auto id = parse_server_id(text, kPeerPort);
    return id ? id->str() : text;
}

Result<MemberRow> find(const Rows& members, const std::string& hint) {
    for (const MemberRow& member : members) {
        if (member.node == hint && !hint.empty()) return member;
    }
    for (const MemberRow& member : members) {
        if (member.address == with_port(hint) || fmt::format("{:x}", member.id) == hint)
            return member;
    }
    std::vector<std::string> names;
    for (const MemberRow& member : members) names.push_back(name_of(member));
    return Error{Errc::not_found,
                 fmt::format("no member \"{}\"; the members are {}", hint, join(names, ", "))};
}

Rows voters_without(const Rows& members, std::uint64_t id) {
    Rows voters;
    for (const MemberRow& member : members) {
        if (!member.learner && member.id != id) voters.push_back(member);
    }
    return voters;
}

std::size_t present(const Rows& voters) {
    return static_cast<std::size_t>(
        std::count_if(voters.begin(), voters.end(),
                      [](const MemberRow& member) { return member.started && member.live; }));
}

std::string warn_if_even(std::size_t voters) {
    if (voters % 2 != 0) return {};
    return fmt::format(
        "the group has an even number of voters then ({}): it survives no more "
        "losses than with {}; add or remove one more soon",
        voters, voters - 1);
}

// The others have to be able to decide, without a vote of the one that goes.
Result<> check_rest(const MemberRow& going, const Rows& rest) {
    if (rest.empty()) {
        return Error{Errc::conflict,
                     fmt::format("{} is the group's only voter: without it there is no group",
                                 name_of(going))};
    }
    const std::size_t needed = majority_of(rest);
    if (present(rest) >= needed) return {};
    std::vector<std::string> away;
    for (const MemberRow& member : rest) {
        if (!member.started || !member.live) away.push_back(name_of(member));
    }
    return Error{Errc::conflict,
                 fmt::format("without {} only {} of {} voters are here, {} needed: the group would "
                             "stand still; first bring back {}",
                             name_of(going), present(rest), rest.size(), needed, join(away, ", "))};
}

std::uint64_t next_leader(const MemberRow& going, const Rows& rest) {
    if (!going.leader) return 0;
    for (const MemberRow& member : rest) {
        if (member.started && member.live) return member.id;
    }
    return 0;
}

}  // namespace

const char* state_of(const MemberRow& member) {
    if (!member.started) return "unstarted";
    if (member.learner) return "learner";
    return member.leader ? "leader" : "follower";
}

std::string name_of(const MemberRow& member) {
    return member.node.empty() ? member.address : member.node;
}

std::size_t majority_of(const Rows& members) {
    const auto voters = static_cast<std::size_t>(std::count_if(
        members.begin(), members.end(), [](const MemberRow& member) { return !member.learner; }));
    return voters / 2 + 1;
}

Result<MemberChange> plan_add(const Rows& members, const std::string& address) {
    if (address.empty() || !parse_server_id(address, kPeerPort)) {
        return Error{Errc::invalid, fmt::format("\"{}\" is not an address: give the new node's "
                                                "`bind`, host:port",
                                                address)};
    }
    const std::string wanted = with_port(address);
    for (const MemberRow& member : members) {
        if (member.address == wanted) {
            return Error{Errc::conflict,
                         fmt::format("{} is a member already ({}){}", wanted, state_of(member),
                                     member.started ? "" : ": start its node")};
        }
        if (member.learner) {
            return Error{Errc::conflict,
                         fmt::format("{} was added before and has no vote yet: start its node and "
                                     "wait until it has caught up, or remove it",
                                     name_of(member))};
        }
        // One voter more needs one vote more as soon as it is promoted.
        if (!member.started || !member.live) {
            return Error{Errc::conflict,
                         fmt::format("{} is away: with one more voter the group would survive no "
                                     "further loss; bring it back, replace or remove it first",
                                     name_of(member))};
        }
    }
    return MemberChange{.member = {},
                        .address = wanted,
                        .next_leader = 0,
                        .warning = warn_if_even(members.size() + 1)};
}

Result<MemberChange> plan_remove(const Rows& members, const std::string& hint) {
    EK_TRY(const MemberRow going, find(members, hint));
    const Rows rest = voters_without(members, going.id);
    MemberChange change{.member = going, .address = {}, .next_leader = 0, .warning = {}};
    if (going.learner) return change;
    EK_TRY_VOID(check_rest(going, rest));
    change.next_leader = next_leader(going, rest);
    change.warning = warn_if_even(rest.size());
    return change;
}

Result<MemberChange> plan_replace(const Rows& members, const std::string& hint) {
    EK_TRY(const MemberRow going, find(members, hint));
    if (going.live) {
        return Error{Errc::conflict,
                     fmt::format("{} is running and healthy: a replacement is for a node that has "
                                 "lost its data; stop it first if that is what you want",
                                 name_of(going))};
    }
    for (const MemberRow& member : members) {
        if (!member.learner || member.id == going.id) continue;
        return Error{Errc::conflict,
                     fmt::format("{} was added before and has no vote yet: start its node and wait "
                                 "until it has caught up, or remove it",
                                 name_of(member))};
    }
    const Rows rest = voters_without(members, going.id);
    EK_TRY_VOID(check_rest(going, rest));
    return MemberChange{.member = going,
                        .address = going.address,
                        .next_leader = next_leader(going, rest),
                        .warning = {}};
}

}  // namespace evenkeel::coord
