#include "coord/death_certificate.h"

#include <gtest/gtest.h>

#include "coord/lease_records.h"

namespace evenkeel::coord {
namespace {

Entry record_of(const std::string& incarnation, MemberState state) {
    return {"member/a",
            to_json(MemberRecord{.node = "a", .incarnation = incarnation, .state = state}), 7};
}

TEST(DeathCertificate, MarksTheLiveRecordOfThatWorkerDeadAtTheVersionThatWasRead) {
    for (const char* incarnation : {"x", "x#2"}) {
        const auto made = certificate_for(record_of(incarnation, MemberState::live), "x");
        ASSERT_TRUE(made.txn) << incarnation;
        ASSERT_EQ(made.txn->compares.size(), 1u);
        EXPECT_EQ(made.txn->compares[0].version, 7u);
        const auto written = member_from_json(*made.txn->ops.at(0).value);
        EXPECT_EQ(written->state, MemberState::dead);
        EXPECT_EQ(written->incarnation, incarnation);
    }
}

TEST(DeathCertificate, IsNotWrittenForAnybodyElse) {
    EXPECT_FALSE(certificate_for({}, "x").txn);
    for (const char* other : {"y", "xy", "x2#1"}) {
        EXPECT_FALSE(certificate_for(record_of(other, MemberState::live), "x").txn) << other;
    }
    EXPECT_FALSE(certificate_for(Entry{"member/a", "{", 7}, "x").txn);
}

TEST(DeathCertificate, SaysWhenAnEarlierTryHadDoneIt) {
    const auto dead = certificate_for(record_of("x", MemberState::dead), "x");
    EXPECT_FALSE(dead.txn);
    EXPECT_TRUE(dead.certified);
    for (const MemberState state : {MemberState::expelled, MemberState::left}) {
        const auto gone = certificate_for(record_of("x", state), "x");
        EXPECT_FALSE(gone.txn);
        EXPECT_FALSE(gone.certified);
    }
}

}  // namespace
}  // namespace evenkeel::coord
