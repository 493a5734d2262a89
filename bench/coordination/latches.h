// The locks that people write with what etcd and ZooKeeper have by themselves: a key under an etcd
// lease, an ephemeral sequential node under a ZooKeeper session. Here to be compared with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "io/thread.h"

namespace evenkeel::bench {

// Told whenever the latch starts or stops to believe that it holds the lock.
using OnBelief = std::function<void(bool holds)>;

// Campaigns until `stop` is requested. The lease is kept alive every third of its time; the latch
// believes in it until an answer says otherwise or a keep-alive fails.
void run_etcd_latch(const std::vector<std::string>& endpoints, const std::string& node, int ttl_s,
                    const OnBelief& on_belief, io::StopToken& stop);

// The same with a session: it believes until the library tells of a lost connection.
void run_zookeeper_latch(const std::string& servers, const std::string& node, Millis session,
                         const OnBelief& on_belief, io::StopToken& stop);

}  // namespace evenkeel::bench
