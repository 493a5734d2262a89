#include "tests/support/lan.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <map>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "io/clock.h"
#include "io/file.h"
#include "io/poller.h"
#include "io/system_error.h"
#include "io/thread.h"

namespace evenkeel::test {
namespace {

constexpr const char* kDevice = "/dev/net/tun";
constexpr const char* kInterface = "lan0";
constexpr std::size_t kFrameBytesMax = 2048;  // The interfaces' MTU is 1500.
constexpr std::size_t kFramesPerTurn = 64;    // Of one host, before the next has its turn.
constexpr int kQueueFrames = 10'000;          // In the kernel, while the switch is busy.
constexpr Millis kIdle{1000};
constexpr std::size_t kMacBytes = 6;

// A frame's destination says by its last byte to which host it goes.
void set_mac(std::size_t host, sockaddr& to) {
    to.sa_family = ARPHRD_ETHER;
    const std::array<char, kMacBytes> mac{0x02, 0, 0, 0, 0, static_cast<char>(host + 1)};
    ::memcpy(to.sa_data, mac.data(), mac.size());
}

void set_address(const std::string& address, sockaddr& to) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    ::inet_pton(AF_INET, address.c_str(), &in.sin_addr);
    ::memcpy(&to, &in, sizeof in);
}

ifreq named_request() {
    ifreq request{};
    ::strncpy(request.ifr_name, kInterface, IFNAMSIZ - 1);
    return request;
}

// Without IPv6 the interface is silent until somebody talks. Where this cannot be written it
// only talks more.
void switch_ipv6_off() {
    const io::Fd file(::open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
    [[maybe_unused]] const auto written = ::write(file.get(), "1", 1);
}

Result<> configure(std::size_t host) {
    const io::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq mac = named_request();
    set_mac(host, mac.ifr_hwaddr);
    ifreq queue = named_request();
    queue.ifr_qlen = kQueueFrames;
    ifreq address = named_request();
    set_address(Lan::address(host), address.ifr_addr);
    ifreq mask = named_request();
    set_address("255.255.255.0", mask.ifr_netmask);
    ifreq flags = named_request();
    flags.ifr_flags = IFF_UP | IFF_RUNNING;
    const bool done = ::ioctl(socket.get(), SIOCSIFHWADDR, &mac) == 0 &&
                      ::ioctl(socket.get(), SIOCSIFTXQLEN, &queue) == 0 &&
                      ::ioctl(socket.get(), SIOCSIFADDR, &address) == 0 &&
                      ::ioctl(socket.get(), SIOCSIFNETMASK, &mask) == 0 &&
                      ::ioctl(socket.get(), SIOCSIFFLAGS, &flags) == 0;
    if (!done) return io::system_error("configure", kInterface);
    return {};
}

// A cut link stays as silent as a router that drops: without this, senders would soon be told
// that the host is unreachable.
Result<> know(std::size_t other) {
    const io::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    arpreq request{};
    set_address(Lan::address(other), request.arp_pa);
    set_mac(other, request.arp_ha);
    request.arp_flags = ATF_PERM | ATF_COM;
    ::strncpy(request.arp_dev, kInterface, sizeof request.arp_dev - 1);
    if (::ioctl(socket.get(), SIOCSARP, &request) != 0) {
        return io::system_error("add the neighbour", Lan::address(other));
    }
    return {};
}

// Makes the interface of `host` in the namespace of the calling thread. The device's end is ours.
Result<io::Fd> make_interface(std::size_t host, std::size_t count) {
    switch_ipv6_off();
    io::Fd device(::open(kDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!device.valid()) return io::system_error("open", kDevice);
    ifreq request = named_request();
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (::ioctl(device.get(), TUNSETIFF, &request) != 0) {
        return io::system_error("make", kInterface);
    }
    EK_TRY_VOID(configure(host));
    for (std::size_t other = 0; other < count; ++other) {
        if (other != host) EK_TRY_VOID(know(other));
    }
    return device;
}

struct Host {
    NetworkNamespace network;
    io::Fd device;
};

Result<Host> make_host(std::size_t host, std::size_t count) {
    EK_TRY(NetworkNamespace network, NetworkNamespace::make());
    const InNetwork there(network);
    EK_TRY(io::Fd device, make_interface(host, count));
    return Host{.network = std::move(network), .device = std::move(device)};
}

struct KeptFrame {
    Frame frame{};  // `bytes` refers to `content`.
    std::string content{};
};

std::uint16_t big_endian16(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                                      static_cast<unsigned char>(bytes[at + 1]));
}

// What a frame carries of a TCP stream; empty for all else.
std::string_view tcp_bytes(std::string_view frame) {
    constexpr std::size_t kIp = 14;
    constexpr std::size_t kIpMin = 20;
    constexpr char kTcp = 6;
    if (frame.size() < kIp + kIpMin || big_endian16(frame, 12) != 0x0800) return {};
    const std::size_t tcp = kIp + (static_cast<unsigned char>(frame[kIp]) & 0x0fu) * 4;
    const std::size_t end = kIp + big_endian16(frame, kIp + 2);
    if (frame[kIp + 9] != kTcp || frame.size() < tcp + 20 || frame.size() < end) return {};
    const std::size_t data = tcp + (static_cast<unsigned char>(frame[tcp + 12]) >> 4) * 4;
    return data < end ? frame.substr(data, end - data) : std::string_view{};
}

void append_word(std::string& to, std::uint32_t word) {
    to.append(reinterpret_cast<const char*>(&word), sizeof word);
}

}  // namespace

struct Lan::Switch {
    struct Link {
        bool cut = false;
        Millis delay{0};
    };

    explicit Switch(std::size_t count);
    ~Switch();

    Link& link(std::size_t from, std::size_t to) EK_REQUIRES(mutex) {
        return links[from * hosts.size() + to];
    }
    void run(io::StopToken& stop);
    void take_in(std::size_t from);
    void pass(std::size_t from, std::string_view bytes);
    void pass_to(std::size_t from, std::size_t to, std::string_view bytes);
    void deliver(std::size_t from, std::size_t to, std::string_view bytes) EK_REQUIRES(mutex);
    Millis deliver_due();
    void keep(const Frame& frame) EK_REQUIRES(mutex);

    std::vector<Host> hosts;  // The observer is the last.
    mutable Mutex mutex;
    std::vector<Link> links EK_GUARDED_BY(mutex);
    // Under way on slow links. Equal times stay in order.
    std::multimap<Instant, KeptFrame> delayed EK_GUARDED_BY(mutex);
    std::function<void(const Frame&)> callback EK_GUARDED_BY(mutex);
    std::deque<KeptFrame> kept EK_GUARDED_BY(mutex);
    std::size_t kept_bytes EK_GUARDED_BY(mutex) = 0;
    std::size_t kept_bytes_max EK_GUARDED_BY(mutex) = 0;
    io::Poller poller;
    io::Worker worker;
};

Lan::Switch::Switch(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        auto host = make_host(i, count);
        EK_CHECK(host, host.error().what.c_str());
        poller.watch(host->device.get(), i);
        hosts.push_back(std::move(*host));
    }
    {
        Lock lock(mutex);
        links.resize(count * count);
    }
    worker = io::Worker("lan-switch", [this](io::StopToken& stop) { run(stop); });
}

Lan::Switch::~Switch() {
    worker.request_stop();
    poller.wake();
    worker.stop();
}

void Lan::Switch::run(io::StopToken& stop) {
    // A network does not get slower because the machine compiles something.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), -15);
    while (!stop.requested()) {
        const Millis limit = deliver_due();
        for (const io::Poller::Event& event : poller.wait(limit)) {
            take_in(static_cast<std::size_t>(event.key));
        }
    }
}

void Lan::Switch::take_in(std::size_t from) {
    std::array<char, kFrameBytesMax> buffer;
    for (std::size_t i = 0; i < kFramesPerTurn; ++i) {
        const ssize_t size = ::read(hosts[from].device.get(), buffer.data(), buffer.size());
        if (size < static_cast<ssize_t>(kMacBytes)) return;
        pass(from, {buffer.data(), static_cast<std::size_t>(size)});
    }
}

void Lan::Switch::pass(std::size_t from, std::string_view bytes) {
    const bool to_many = (bytes[0] & 1) != 0;
    for (std::size_t to = 0; to < hosts.size(); ++to) {
        const bool meant = to_many || static_cast<std::size_t>(bytes[kMacBytes - 1]) == to + 1;
        if (meant && to != from) pass_to(from, to, bytes);
    }
}

void Lan::Switch::pass_to(std::size_t from, std::size_t to, std::string_view bytes) {
    Lock lock(mutex);
    const Link& way = link(from, to);
    const Frame frame{.from = from, .to = to, .at = io::now(), .lost = way.cut, .bytes = bytes};
    const std::size_t observer = hosts.size() - 1;
    if (from != observer && to != observer) {
        if (callback) callback(frame);
        if (kept_bytes_max > 0) keep(frame);
    }
    if (way.cut) return;
    if (way.delay == Millis{0}) return deliver(from, to, bytes);
    delayed.insert({frame.at + way.delay, {.frame = frame, .content = std::string(bytes)}});
}

void Lan::Switch::deliver(std::size_t from, std::size_t to, std::string_view bytes) {
    if (link(from, to).cut) return;
    // What an interface refuses is lost, as on a wire.
    [[maybe_unused]] const auto written =
        ::write(hosts[to].device.get(), bytes.data(), bytes.size());
}

// Until when nothing is due.
Millis Lan::Switch::deliver_due() {
    Lock lock(mutex);
    const Instant now = io::now();
    while (!delayed.empty() && delayed.begin()->first <= now) {
        const KeptFrame& first = delayed.begin()->second;
        deliver(first.frame.from, first.frame.to, first.content);
        delayed.erase(delayed.begin());
    }
    return delayed.empty() ? kIdle : Deadline{delayed.begin()->first}.left(now);
}

void Lan::Switch::keep(const Frame& frame) {
    kept.push_back({.frame = frame, .content = std::string(frame.bytes)});
    kept_bytes += frame.bytes.size();
    while (kept_bytes > kept_bytes_max) {
        kept_bytes -= kept.front().content.size();
        kept.pop_front();
    }
}

std::optional<std::string> Lan::why_not() {
    const auto network = NetworkNamespace::make();
    if (!network) return network.error().what + " (run it as root)";
    const InNetwork there(*network);
    const auto interface = make_interface(0, 1);
    if (!interface) return interface.error().what;
    return {};
}

Lan::Lan(std::size_t hosts) : switch_(std::make_unique<Switch>(hosts + 1)) {}

Lan::~Lan() = default;

std::size_t Lan::hosts() const {
    return switch_->hosts.size() - 1;
}

const NetworkNamespace& Lan::network(std::size_t host) const {
    return switch_->hosts.at(host).network;
}

std::string Lan::address(std::size_t host) {
    return fmt::format("10.77.0.{}", host + 1);
}

void Lan::cut(std::size_t from, std::size_t to) {
    Lock lock(switch_->mutex);
    switch_->link(from, to).cut = true;
}

void Lan::cut_both(std::size_t a, std::size_t b) {
    cut(a, b);
    cut(b, a);
}

void Lan::isolate(std::size_t host) {
    for (std::size_t other = 0; other < hosts(); ++other) {
        if (other != host) cut_both(host, other);
    }
}

void Lan::delay(std::size_t a, std::size_t b, Millis delay) {
    Lock lock(switch_->mutex);
    switch_->link(a, b).delay = delay;
    switch_->link(b, a).delay = delay;
}

void Lan::delay_all(Millis delay) {
    for (std::size_t a = 0; a < hosts(); ++a) {
        for (std::size_t b = a + 1; b < hosts(); ++b) this->delay(a, b, delay);
    }
}

void Lan::heal() {
    Lock lock(switch_->mutex);
    for (Switch::Link& link : switch_->links) link = {};
}

void Lan::on_frame(std::function<void(const Frame&)> callback) {
    Lock lock(switch_->mutex);
    switch_->callback = std::move(callback);
}

void Lan::capture(std::size_t bytes_max) {
    Lock lock(switch_->mutex);
    switch_->kept_bytes_max = bytes_max;
}

Result<> Lan::write_pcap(const std::string& path) const {
    constexpr std::uint32_t kMagic = 0xa1b2c3d4;
    constexpr std::uint32_t kVersion = 2 | 4 << 16;
    constexpr std::uint32_t kEthernet = 1;
    std::string file;
    for (const std::uint32_t word :
         {kMagic, kVersion, 0u, 0u, static_cast<std::uint32_t>(kFrameBytesMax), kEthernet}) {
        append_word(file, word);
    }
    // The file has times of day.
    const Micros shift =
        Millis(io::wall_ms()) - std::chrono::duration_cast<Micros>(io::now().time_since_epoch());
    Lock lock(switch_->mutex);
    for (const KeptFrame& kept : switch_->kept) {
        const Micros at =
            shift + std::chrono::duration_cast<Micros>(kept.frame.at.time_since_epoch());
        append_word(file, static_cast<std::uint32_t>(at.count() / 1'000'000));
        append_word(file, static_cast<std::uint32_t>(at.count() % 1'000'000));
        append_word(file, static_cast<std::uint32_t>(kept.content.size()));
        append_word(file, static_cast<std::uint32_t>(kept.content.size()));
        file += kept.content;
    }
    return io::replace_file(path, file);
}

std::string Lan::tcp_payload(std::size_t from, std::size_t to) const {
    std::string payload;
    Lock lock(switch_->mutex);
    for (const KeptFrame& kept : switch_->kept) {
        if (kept.frame.from != from || kept.frame.to != to) continue;
        payload += tcp_bytes(kept.content);
    }
    return payload;
}

}  // namespace evenkeel::test
