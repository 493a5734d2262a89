// The members of a group with engine raft: lists and changes them, and keeps their stores small.
// Every node runs one. Never touches facts of the features; what it may do is in membership_plan.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "coord/config.h"
#include "coord/coordinator.h"
#include "coord/member/membership_plan.h"

namespace evenkeel::coord {

// Thread-safe.
class Membership {
public:
    // Both must outlive this.
    Membership(const Config& config, Coordinator& coordinator);
    ~Membership();  // Stops.
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

    // Starts the upkeep, a thread of its own: tells the group about this member; gives a member
    // that was added and has caught up its vote (on the leader); defragments; repairs a store that
    // has reached its size limit.
    void start();
    void stop();

    // Errors of all: invalid      the group's members are not evenkeel's (another engine);
    //                unavailable  no quorum, or etcd refuses at the moment: nothing was changed;
    //                timed_out    it may have been changed: list the members;
    //                and those of membership_plan.h.
    Result<std::vector<MemberRow>> members(Deadline deadline);

    // On the leader only; one at a time. They return what was done and what is left to do.
    Result<std::string> add(const std::string& address, Deadline deadline);
    Result<std::string> remove(const std::string& hint, Deadline deadline);
    Result<std::string> replace(const std::string& hint, Deadline deadline);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::coord
