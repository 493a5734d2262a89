#include "coord/mirror.h"

#include <gtest/gtest.h>

namespace evenkeel::coord {
namespace {

WatchBatch whole(std::vector<Change> changes, Version version) {
    return {.whole = true, .changes = std::move(changes), .version = version};
}
WatchBatch batch(std::vector<Change> changes, Version version) {
    return {.whole = false, .changes = std::move(changes), .version = version};
}
std::string value(const Mirror& mirror, const std::string& key) {
    const auto entry = mirror.get(key);
    return entry ? entry->value : "(none)";
}
std::vector<std::string> keys(const std::vector<Change>& news) {
    std::vector<std::string> found;
    for (const Change& change : news) found.push_back(change.key + (change.value ? "" : " gone"));
    return found;
}
using Keys = std::vector<std::string>;

TEST(Mirror, FollowsTheWatchAndTellsOnlyNews) {
    Mirror mirror;
    EXPECT_FALSE(mirror.complete());
    EXPECT_EQ(keys(mirror.take(whole({{"a", "1", 3}, {"b", "1", 5}}, 6))), (Keys{"a", "b"}));
    EXPECT_TRUE(mirror.complete());
    EXPECT_EQ(mirror.watched(), 6u);
    EXPECT_EQ(keys(mirror.take(batch({{"a", "2", 7}, {"a", "3", 8}}, 8))), (Keys{"a", "a"}));
    EXPECT_EQ(keys(mirror.take(batch({{"a", "2", 7}, {"b", "1", 5}}, 8))), Keys{});
    EXPECT_EQ(value(mirror, "a"), "3");
    EXPECT_EQ(mirror.version_of("a"), 8u);
    EXPECT_EQ(mirror.version_of("c"), 0u);
    EXPECT_EQ(mirror.list("").size(), 2u);
    EXPECT_EQ(mirror.list("b").size(), 1u);
}

TEST(Mirror, WholeStateForgetsWhatIsNotInIt) {
    Mirror mirror;
    (void)mirror.take(whole({{"a", "1", 3}, {"b", "1", 5}}, 6));
    const auto news = mirror.take(whole({{"b", "1", 5}}, 9));
    EXPECT_EQ(keys(news), Keys{"a gone"});
    EXPECT_EQ(news.at(0).version, 9u) << "as of the whole state";
    EXPECT_EQ(value(mirror, "a"), "(none)");
}

TEST(Mirror, OwnWritesAreSeenBeforeTheWatchTellsThem) {
    Mirror mirror;
    (void)mirror.take(whole({{"a", "1", 3}, {"b", "1", 5}}, 6));
    EXPECT_EQ(keys(mirror.remember({{"a", "mine"}, {"b", std::nullopt}}, 9)),
              (Keys{"a", "b gone"}));
    EXPECT_EQ(value(mirror, "a"), "mine");
    EXPECT_EQ(value(mirror, "b"), "(none)");
    EXPECT_EQ(mirror.watched(), 6u) << "the watch has not told what lies between";
    EXPECT_EQ(keys(mirror.take(batch({{"a", "mine", 9}, {"b", std::nullopt, 9}}, 9))), Keys{});
}

TEST(Mirror, OwnWriteThatWasOvertakenIsNotTakenForNews) {
    Mirror mirror;
    (void)mirror.take(whole({}, 6));
    // By the time its answer is handled, the watch has told that another removed the key.
    (void)mirror.take(batch({{"a", "mine", 7}, {"a", std::nullopt, 8}}, 8));
    EXPECT_EQ(keys(mirror.remember({{"a", "mine"}}, 7)), Keys{});
    EXPECT_EQ(value(mirror, "a"), "(none)");
}

TEST(Mirror, RemovalIsNotOvertakenByAnOlderEcho) {
    Mirror mirror;
    (void)mirror.take(whole({{"a", "1", 3}}, 6));
    // An engine that folds changes told the removal early: its version is above the batch's.
    (void)mirror.take(batch({{"a", std::nullopt, 9}}, 7));
    EXPECT_EQ(keys(mirror.remember({{"a", "mine"}}, 8)), Keys{});
    EXPECT_EQ(keys(mirror.take(batch({{"a", "mine", 8}}, 8))), Keys{});
    EXPECT_EQ(value(mirror, "a"), "(none)");
    EXPECT_EQ(keys(mirror.take(batch({{"a", "new", 10}}, 10))), Keys{"a"});
}

TEST(Mirror, OwnRemovalIsNotUndoneByTheWatchThatIsBehind) {
    Mirror mirror;
    (void)mirror.take(whole({{"a", "1", 3}}, 6));
    (void)mirror.remember({{"a", std::nullopt}}, 9);
    EXPECT_EQ(keys(mirror.take(batch({{"a", "2", 8}}, 8))), Keys{});
    EXPECT_EQ(value(mirror, "a"), "(none)");
}

TEST(Mirror, WholeStateOlderThanAnOwnWriteKeepsTheWrite) {
    Mirror mirror;
    (void)mirror.take(whole({{"a", "1", 3}, {"b", "1", 4}}, 6));
    (void)mirror.remember({{"a", "mine"}, {"new", "mine"}, {"b", std::nullopt}}, 9);
    EXPECT_EQ(keys(mirror.take(whole({{"a", "1", 3}, {"b", "1", 4}}, 8))), Keys{});
    EXPECT_EQ(value(mirror, "a"), "mine");
    EXPECT_EQ(value(mirror, "new"), "mine");
    EXPECT_EQ(value(mirror, "b"), "(none)");
}

TEST(Mirror, WholeStateOlderThanTheWatchChangesNothing) {
    Mirror mirror;
    (void)mirror.take(whole({{"a", "1", 3}}, 6));
    (void)mirror.take(batch({{"a", std::nullopt, 7}, {"b", "1", 8}}, 8));
    // A reconnect to a server that lags behind, and what it tells again from there.
    EXPECT_EQ(keys(mirror.take(whole({{"a", "1", 3}}, 6))), Keys{});
    EXPECT_EQ(keys(mirror.take(batch({{"a", std::nullopt, 7}}, 7))), Keys{});
    EXPECT_EQ(value(mirror, "a"), "(none)");
    EXPECT_EQ(value(mirror, "b"), "1");
    EXPECT_EQ(mirror.watched(), 8u);
}

}  // namespace
}  // namespace evenkeel::coord
