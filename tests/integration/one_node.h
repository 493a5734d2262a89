// A group of one node that lives in the test's process, for what keeps its state in a group.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "coord/coordinator.h"
#include "coord/engines/local_engine.h"
#include "io/clock.h"
#include "model/cluster_fact.h"
#include "tests/support/eventually.h"

namespace evenkeel::test {

inline constexpr Millis kLong{20'000};

// A node of its own group that lives in this process.
class OneNode {
public:
    explicit OneNode(const std::string& path) {
        auto opened = coord::open_local_engine(path);
        if (!opened) {
            ADD_FAILURE() << opened.error().what;
            return;
        }
        engine_ = std::move(*opened);
        coordinator_ = std::make_unique<coord::Coordinator>(
            *engine_,
            coord::CoordinatorOptions{
                .node = "node1", .incarnation = std::to_string(io::wall_ms()), .ttl = Millis{500}});
        const auto started = coordinator_->start(io::within(kLong));
        EXPECT_TRUE(started) << started.error().what;
    }
    ~OneNode() {
        if (coordinator_) coordinator_->stop();
    }

    coord::Coordinator& coordinator() { return *coordinator_; }

    // What the topology engine says of a cluster, as its leader.
    void publish(const ClusterFact& fact) {
        coordinator_->want(coord::kLeaderDuty);
        ASSERT_TRUE(
            eventually(kLong, [&] { return coordinator_->holds(coord::kLeaderDuty).has_value(); }));
        const auto put =
            coordinator_->put(*coordinator_->holds(coord::kLeaderDuty),
                              kClusterFactPrefix + fact.cluster, to_json(fact), io::within(kLong));
        ASSERT_TRUE(put) << put.error().what;
    }

private:
    std::unique_ptr<coord::Engine> engine_;
    std::unique_ptr<coord::Coordinator> coordinator_;
};

}  // namespace evenkeel::test
