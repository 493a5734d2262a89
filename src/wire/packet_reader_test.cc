#include "wire/packet_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::wire {
namespace {

std::string packet(std::string payload) {
    const std::size_t size = payload.size();
    std::string bytes{static_cast<char>(size), static_cast<char>(size >> 8),
                      static_cast<char>(size >> 16), 0};
    return bytes + payload;
}

TEST(PacketReader, GivesViewsIntoTheBuffer) {
    const std::string bytes = packet("one") + packet("two");
    std::string_view rest = bytes;
    PacketReader reader;
    const auto first = reader.next(rest);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->payload, "one");
    EXPECT_EQ(first->payload.data(), bytes.data() + 4);
    EXPECT_EQ(reader.next(rest)->payload, "two");
    EXPECT_FALSE(reader.next(rest));
    EXPECT_TRUE(rest.empty());
}

TEST(PacketReader, LeavesWhatIsNotComplete) {
    const std::string bytes = packet("hello");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        std::string_view rest = std::string_view(bytes).substr(0, size);
        PacketReader reader;
        EXPECT_FALSE(reader.next(rest));
        EXPECT_EQ(rest.size(), size);
    }
    EXPECT_EQ(PacketReader::wanted("ab"), 4u);
    EXPECT_EQ(PacketReader::wanted(bytes), bytes.size());
}

TEST(PacketReader, JoinsThePartsOfALongPacket) {
    const std::string full(0xFFFFFF, 'x');
    const std::string bytes = packet(full) + packet(full) + packet("end") + packet("next");
    std::string_view rest = bytes;
    PacketReader reader;
    const auto joined = reader.next(rest);
    ASSERT_TRUE(joined);
    EXPECT_TRUE(joined->payload == full + full + "end");
    EXPECT_EQ(reader.next(rest)->payload, "next");
}

TEST(PacketReader, JoinsAlsoWhenPartsComeOneByOne) {
    const std::string full(0xFFFFFF, 'x');
    const std::string first = packet(full);
    const std::string second = packet("");  // A multiple of the full size ends in an empty part.
    PacketReader reader;
    std::string_view rest = first;
    EXPECT_FALSE(reader.next(rest));
    EXPECT_TRUE(rest.empty()) << "the part is taken";
    rest = second;
    EXPECT_TRUE(reader.next(rest)->payload == full);
}

TEST(PacketReader, TellsErrorsAndTheEndFromData) {
    const std::string bytes = packet("\xFF\x01\x02") + packet(std::string("\xFE\0\0\2\0", 5)) +
                              packet("\xFE is long enough for data") + packet("");
    std::string_view rest = bytes;
    PacketReader reader;
    EXPECT_EQ(reader.next(rest)->kind, PacketKind::error);
    EXPECT_EQ(reader.next(rest)->kind, PacketKind::end);
    EXPECT_EQ(reader.next(rest)->kind, PacketKind::data);
    EXPECT_EQ(reader.next(rest)->kind, PacketKind::data);
}

TEST(ServerError, HasNumberStateAndMessage) {
    const auto error = parse_server_error("\xFF\xD4\x04#HY000Could not find first log");
    ASSERT_TRUE(error);
    EXPECT_EQ(error->number, 1236u);
    EXPECT_EQ(error->sql_state, "HY000");
    EXPECT_EQ(error->message, "Could not find first log");
}

TEST(ServerError, IsCorruptWhenCut) {
    EXPECT_EQ(parse_server_error("\xFF\xD4").error().code, Errc::corrupt);
    EXPECT_EQ(parse_server_error("").error().code, Errc::corrupt);
}

}  // namespace
}  // namespace evenkeel::wire
