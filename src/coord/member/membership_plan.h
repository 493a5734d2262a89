// Decides whether a change of the group's etcd members is safe. Pure: values in, a plan with its
// reasons out; membership.h carries it out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace evenkeel::coord {

// A member of the group: what etcd says, and what its node says about itself.
struct MemberRow {
    std::uint64_t id = 0;
    std::string node{};     // The node's id; empty: it has not told yet.
    std::string address{};  // Peer address, "host:port".
    bool started = false;   // Has taken part at least once.
    bool learner = false;   // Receives everything, has no vote yet.
    bool leader = false;    // Of etcd's Raft; most often another node holds the leader's duty.
    bool live = false;      // Its node renews its record.
    std::uint64_t db_bytes = 0;
    std::uint64_t db_bytes_used = 0;
    std::string version{};  // Of etcd.
};

// "leader", "follower", "learner" or "unstarted".
const char* state_of(const MemberRow& member);
// What people call it: the node's id, or its address.
std::string name_of(const MemberRow& member);

struct MemberChange {
    MemberRow member{};     // To remove or to replace.
    std::string address{};  // To add.
    // Who leads Raft while the present leader, which is to go, still can hand over; 0: no need.
    std::uint64_t next_leader = 0;
    std::string warning{};  // Empty: none.
};

// Errors of all: invalid    the input is no address;
//                not_found  no such member;
//                conflict   it would not be safe, or there is nothing to do: the text has the
//                reason.
Result<MemberChange> plan_add(const std::vector<MemberRow>& members, const std::string& address);
// `hint`: a node's id, an address, or a member's id in hexadecimal.
Result<MemberChange> plan_remove(const std::vector<MemberRow>& members, const std::string& hint);
Result<MemberChange> plan_replace(const std::vector<MemberRow>& members, const std::string& hint);

// Votes that a decision of these needs.
std::size_t majority_of(const std::vector<MemberRow>& members);

}  // namespace evenkeel::coord
