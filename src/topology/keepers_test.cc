#include "topology/keepers.h"

#include <gtest/gtest.h>

namespace evenkeel::topology {
namespace {

const ServerId kPrimary{.host = "a"};
const ServerId kLost{.host = "b"};
const ServerId kSibling{.host = "c"};

Instant at(int ms) {
    return Instant{Millis(1'000'000 + ms)};
}

ServerView primary(std::uint64_t has) {
    ServerView view{.id = kPrimary};
    view.applied.set({0, 1, has});
    return view;
}

ServerView replica(const ServerId& id, std::uint64_t received) {
    ServerView view{.id = id};
    view.replication = Replication{.source = kPrimary};
    view.replication->received.set({0, 1, received});
    return view;
}

TEST(Keepers, LostReplicaIsSettledWhenAnotherHasWhatThePrimaryHadAfterTheLoss) {
    Keepers keepers;
    keepers.lost(replica(kLost, 100), at(10));
    EXPECT_TRUE(keepers.answered(primary(105), at(5)).empty()) << "asked before the loss";
    EXPECT_TRUE(keepers.answered(replica(kSibling, 200), at(12)).empty())
        << "what the primary had is not known yet";
    EXPECT_TRUE(keepers.answered(primary(110), at(15)).empty());
    EXPECT_TRUE(keepers.answered(replica(kSibling, 109), at(20)).empty());
    EXPECT_TRUE(keepers.answered(primary(300), at(25)).empty()) << "the goal does not move";
    EXPECT_EQ(keepers.answered(replica(kSibling, 110), at(30)), std::vector<ServerId>{kLost});
    EXPECT_TRUE(keepers.answered(replica(kSibling, 111), at(40)).empty()) << "told once";
}

TEST(Keepers, ReplicaThatIsBackIsNotWaitedFor) {
    Keepers keepers;
    keepers.lost(replica(kLost, 100), at(10));
    keepers.back(kLost);
    keepers.answered(primary(110), at(15));
    EXPECT_TRUE(keepers.answered(replica(kSibling, 110), at(20)).empty());
}

TEST(Keepers, ReplicaThatWasNeverSeenIsMeasuredByTheRootOfTheTree) {
    Keepers keepers;
    keepers.lost(ServerView{.id = kLost}, at(10));
    keepers.answered(primary(110), at(15));
    EXPECT_EQ(keepers.answered(replica(kSibling, 110), at(20)), std::vector<ServerId>{kLost});
}

}  // namespace
}  // namespace evenkeel::topology
