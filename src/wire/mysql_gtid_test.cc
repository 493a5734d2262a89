// The events are a MySQL 9.7 server's own, without their checksums.
#include "wire/mysql_gtid.h"

#include <gmock/gmock.h>

#include <cstring>
#include <memory>

#include "base/bytes.h"

namespace evenkeel::wire {
namespace {

constexpr const char* kUuid = "9e3eb288-e97b-11f1-a6ac-02fc00000001";
constexpr const char* kGtidLog =
    "jvsHayEJAAAATQAAAOsAAAAAAAGePrKI6XsR8aasAvwAAAABAQAAAAAAAAACAAAAAAAAAAABAAAAAAAAAMP2MI4qYQa5UG"
    "IB"
    "AA==";
constexpr const char* kTagged =
    "jvsHayoJAAAAUgAAAOUMAAAAAAJ2AAAAAnkCfMkCIQKlA/"
    "YixQOZArECBPEDAAAAAgQEBgp0YWdfMQgkCiwMf4+dMY4qYQYQ"
    "qQQSgxIL";
constexpr const char* kPrevious =
    "jvsHayMJAAAAdgAAAPUAAACAAAECAAAAAAABnj6yiOl7EfGmrAL8AAAAAQABAAAAAAAAAAEAAAAAAAAADAAAAAAAAACePr"
    "KI"
    "6XsR8aasAvwAAAABCnRhZ18xAQAAAAAAAAABAAAAAAAAAAIAAAAAAAAA";
constexpr const char* kRowsQuery =
    "jvsHax0JAAAANAAAAIsOAACAAABpbnNlcnQgaW50byB0IHZhbHVlcyAoNywncScp";

// An event with the body of one that was written down, whose size may not fit any more.
class Written {
public:
    explicit Written(const char* base64) : bytes_(*base64_decode(base64)) {}
    Event event() const { return with(body()); }
    std::string_view body() const { return std::string_view(bytes_).substr(kEventHeaderSize); }
    Event with(std::string_view body) const {
        return {.header = {.type = static_cast<EventType>(bytes_[4])}, .body = body};
    }

private:
    std::string bytes_;
};

std::string gtid_of(const Event& event) {
    const auto parsed = parse_mysql_gtid(event);
    if (!parsed) return parsed.error().what;
    return parsed->gtid ? parsed->gtid->str() : "none";
}

TEST(MysqlGtidEvent, NamesItsTransaction) {
    EXPECT_EQ(gtid_of(Written(kTagged).event()), std::string(kUuid) + ":tag_1:1");
    EXPECT_EQ(gtid_of(Written(kGtidLog).event()), std::string(kUuid) + ":1");
    EXPECT_EQ(gtid_of({.header = {.type = EventType::anonymous_gtid}}), "none");
}

TEST(MysqlGtidEvent, RefusesImpossibleSequences) {
    std::string body(26, '\0');
    const Event event{.header = {.type = EventType::mysql_gtid}, .body = body};
    EXPECT_FALSE(parse_mysql_gtid(event));
    std::memset(body.data() + 17, 0xff, 8);
    EXPECT_FALSE(parse_mysql_gtid(event));
}

TEST(PreviousGtids, AreASetWithTags) {
    const auto set = parse_previous_gtids(Written(kPrevious).event());
    ASSERT_TRUE(set) << set.error().what;
    EXPECT_EQ(set->str(), std::string(kUuid) + ":1-11:tag_1:1");
    // The event and COM_BINLOG_DUMP_GTID have one encoding.
    EXPECT_EQ(set->encode(), Written(kPrevious).body());
}

TEST(PreviousGtids, MayBeNone) {
    const std::string none(8, '\0');
    const auto set = parse_previous_gtids(
        {.header = {.type = EventType::previous_gtids}, .body = std::string_view(none)});
    ASSERT_TRUE(set);
    EXPECT_TRUE(set->empty());
}

TEST(RowsQuery, HasTheStatement) {
    const Written written(kRowsQuery);
    const auto text = parse_annotate_rows(written.event());
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, "insert into t values (7,'q')");
    EXPECT_FALSE(parse_annotate_rows(written.with({})));
}

TEST(MysqlGtidEvent, SurvivesCutAndDamagedBodies) {
    for (const char* base64 : {kGtidLog, kTagged, kPrevious}) {
        const Written written(base64);
        for (std::size_t size = 0; size < written.body().size(); ++size) {
            const std::unique_ptr<char[]> memory(new char[size]);
            std::memcpy(memory.get(), written.body().data(), size);
            for (std::size_t i = 0; i <= size; ++i) {
                if (i < size) memory[i] = static_cast<char>(~memory[i]);
                const Event event = written.with({memory.get(), size});
                (void)parse_mysql_gtid(event);
                (void)parse_previous_gtids(event);
                if (i < size) memory[i] = static_cast<char>(~memory[i]);
            }
        }
    }
    EXPECT_FALSE(
        parse_previous_gtids(Written(kPrevious).with(Written(kPrevious).body().substr(1))));
}

TEST(MysqlEvents, AreKnownWhereTheyAreHarmless) {
    for (const EventType type : {EventType::previous_gtids, EventType::transaction_context,
                                 EventType::view_change, EventType::heartbeat_v2}) {
        EXPECT_EQ(handling_of({.type = type}), Handling::known);
        EXPECT_THAT(event_name(type), testing::Not(testing::HasSubstr("event type")));
    }
}

}  // namespace
}  // namespace evenkeel::wire
