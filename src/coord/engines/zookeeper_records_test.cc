#include "coord/engines/zookeeper_records.h"

#include <gtest/gtest.h>

#include <set>

namespace evenkeel::coord {
namespace {

TEST(ZookeeperNodeName, IsReadableAndOneComponent) {
    EXPECT_EQ(node_name("duty/stream/orders"), "duty%2Fstream%2Forders");
    EXPECT_EQ(node_name("member/db-1_a.b"), "member%2Fdb-1_a.b");
    EXPECT_EQ(node_name("100%"), "100%25");
    EXPECT_EQ(node_name(".."), "%2E.");
    EXPECT_EQ(node_name(""), "%");
}

TEST(ZookeeperNodeName, ComesBackForEveryByte) {
    std::set<std::string> names;
    std::vector<std::string> keys{"", ".", "..", "...", "a/../b", "%", "%2F", "/", "//", "ä\xff"};
    for (int c = 0; c < 256; ++c) keys.push_back(std::string(1, static_cast<char>(c)) + "x");
    for (const std::string& key : keys) {
        const std::string name = node_name(key);
        EXPECT_EQ(name.find('/'), std::string::npos);
        EXPECT_EQ(name.find(' '), std::string::npos);
        EXPECT_EQ(key_of_node(name), key);
        names.insert(name);
    }
    EXPECT_TRUE(names.contains("%00x"));
    EXPECT_FALSE(names.contains("."));
}

TEST(ZookeeperNodeName, RefusesWhatItDidNotMake) {
    for (const char* name : {"%2", "%zz", "a%", "%2f", "%41", "a b", ".a", "a/b"}) {
        EXPECT_FALSE(key_of_node(name)) << name;
    }
}

Head at(const std::string& content, Version zxid) {
    const auto head = read_head(content, zxid, 0);
    EXPECT_TRUE(head) << content;
    return head.value_or(Head{});
}

TEST(ZookeeperHead, TellsWhatChangedSince) {
    const Head first = at(first_head(), 100);
    const Head second = at(next_head(first, {"a", "b/c"}), 105);
    const Head third = at(next_head(second, {"a"}), 110);
    EXPECT_EQ(third.version, 110u);
    using Changed = std::map<std::string, Version>;
    EXPECT_EQ(changed_since(third, 110), Changed{});
    EXPECT_EQ(changed_since(third, 107), (Changed{{"a", 110}}));
    EXPECT_EQ(changed_since(third, 100), (Changed{{"a", 110}, {"b/c", 105}}));
    EXPECT_FALSE(changed_since(third, 99));
    EXPECT_FALSE(changed_since(third, 0));
}

TEST(ZookeeperHead, ForgetsTheOldestTransactions) {
    Head head = at(first_head(), 1);
    for (Version version = 2; version <= 200; ++version) {
        head = at(next_head(head, {"k" + std::to_string(version)}), version);
    }
    EXPECT_EQ(head.recent.size(), 64u);
    EXPECT_EQ(changed_since(head, 137)->size(), 63u);
    EXPECT_FALSE(changed_since(head, 136));
}

TEST(ZookeeperHead, StaysSmallWithLongKeys) {
    Head head = at(first_head(), 1);
    for (Version version = 2; version <= 40; ++version) {
        const std::string content = next_head(head, {std::string(3000, 'k')});
        EXPECT_LE(content.size(), 16'384u);
        head = at(content, version);
    }
    EXPECT_TRUE(changed_since(head, 38));
    EXPECT_FALSE(changed_since(head, 30));
    // One transaction that is larger than all: told, and nothing before it.
    const Head huge = at(next_head(head, {std::string(40'000, 'k')}), 41);
    EXPECT_EQ(huge.recent.size(), 1u);
    EXPECT_FALSE(changed_since(huge, 40));
    EXPECT_TRUE(changed_since(huge, 41)->empty());
}

TEST(ZookeeperHead, RefusesForeignContent) {
    for (const char* content :
         {"", "evenkeel-map 1", "evenkeel-map 1\n", "evenkeel-map 2\n-\n", "{}",
          "evenkeel-map 1\n- a", "evenkeel-map 1\n7 a\n", "evenkeel-map 1\n- a\n- b\n",
          "evenkeel-map 1\n- a%\n", "evenkeel-map 1\n- a\nx b\n", "evenkeel-map 1\n- a\n5 b\n6 c\n",
          "evenkeel-map 1\n-\n\n"}) {
        const auto head = read_head(content, 9, 0);
        ASSERT_FALSE(head) << content;
        EXPECT_EQ(head.error().code, Errc::corrupt);
    }
}

}  // namespace
}  // namespace evenkeel::coord
