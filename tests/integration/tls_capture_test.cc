// What somebody who listens between the nodes can read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/text.h"
#include "tests/support/evenkeel_group.h"
#include "tests/support/eventually.h"
#include "tests/support/group_certificates.h"
#include "tests/support/packet_capture.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

constexpr Millis kFormLimit{30'000};
// Keys, names of nodes, JSON of records, protocol: all of it passes between the nodes.
const std::vector<std::string> kReadable{"/evenkeel/", "node1", "node2", "\"incarnation\"",
                                         "HTTP/1.1"};

class Capture : public ::testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) GTEST_SKIP() << "a packet capture needs root";
        std::vector<int> ports;
        for (std::size_t i = 0; i < 3; ++i) {
            for (const std::string& address : {group_.node(i).bind, pki_.peers(i)}) {
                ports.push_back(port_of(address));
            }
        }
        auto capture = PacketCapture::start(folder_.path(), ports);
        ASSERT_TRUE(capture) << capture.error().what;
        capture_ = *std::move(capture);
    }

    // From the first connection on: a group forms, writes facts, changes its leader, is whole
    // again.
    void live() {
        group_.start_all();
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.logs();
        const std::size_t first = group_.leaders().front();
        // A follower has to forward this.
        EXPECT_EQ(group_.ask((first + 1) % 3, "/api/v1/clusters").status, 200);
        group_.kill_host(first);
        ASSERT_TRUE(group_.time_to_other_leader(first, kFormLimit));
        group_.start(first);
        ASSERT_TRUE(group_.wait_healthy(kFormLimit)) << group_.log(first);
    }

    static int port_of(const std::string& address) {
        return static_cast<int>(parse_number(split(address, ':').back()).value());
    }

    static std::vector<std::string> readable_in(const std::vector<TcpStream>& streams) {
        std::vector<std::string> found;
        for (const std::string& word : kReadable) {
            for (const TcpStream& stream : streams) {
                if (stream.bytes.find(word) == std::string::npos) continue;
                found.push_back(word);
                break;
            }
        }
        return found;
    }

    TestFolder folder_;
    const GroupCertificates pki_{folder_.path() + "/pki", 3};
    EvenkeelGroup group_{folder_.path(), 3};
    PacketCapture capture_;
};

TEST_F(Capture, BetweenNodesWithTlsNothingIsReadable) {
    pki_.use_in(group_);
    live();
    const auto streams = capture_.streams();
    ASSERT_TRUE(streams) << streams.error().what;
    std::size_t bytes = 0;
    std::size_t with_payload = 0;
    bool forwarded = false;
    for (const TcpStream& stream : *streams) {
        if (stream.bytes.empty()) continue;
        ++with_payload;
        bytes += stream.bytes.size();
        for (std::size_t i = 0; i < 3; ++i) forwarded |= stream.to == port_of(pki_.peers(i));
        EXPECT_TRUE(stream.from_start) << stream.from << " to " << stream.to;
        EXPECT_TRUE(is_tls(stream.bytes)) << stream.from << " to " << stream.to;
    }
    std::printf("%zu streams with %zu bytes\n", with_payload, bytes);
    EXPECT_GT(with_payload, 12u);
    EXPECT_GT(bytes, 20'000u);
    EXPECT_TRUE(forwarded) << "nothing passed over [api] peers";
    EXPECT_THAT(readable_in(*streams), IsEmpty());
}

// The same eyes see everything when there is something to see.
TEST_F(Capture, WithoutTlsAllOfItIsReadable) {
    live();
    const auto streams = capture_.streams();
    ASSERT_TRUE(streams) << streams.error().what;
    EXPECT_THAT(readable_in(*streams), UnorderedElementsAreArray(kReadable));
    EXPECT_FALSE(std::all_of(streams->begin(), streams->end(),
                             [](const TcpStream& stream) { return is_tls(stream.bytes); }));
}

}  // namespace
}  // namespace evenkeel::test
