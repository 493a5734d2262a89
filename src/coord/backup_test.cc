#include "coord/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coord/backup_run.h"
#include "coord/engines/local_engine.h"
#include "coord/lease_records.h"
#include "io/clock.h"

namespace evenkeel::coord {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Backup sample() {
    return {.header = {.group = "g", .engine = "raft", .node = "n1", .version = "1", .taken_ms = 7},
            .entries = {{"checkpoint/s", std::string("{\"a\":1}\n\0\xff", 10)},
                        {"cluster/shop", "{}"},
                        {"duty/leader", to_json(DutyRecord{.holder = "n1", .epoch = Epoch{12}})},
                        {"etcd/n1", "{}"},
                        {"member/n1", to_json(MemberRecord{.node = "n1"})}}};
}

TEST(Backup, SurvivesItsFile) {
    const auto read = backup_from_text(to_text(sample()));
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->header, sample().header);
    EXPECT_EQ(read->entries, sample().entries);
}

TEST(Backup, EveryDamageIsSeen) {
    const std::string text = to_text(sample());
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(backup_from_text(text.substr(0, length))) << length;
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string damaged = text;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        const auto read = backup_from_text(damaged);
        ASSERT_FALSE(read) << at;
        EXPECT_EQ(read.error().code, Errc::corrupt);
    }
    EXPECT_THAT(backup_from_text("hello\nworld\n").error().what, HasSubstr("nothing was restored"));
}

std::unique_ptr<Engine> engine() {
    return *open_local_engine(":memory:");
}
Deadline limit() {
    return io::within(5s);
}
std::map<std::string, std::string> content(Engine& engine) {
    std::map<std::string, std::string> found;
    const auto snapshot = engine.read("", limit());
    for (const Entry& entry : snapshot->entries) found[entry.key] = entry.value;
    return found;
}
std::uint64_t epoch_of(Engine& engine, const std::string& duty) {
    const auto record = duty_from_json(content(engine)["duty/" + duty]);
    return record ? record->epoch.value : 0;
}

TEST(Restore, BringsFactsAndHigherEpochsIntoAnEmptyGroup) {
    const auto target = engine();
    const auto restored = restore_backup(*target, sample(), false, limit());
    ASSERT_TRUE(restored) << restored.error().what;
    EXPECT_EQ(restored->facts, 2u);
    EXPECT_EQ(restored->duties, 1u);
    auto found = content(*target);
    EXPECT_EQ(found["checkpoint/s"], sample().entries["checkpoint/s"]);
    EXPECT_FALSE(found.contains("member/n1"));
    EXPECT_FALSE(found.contains("etcd/n1"));
    EXPECT_GE(epoch_of(*target, "leader"), 12 + kEpochGap);
    EXPECT_EQ(duty_from_json(found["duty/leader"])->holder, "");
}

TEST(Restore, RefusesAGroupWithFacts) {
    const auto target = engine();
    ASSERT_TRUE(target->txn({{}, {{"cluster/other", "1"}}}, limit()));
    const auto before = content(*target);
    const auto refused = restore_backup(*target, sample(), false, limit());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_EQ(content(*target), before);
    const auto forced = restore_backup(*target, sample(), true, limit());
    ASSERT_TRUE(forced) << forced.error().what;
    EXPECT_EQ(forced->removed, 1u);
    EXPECT_FALSE(content(*target).contains("cluster/other"));
}

TEST(Restore, AGroupsOwnEpochsNeverFall) {
    const auto target = engine();
    ASSERT_TRUE(target->txn(
        {{},
         {{"duty/leader", to_json(DutyRecord{.holder = "x", .epoch = Epoch{5'000'000}})},
          {"duty/stream/t", to_json(DutyRecord{.holder = "x", .epoch = Epoch{3}})}}},
        limit()));
    ASSERT_TRUE(restore_backup(*target, sample(), false, limit()));
    EXPECT_GT(epoch_of(*target, "leader"), 5'000'000u);
    EXPECT_GT(epoch_of(*target, "stream/t"), 3u);
}

TEST(Restore, ManyAndLargeFactsGoInPieces) {
    Backup large;
    for (int i = 0; i < 1050; ++i) {
        large.entries["recovery/c/" + std::to_string(i)] = std::string(5000, 'x');
    }
    const auto pieces = in_pieces(restore_facts(large, {}));
    EXPECT_EQ(pieces.size(), 11u);
    large.entries["checkpoint/big"] = std::string(900'000, 'y');
    large.entries["checkpoint/big2"] = std::string(900'000, 'y');
    for (const Txn& piece : in_pieces(restore_facts(large, {}))) {
        std::size_t bytes = 0;
        for (const Op& op : piece.ops) bytes += op.value->size();
        EXPECT_LE(piece.ops.size(), 100u);
        EXPECT_LE(bytes, 1u << 20);
    }
    const auto target = engine();
    const auto restored = restore_backup(*target, large, false, limit());
    ASSERT_TRUE(restored) << restored.error().what;
    EXPECT_EQ(content(*target).size(), large.entries.size());
}

}  // namespace
}  // namespace evenkeel::coord
