#include "cdc/message_key.h"

#include <gmock/gmock.h>

namespace evenkeel::cdc {
namespace {

using testing::MatchesRegex;
using testing::Ne;

std::string key_of(KeyFormat format, const std::vector<KeyValue>& primary_key,
                   std::uint64_t random = 1) {
    ByteBuffer out;
    append_key(format, "d\"b", "t", primary_key, random, out);
    return std::string(out.view());
}

TEST(MessageKey, IsMaxwells) {
    const std::vector<KeyValue> none;
    const std::vector<KeyValue> one{{"ID", "7"}};
    const std::vector<KeyValue> two{{"a", R"("x\"")"}, {"b", "null"}};
    EXPECT_EQ(key_of(KeyFormat::hash, one), R"({"database":"d\"b","table":"t","pk.id":7})");
    EXPECT_EQ(key_of(KeyFormat::hash, two),
              R"({"database":"d\"b","table":"t","pk.a":"x\"","pk.b":null})");
    EXPECT_EQ(key_of(KeyFormat::array, one), R"(["d\"b","t",[{"id":7}]])");
    EXPECT_EQ(key_of(KeyFormat::array, two), R"(["d\"b","t",[{"a":"x\""},{"b":null}]])");
    EXPECT_EQ(key_of(KeyFormat::array, none), R"(["d\"b","t",[]])");
    EXPECT_THAT(key_of(KeyFormat::hash, none),
                MatchesRegex("\\{\"database\":\"d\\\\\"b\",\"table\":\"t\",\"_uuid\":\"[0-9a-f]{8}-"
                             "[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\"\\}"));
    EXPECT_THAT(key_of(KeyFormat::hash, none, 2), Ne(key_of(KeyFormat::hash, none, 1)));
}

std::string text_of(PartitionBy by, const PartitionFacts& facts,
                    PartitionBy fallback = PartitionBy::database) {
    std::string text;
    append_partition_text({.partition_by = by, .partition_fallback = fallback}, facts, text);
    return text;
}

TEST(Partition, IsComputedFromWhatIsAskedFor) {
    const std::vector<KeyValue> key{{"a", "1"}, {"b", R"("x\"y")"}, {"c", "null"}};
    const std::vector<KeyValue> nulls{{"a", "null"}};
    const std::vector<KeyValue> none;
    PartitionFacts facts{.database = "db",
                         .table = "tb",
                         .xid = 812,
                         .thread_id = 9,
                         .primary_key = &key,
                         .columns = &nulls,
                         .random = 3};
    EXPECT_EQ(text_of(PartitionBy::database, facts), "db");
    EXPECT_EQ(text_of(PartitionBy::table, facts), "tb");
    EXPECT_EQ(text_of(PartitionBy::primary_key, facts), "1x\"y");
    EXPECT_EQ(text_of(PartitionBy::transaction_id, facts), "812");
    EXPECT_EQ(text_of(PartitionBy::thread_id, facts), "9");
    EXPECT_EQ(text_of(PartitionBy::column, facts, PartitionBy::table), "tb");
    EXPECT_EQ(text_of(PartitionBy::column, facts, PartitionBy::primary_key), "1x\"y");
    facts.columns = &key;
    EXPECT_EQ(text_of(PartitionBy::column, facts), "1x\"y");
    facts.primary_key = &nulls;
    EXPECT_EQ(text_of(PartitionBy::primary_key, facts), "None");
    facts.primary_key = &none;
    EXPECT_EQ(text_of(PartitionBy::primary_key, facts), "dbtb");
    EXPECT_EQ(text_of(PartitionBy::transaction_id, {}), "null");
    const std::string random = text_of(PartitionBy::random, facts);
    facts.random = 4;
    EXPECT_NE(text_of(PartitionBy::random, facts), random);
}

struct Hashed {
    std::string_view text;
    std::int32_t hash;
};

// What Java says: "".hashCode() and so on.
TEST(Partition, HashesAsJavaDoes) {
    for (const Hashed& c : std::initializer_list<Hashed>{{"", 0},
                                                         {"a", 97},
                                                         {"shop", 3529462},
                                                         {"polygenelubricants", INT32_MIN},
                                                         {"hello world", 1794106052},
                                                         {"\xc3\xa9", 233},
                                                         {"\xe2\x82\xac", 8364},
                                                         {"\xf0\x9f\x98\x80", 1772899}}) {
        EXPECT_EQ(java_hash(c.text), c.hash) << c.text;
    }
}

// The vectors of the algorithm's author (SMHasher) and of Guava.
TEST(Partition, HashesAsMurmur3Does) {
    EXPECT_EQ(murmur3_hash("", 0), 0);
    EXPECT_EQ(static_cast<std::uint32_t>(murmur3_hash("", 1)), 0x514E28B7u);
    EXPECT_EQ(static_cast<std::uint32_t>(murmur3_hash("", 0xffffffff)), 0x81F16F39u);
    EXPECT_EQ(static_cast<std::uint32_t>(murmur3_hash("test", 0)), 0xba6bd213u);
    EXPECT_EQ(static_cast<std::uint32_t>(murmur3_hash("test", 0x9747b28c)), 0x704b81dcu);
    EXPECT_EQ(static_cast<std::uint32_t>(murmur3_hash("Hello, world!", 0x9747b28c)), 0x24884CBAu);
    EXPECT_EQ(static_cast<std::uint32_t>(murmur3_hash("aaa", 0x9747b28c)), 0x283e0130u);
    EXPECT_EQ(static_cast<std::uint32_t>(
                  murmur3_hash("The quick brown fox jumps over the lazy dog", 0x9747b28c)),
              0x2FA826CDu);
}

TEST(Partition, IsTheRestWithoutItsSign) {
    EXPECT_EQ(partition_of(7, 4), 3u);
    EXPECT_EQ(partition_of(-7, 4), 3u);
    EXPECT_EQ(partition_of(INT32_MIN, 10), 8u);
    EXPECT_EQ(partition_of(INT32_MIN, 1), 0u);
    EXPECT_EQ(partition_hash(PartitionHash::java, "a"), 97);
    EXPECT_EQ(partition_hash(PartitionHash::murmur3, "a"), murmur3_hash("a", 25342));
}

}  // namespace
}  // namespace evenkeel::cdc
