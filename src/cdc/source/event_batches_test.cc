#include "cdc/source/event_batches.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "io/byte_socket.h"
#include "io/clock.h"
#include "io/thread.h"
#include "wire/crc32.h"

namespace evenkeel::cdc {
namespace {

constexpr Millis kPatience{20'000};
constexpr std::size_t kFullPart = 0xFFFFFF;

template <typename T>
void put(std::string& to, T value, std::size_t size = sizeof(T)) {
    to.append(reinterpret_cast<const char*>(&value), size);
}

// An event of a type that nobody has, with its number in front of `filling` more bytes.
std::string event_of(std::uint32_t number, std::size_t filling) {
    std::string bytes;
    put(bytes, std::uint32_t{1});
    bytes += '\xC8';
    put(bytes, std::uint32_t{7});
    put(bytes, static_cast<std::uint32_t>(wire::kEventHeaderSize + 4 + filling + 4));
    put(bytes, std::uint32_t{0});
    put(bytes, std::uint16_t{0});
    put(bytes, number);
    bytes.append(filling, static_cast<char>('a' + number % 26));
    put(bytes, wire::crc32(bytes, 0));
    return bytes;
}

std::string packets_of(const std::string& event) {
    const std::string payload = std::string(1, '\0') + event;
    std::string packets;
    std::size_t done = 0;
    for (std::size_t size = kFullPart; size == kFullPart; done += size) {
        size = std::min(kFullPart, payload.size() - done);
        put(packets, static_cast<std::uint32_t>(size), 3);
        packets += '\1';
        packets.append(payload, done, size);
    }
    return packets;
}

// A server that sends `bytes` and then nothing, and what reads them.
class EventBatchesTest : public testing::Test {
protected:
    EventBatchesTest() {
        int ends[2] = {};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        server_ = io::Fd(ends[0]);
        batches_.emplace(io::plain_stream(io::Fd(ends[1])), true, [](const wire::Packet& packet) {
            const bool end = packet.kind == wire::PacketKind::end;
            return Error{Errc::unavailable, end ? "the end" : "an error"};
        });
    }

    void send(std::string bytes) {
        sender_ = io::Worker("server", [this, bytes = std::move(bytes)](io::StopToken&) {
            EXPECT_TRUE(io::send_all(server_.get(), bytes, io::within(kPatience)));
        });
    }
    // The numbers of the events up to the fault, whose text it is, or to the `count`th.
    std::vector<std::uint32_t> numbers(std::size_t count, std::string& fault) {
        std::vector<std::uint32_t> read;
        while (read.size() < count && fault.empty()) {
            const auto batch = batches_->next(io::within(kPatience));
            if (!batch) {
                fault = batch.error().what;
                break;
            }
            for (const wire::Event& event : (*batch)->events) {
                std::uint32_t number = 0;
                std::memcpy(&number, event.body.data(), sizeof number);
                read.push_back(number);
                const std::string_view filling = event.body.substr(sizeof number);
                const char letter = static_cast<char>('a' + number % 26);
                EXPECT_EQ(filling.find_first_not_of(letter), std::string_view::npos) << number;
            }
            if ((*batch)->fault) fault = (*batch)->fault->what;
        }
        return read;
    }

    io::Fd server_{};
    std::optional<EventBatches> batches_{};
    io::Worker sender_{};
};

std::vector<std::uint32_t> up_to(std::uint32_t count) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < count; ++i) all.push_back(i);
    return all;
}

TEST_F(EventBatchesTest, ABacklogComesInOrderAndWhole) {
    constexpr std::uint32_t kCount = 20'000;
    std::string bytes;
    for (std::uint32_t i = 0; i < kCount; ++i) {
        bytes += packets_of(event_of(i, i % 97 == 0 ? 60'000 : i * 31 % 1500));
    }
    send(bytes);
    std::string fault;
    EXPECT_EQ(numbers(kCount, fault), up_to(kCount));
    EXPECT_EQ(fault, "");
}

TEST_F(EventBatchesTest, PacketsInPartsLieBetweenOthers) {
    std::string bytes;
    const std::size_t sizes[] = {10, kFullPart + 5, 20, 2 * kFullPart - 28, 30, 200'000, 40};
    for (std::uint32_t i = 0; i < std::size(sizes); ++i) bytes += packets_of(event_of(i, sizes[i]));
    send(bytes);
    std::string fault;
    EXPECT_EQ(numbers(std::size(sizes), fault), up_to(std::size(sizes)));
    EXPECT_EQ(fault, "");
}

TEST_F(EventBatchesTest, AFaultComesBehindTheEventsInFrontOfIt) {
    constexpr std::uint32_t kCount = 3000;
    std::string bytes;
    for (std::uint32_t i = 0; i < kCount; ++i) bytes += packets_of(event_of(i, 500));
    std::string damaged = event_of(kCount, 500);
    damaged[100] = '!';
    bytes += packets_of(damaged);
    bytes += packets_of(event_of(kCount + 1, 500));
    send(bytes);
    std::string fault;
    EXPECT_EQ(numbers(kCount + 1, fault), up_to(kCount));
    EXPECT_THAT(fault, testing::HasSubstr("checksum"));
}

TEST_F(EventBatchesTest, TheEndOfTheDumpAndOfTheConnectionAreFaults) {
    constexpr std::uint32_t kCount = 1000;
    std::string bytes;
    for (std::uint32_t i = 0; i < kCount; ++i) bytes += packets_of(event_of(i, 500));
    send(bytes + std::string("\5\0\0\1\xFE\0\0\0\0", 9));
    std::string fault;
    EXPECT_EQ(numbers(kCount + 1, fault), up_to(kCount));
    EXPECT_EQ(fault, "the end");
}

TEST_F(EventBatchesTest, AConnectionThatEndsIsReportedBehindItsEvents) {
    constexpr std::uint32_t kCount = 1000;
    std::string bytes;
    for (std::uint32_t i = 0; i < kCount; ++i) bytes += packets_of(event_of(i, 500));
    send(bytes);
    std::string fault;
    EXPECT_EQ(numbers(kCount, fault), up_to(kCount));
    server_ = io::Fd();
    EXPECT_THAT(numbers(1, fault), testing::IsEmpty());
    EXPECT_THAT(fault, testing::HasSubstr("closed"));
}

TEST_F(EventBatchesTest, SilenceIsNoEnd) {
    const auto nothing = batches_->next(io::within(Millis{10}));
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, Errc::timed_out);
    send(packets_of(event_of(0, 5)));
    std::string fault;
    EXPECT_EQ(numbers(1, fault), up_to(1));
}

}  // namespace
}  // namespace evenkeel::cdc
