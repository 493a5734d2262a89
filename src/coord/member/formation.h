// Decides how a node whose etcd member has no data yet may start it: with others as a new group, as
// a member that the group waits for, or not at all. Pure: no I/O, no clock; formation_stage.h asks
// the other nodes.
//
// The rule that all others follow from: an empty member must not vote in a group that it may have
// voted in before. docs/internals/formation.md explains why.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::coord {

// A member as a running one lists it.
struct ListedMember {
    std::uint64_t id = 0;
    std::string name{};                // Empty: added to a running group, not started yet.
    std::vector<std::string> peers{};  // "host:port"
    bool started = false;              // It has taken part in the group at least once.
    bool learner = false;
};

// Who this node is, as configured. Addresses are "host:port".
struct NodeIdentity {
    std::string group{};
    std::string node{};
    std::string bind{};
    std::vector<std::string> nodes{};

    bool operator==(const NodeIdentity&) const = default;
};

// What the peer port of another node answered.
struct PeerAnswer {
    enum class Kind {
        silent,  // No answer.
        empty,   // A node of evenkeel before its first start; `identity` says which.
        member,  // A running etcd member; `members` is what it knows of its group.
        other,   // Something else.
    };
    Kind kind = Kind::silent;
    NodeIdentity identity{};
    std::vector<ListedMember> members{};
    std::string text{};  // Of silent and other: the cause.
};

struct Formation {
    enum class Step {
        wait,    // Ask again.
        form,    // Start with all `nodes` as a new group.
        join,    // Start as the member that `cluster` has listed for this node.
        refuse,  // A person has to repair something first.
    };
    Step step = Step::wait;
    std::string text{};                  // Why; of refuse: with the remedy.
    std::vector<std::string> cluster{};  // etcd's --initial-cluster, "name=host:port" each.
};

// `answers`: by address, of all others in `self.nodes` and of further members that they list.
Formation decide_formation(const NodeIdentity& self,
                           const std::map<std::string, PeerAnswer>& answers);

// Addresses that running members list and that were not asked yet.
std::vector<std::string> further_addresses(const NodeIdentity& self,
                                           const std::map<std::string, PeerAnswer>& answers);

// The name of the member at `address`; it carries the group, so that every running member tells
// which group it is of.
std::string member_name(const std::string& group, const std::string& address);
// Nothing for the name of a member that evenkeel did not start.
std::optional<std::string> group_of_name(const std::string& name);

// What a node says on its peer port before its first start, in answer to GET /members.
std::string to_json(const NodeIdentity& identity);
// Takes apart the answer to GET /members of a node like that, or of a running etcd member.
PeerAnswer peer_answer_from(int status, std::string_view body);

}  // namespace evenkeel::coord
