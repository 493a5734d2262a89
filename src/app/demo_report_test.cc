#include "app/demo_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Instant at(int ms) {
    return Instant(Millis(ms));
}

Ack ack(std::uint32_t writer, std::uint64_t seq, int ms = 0) {
    return {.row = {writer, seq}, .at = at(ms)};
}

TEST(DemoCount, AllIsWell) {
    const auto tally =
        count({{.acks = {ack(0, 1), ack(0, 2)}}}, {{0, 1}, {0, 2}}, {{0, 1}, {0, 2}});
    EXPECT_EQ(tally.writes_acknowledged, 2u);
    EXPECT_EQ(tally.writes_lost, 0u);
    EXPECT_EQ(tally.stream_missing, 0u);
    EXPECT_EQ(tally.stream_duplicates, 0u);
    EXPECT_EQ(tally.stream_phantoms, 0u);
}

TEST(DemoCount, AnAcknowledgedRowThatIsNotInTheTableIsLost) {
    const auto tally = count({{.acks = {ack(0, 1)}}}, {}, {});
    EXPECT_EQ(tally.writes_lost, 1u);
    EXPECT_EQ(tally.stream_missing, 1u);
}

TEST(DemoCount, ARowInDoubtMayBeThereOrNot) {
    EXPECT_EQ(count({{.in_doubt = {{0, 1}}}}, {}, {}).writes_lost, 0u);
    const auto done = count({{.in_doubt = {{0, 1}}}}, {{0, 1}}, {{0, 1}});
    EXPECT_EQ(done.stream_missing + done.stream_phantoms, 0u);
}

TEST(DemoCount, ARowOfTheTableHasToBeInTheStream) {
    EXPECT_EQ(count({{.in_doubt = {{0, 1}}}}, {{0, 1}}, {}).stream_missing, 1u);
}

TEST(DemoCount, TheStreamRepeatsAndInvents) {
    const auto tally = count({}, {{0, 1}}, {{0, 1}, {0, 1}, {0, 2}});
    EXPECT_EQ(tally.stream_duplicates, 1u);
    EXPECT_EQ(tally.stream_phantoms, 1u);
}

TEST(DemoStream, TakesInsertsAndIgnoresAnUnfinishedLine) {
    const auto rows = parse_stream(
        "{\"table\":\"writes\",\"type\":\"insert\",\"data\":{\"writer\":2,\"seq\":7}}\n"
        "{\"table\":\"other\",\"type\":\"insert\",\"data\":{}}\n"
        "{\"table\":\"wri");
    ASSERT_TRUE(rows);
    EXPECT_THAT(*rows, ElementsAre(RowKey{2, 7}));
}

TEST(DemoStream, ADamagedLineIsAnError) {
    const auto rows = parse_stream("{\"table\":\n");
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, Errc::corrupt);
}

TEST(DemoGap, IsTheLongestSilenceOfAllWriters) {
    const std::vector<WriterRecord> writers{{.acks = {ack(0, 1, 100), ack(0, 2, 400)}},
                                            {.acks = {ack(1, 1, 90), ack(1, 2, 300)}}};
    EXPECT_EQ(longest_gap(writers, at(150), at(1000)), Millis(200));
    EXPECT_EQ(longest_gap(writers, at(301), at(1000)), Millis(100));
    EXPECT_EQ(longest_gap(writers, at(401), at(1000)), Millis(0));
}

TEST(DemoFacts, RecoveriesBecomeEvents) {
    const auto events = recovery_events(
        R"({"recoveries":[{"kind":"failover","failed":"a:1","epoch":3,"started_ms":10,
            "finished_ms":30,"state":"done","text":"b:1 succeeded a:1",
            "steps":[{"name":"fence","state":"done","text":"ok","started_ms":11,
                      "finished_ms":14}]}]})");
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].text, "failover of a:1 starts under epoch 3");
    EXPECT_EQ(events[1].text, "  fence 3 ms: ok");
    EXPECT_EQ(events[2].at_ms, 30);
}

TEST(DemoFacts, AReplicaReplicatesWhenBothThreadsRun) {
    const std::string json =
        R"({"servers":[{"server":"a:1","role":"replica",
            "replication":{"source":"b:1","io":"running","sql":"running"}}]})";
    EXPECT_TRUE(replicates(json, "a:1", "b:1"));
    EXPECT_FALSE(replicates(json, "a:1", "c:1"));
    EXPECT_FALSE(replicates("", "a:1", "b:1"));
}

DemoRound good_round() {
    DemoRound round;
    round.tally.writes_acknowledged = 10;
    round.write_gap = Millis(80);
    round.leader_gap = Millis(900);
    round.new_primary = "b:1";
    round.old_primary_rejoined = true;
    round.servers_identical = true;
    return round;
}

TEST(DemoSummary, StartsWithThePromisedKeys) {
    EXPECT_THAT(summary_json({good_round()}),
                StartsWith(R"({"writes_acknowledged":10,"writes_lost":0,"stream_missing":0,)"
                           R"("stream_duplicates":0,"write_gap_ms":80,"leader_gap_ms":900,)"
                           R"("new_primary":"b:1","old_primary_rejoined":true,"ok":true,)"));
}

TEST(DemoSummary, AddsRoundsUp) {
    DemoRound worse = good_round();
    worse.write_gap = Millis(200);
    const std::string text = summary_json({good_round(), good_round(), worse});
    EXPECT_THAT(text, HasSubstr(R"("writes_acknowledged":30)"));
    EXPECT_THAT(text, HasSubstr(R"("write_gap_ms_p50":80,"write_gap_ms_max":200)"));
    EXPECT_THAT(text, HasSubstr(R"("rounds":3,"rounds_ok":3)"));
}

TEST(DemoSummary, OneBadRoundIsNotOk) {
    DemoRound bad = good_round();
    bad.tally.stream_duplicates = 1;
    EXPECT_FALSE(bad.ok());
    EXPECT_THAT(summary_json({good_round(), bad}), HasSubstr(R"("ok":false)"));
    EXPECT_THAT(summary_json({}), HasSubstr(R"("ok":false)"));
}

}  // namespace
}  // namespace evenkeel::app
