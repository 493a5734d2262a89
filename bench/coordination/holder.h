// A process that wants one lock and writes down, a thousand times a second, that it acts under it:
// the bench's children, and how their notes are read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/instant.h"
#include "base/result.h"

namespace evenkeel::bench {

// What campaigns: evenkeel's lease on one of its engines, or what the engines have themselves.
enum class LockKind { lease_on_etcd, lease_on_zookeeper, etcd_lease, zookeeper_session };

struct HolderTask {
    LockKind lock = LockKind::lease_on_etcd;
    std::vector<std::string> endpoints{};  // "http://…" of etcd, "host:port" of ZooKeeper.
    std::string node{};
    Millis ttl{1000};
    std::string notes{};  // The file for its acts; made anew.
};

// The words by which this program runs as that holder, behind --holder.
std::vector<std::string> words_of(const HolderTask& task);
Result<HolderTask> task_of(const std::vector<std::string>& words);

// Campaigns and acts until killed.
Result<> run_holder(const HolderTask& task);

// When the holder that wrote `notes` acted, oldest first.
std::vector<Instant> acts_in(const std::string& notes);

}  // namespace evenkeel::bench
