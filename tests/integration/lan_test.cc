// The network of the tests: it carries what it should, and loses and delays only what it should.
#include "tests/support/lan.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <vector>

#include "io/byte_socket.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/poller.h"
#include "io/process.h"
#include "io/thread.h"
#include "tests/support/eventually.h"
#include "tests/support/test_folder.h"

namespace evenkeel::test {
namespace {

using ::testing::HasSubstr;

constexpr Millis kLimit{5'000};     // Longest wait for what takes less than a millisecond.
constexpr Millis kSilence{100};     // As long is waited for what must not come.
constexpr std::uint16_t kPort = 7;  // Each host has a network of its own.

sockaddr_in address_of(std::size_t host) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kPort);
    ::inet_pton(AF_INET, Lan::address(host).c_str(), &address.sin_addr);
    return address;
}

const sockaddr* raw(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

bool readable(int fd, Millis limit) {
    pollfd poll{fd, POLLIN, 0};
    return ::poll(&poll, 1, static_cast<int>(limit.count())) > 0;
}

class LanTest : public ::testing::Test {
protected:
    static constexpr std::size_t kHosts = 3;

    void SetUp() override {
        if (const auto reason = Lan::why_not()) GTEST_SKIP() << "no test network: " << *reason;
        lan_ = std::make_unique<Lan>(kHosts);
        for (std::size_t host = 0; host <= kHosts; ++host) {
            sockets_.push_back(open(host, SOCK_DGRAM));
        }
    }

    // Bound to the host's address.
    io::Fd open(std::size_t host, int type) {
        const InNetwork there(lan_->network(host));
        io::Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
        const sockaddr_in own = address_of(host);
        EXPECT_EQ(::bind(fd.get(), raw(own), sizeof own), 0) << ::strerror(errno);
        return fd;
    }

    void send(std::size_t from, std::size_t to, std::string_view text) {
        const sockaddr_in target = address_of(to);
        EXPECT_EQ(
            ::sendto(sockets_[from].get(), text.data(), text.size(), 0, raw(target), sizeof target),
            static_cast<ssize_t>(text.size()));
    }

    // Empty: nothing came.
    std::string receive(std::size_t host, Millis limit) {
        return readable(sockets_[host].get(), limit) ? io::receive_now(sockets_[host].get(), 2048)
                                                     : "";
    }

    bool passes(std::size_t from, std::size_t to) {
        send(from, to, "hello");
        return receive(to, kSilence) == "hello";
    }

    Millis round_trip(std::size_t a, std::size_t b) {
        const Instant start = io::now();
        send(a, b, "there");
        EXPECT_EQ(receive(b, kLimit), "there");
        send(b, a, "and back");
        EXPECT_EQ(receive(a, kLimit), "and back");
        return std::chrono::duration_cast<Millis>(io::now() - start);
    }

    // A connection from one host to another: the ends.
    std::pair<io::Fd, io::Fd> connect(std::size_t from, std::size_t to) {
        const io::Fd listener = open(to, SOCK_STREAM);
        EXPECT_EQ(::listen(listener.get(), 1), 0);
        io::Fd client = open(from, SOCK_STREAM);
        const sockaddr_in target = address_of(to);
        EXPECT_EQ(::connect(client.get(), raw(target), sizeof target), 0);
        return {std::move(client),
                io::Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))};
    }

    TestFolder folder_;
    std::unique_ptr<Lan> lan_;
    std::vector<io::Fd> sockets_;  // Of each host, for datagrams.
};

TEST_F(LanTest, ConnectsEveryPairAndTheObserver) {
    for (std::size_t from = 0; from <= kHosts; ++from) {
        for (std::size_t to = 0; to <= kHosts; ++to) {
            if (from == to) continue;
            EXPECT_TRUE(passes(from, to)) << from << " to " << to;
        }
    }
}

TEST_F(LanTest, ACutIsOfOneDirection) {
    lan_->cut(0, 1);
    EXPECT_FALSE(passes(0, 1));
    EXPECT_TRUE(passes(1, 0));
    EXPECT_TRUE(passes(0, 2));
    lan_->heal();
    EXPECT_TRUE(passes(0, 1));
}

TEST_F(LanTest, AnIsolatedHostReachesTheObserverOnly) {
    lan_->isolate(1);
    for (const std::size_t other : {0, 2}) {
        EXPECT_FALSE(passes(1, other));
        EXPECT_FALSE(passes(other, 1));
    }
    EXPECT_TRUE(passes(0, 2));
    EXPECT_TRUE(passes(1, lan_->observer()));
    EXPECT_TRUE(passes(lan_->observer(), 1));
}

TEST_F(LanTest, ADelayIsOfEachWayOfItsPair) {
    lan_->delay(0, 1, Millis(50));
    const Millis slow = round_trip(0, 1);
    std::printf("round trip with 2 x 50 ms of delay: %ld ms\n", slow.count());
    EXPECT_GE(slow, Millis(100));
    Millis fast = kLimit;
    for (int i = 0; i < 20; ++i) fast = std::min(fast, round_trip(0, 2));
    EXPECT_LT(fast, Millis(50));
}

TEST_F(LanTest, DelayedFramesKeepTheirOrder) {
    lan_->delay_all(Millis(20));
    for (int i = 0; i < 100; ++i) send(0, 1, std::to_string(i));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(receive(1, kLimit), std::to_string(i));
}

TEST_F(LanTest, ACutLosesWhatIsUnderWay) {
    lan_->delay(0, 1, Millis(50));
    send(0, 1, "late");
    lan_->cut(0, 1);
    EXPECT_EQ(receive(1, 2 * kSilence), "");
}

TEST_F(LanTest, IsFasterThanAnyGroupNeeds) {
    constexpr std::size_t kBytes = 64u << 20;
    auto [client, server] = connect(0, 1);
    ASSERT_TRUE(server.valid());
    const Instant start = io::now();
    const io::Worker sender("sender", [fd = client.get()](io::StopToken&) {
        const std::string block(1u << 16, 'x');
        for (std::size_t sent = 0; sent < kBytes; sent += block.size()) {
            if (!io::send_all(fd, block, io::within(Millis(30'000)))) return;
        }
    });
    std::string buffer(1u << 16, '\0');
    std::size_t received = 0;
    while (received < kBytes) {
        const auto got =
            io::receive(server.get(), buffer.data(), buffer.size(), io::within(Millis(30'000)));
        ASSERT_TRUE(got) << got.error().what;
        received += *got;
    }
    const double seconds = std::chrono::duration<double>(io::now() - start).count();
    const double rate = static_cast<double>(kBytes) / 1e6 / seconds;
    std::printf("%.0f MB/s in one connection\n", rate);
    EXPECT_GT(rate, 5.0);
}

TEST_F(LanTest, ShowsWhatTravels) {
    lan_->capture(1u << 20);
    auto [client, server] = connect(2, 0);
    ASSERT_TRUE(io::send_all(client.get(), "in clear ", io::within(kLimit)));
    std::string got(9, '\0');
    ASSERT_TRUE(io::receive(server.get(), got.data(), got.size(), io::within(kLimit)));
    ASSERT_TRUE(io::send_all(client.get(), "text", io::within(kLimit)));
    EXPECT_TRUE(eventually(kLimit, [&] { return lan_->tcp_payload(2, 0) == "in clear text"; }));
    EXPECT_EQ(lan_->tcp_payload(0, 2), "");

    const std::string file = folder_.path() + "/frames.pcap";
    ASSERT_TRUE(lan_->write_pcap(file));
    const auto pcap = io::read_file(file);
    ASSERT_TRUE(pcap);
    EXPECT_THAT(*pcap, HasSubstr("in clear "));
    EXPECT_EQ(pcap->substr(0, 4), "\xd4\xc3\xb2\xa1");
}

TEST_F(LanTest, ProcessesRunOnAHost) {
    const std::string output = folder_.path() + "/interfaces";
    auto process = io::Process::start({.argv = {"cat", "/proc/self/net/fib_trie"},
                                       .output = output,
                                       .network_namespace = lan_->network(1).descriptor()});
    ASSERT_TRUE(process) << process.error().what;
    ASSERT_TRUE(process->wait(io::within(kLimit)));
    EXPECT_THAT(*io::read_file(output), HasSubstr(Lan::address(1)));
}

}  // namespace
}  // namespace evenkeel::test
