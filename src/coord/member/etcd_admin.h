// etcd's own administration, over the JSON gateway of one member: who is in the group, what a
// member's store is like, and how to change both. Knows no guards: membership_plan.h has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "coord/engines/etcd_engine.h"
#include "io/http_client.h"

namespace evenkeel::coord {

struct EtcdMember {
    std::uint64_t id = 0;
    std::string name{};     // Empty: never started.
    std::string address{};  // Peer address, "host:port".
    bool started = false;
    bool learner = false;  // Receives everything, has no vote yet.

    bool operator==(const EtcdMember&) const = default;
};

struct EtcdStatus {
    std::uint64_t member = 0;  // The one that answers.
    std::uint64_t leader = 0;  // 0: none.
    std::uint64_t raft_term = 0;
    std::uint64_t raft_index = 0;
    std::uint64_t raft_applied = 0;
    std::uint64_t revision = 0;
    std::uint64_t db_bytes = 0;       // The file's size.
    std::uint64_t db_bytes_used = 0;  // What defragmenting would leave.
    std::string version{};
    bool learner = false;
};

struct EtcdAlarm {
    std::uint64_t member = 0;
    std::string kind{};  // "NOSPACE", "CORRUPT"
};

// Not thread-safe. Of the options, the first endpoint and `tls` are used.
// Errors of all calls: unavailable  not connected, or etcd refuses at the moment: nothing happened;
//                      conflict     etcd refuses: its text says why;
//                      timed_out    it may have happened.
class EtcdAdmin {
public:
    explicit EtcdAdmin(EtcdOptions options);

    // As the group agrees it is at this moment.
    Result<std::vector<EtcdMember>> members(Deadline deadline);
    // The new member's id.
    Result<std::uint64_t> add_learner(const std::string& address, Deadline deadline);
    // conflict: also while it has not caught up.
    Result<> promote(std::uint64_t member, Deadline deadline);
    Result<> remove(std::uint64_t member, Deadline deadline);
    // Only the member that leads can do that.
    Result<> move_leader(std::uint64_t to, Deadline deadline);

    // Of this member alone; answered without a quorum, too.
    Result<EtcdStatus> status(Deadline deadline);
    Result<std::vector<EtcdAlarm>> alarms(Deadline deadline);
    Result<> disarm(const EtcdAlarm& alarm, Deadline deadline);
    Result<> compact(std::uint64_t revision, Deadline deadline);
    // Stops this member while it runs.
    Result<> defragment(Deadline deadline);

private:
    // The answer's text, once its status is good.
    Result<std::string> call(const char* path, const std::string& body, Deadline deadline);

    const EtcdOptions options_;
    io::HttpClient client_;
};

}  // namespace evenkeel::coord
