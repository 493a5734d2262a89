#include "tests/support/packet_capture.h"

#include <fmt/core.h>
#include <signal.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>

#include "base/text.h"
#include "io/clock.h"
#include "io/file.h"
#include "tests/support/eventually.h"

namespace evenkeel::test {
namespace {

constexpr Millis kStartLimit{10'000};
constexpr Millis kEndLimit{10'000};
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kPacketHeader = 16;
constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kTlsHeader = 5;
constexpr std::size_t kTlsRecordMax = 16384 + 2048;
constexpr unsigned kSyn = 2;

unsigned byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

// Network order.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | byte_at(bytes, at + i);
    return value;
}

// The capturing host's order.
std::uint32_t host_number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

struct Segment {
    int from = 0;
    int to = 0;
    std::uint32_t sequence = 0;
    bool syn = false;
    std::string_view payload{};
};

// Nothing for what is not TCP over IPv4.
bool parse_segment(std::string_view frame, Segment& segment) {
    if (frame.size() < kEthernetHeader + 20 || number_at(frame, 12, 2) != 0x0800) return false;
    const std::string_view packet = frame.substr(kEthernetHeader);
    const std::size_t header = (byte_at(packet, 0) & 15) * 4;
    const std::size_t total = number_at(packet, 2, 2);
    if (byte_at(packet, 9) != 6 || packet.size() < total || total < header + 20) return false;
    const std::string_view tcp = packet.substr(header, total - header);
    segment = {.from = static_cast<int>(number_at(tcp, 0, 2)),
               .to = static_cast<int>(number_at(tcp, 2, 2)),
               .sequence = number_at(tcp, 4, 4),
               .syn = (byte_at(tcp, 13) & kSyn) != 0,
               .payload = tcp.substr((byte_at(tcp, 12) >> 4) * 4)};
    return true;
}

// Pieces by their distance from the first byte.
struct Direction {
    TcpStream stream{};
    std::uint32_t first = 0;
    std::map<std::uint32_t, std::string> pieces{};

    TcpStream whole() const {
        TcpStream result = stream;
        for (const auto& [at, piece] : pieces) {
            if (at > result.bytes.size()) break;
            const std::size_t known = result.bytes.size() - at;  // Sent again.
            if (piece.size() > known) result.bytes += piece.substr(known);
        }
        return result;
    }
};

class Streams {
public:
    void add(const Segment& segment) {
        auto& current = current_[{segment.from, segment.to}];
        // A port pair may be used again by a later connection.
        const bool begins = segment.syn && (directions_.empty() || current == 0 ||
                                            directions_[current - 1].first != segment.sequence + 1);
        if (begins || current == 0) {
            directions_.push_back(
                {.stream = {.from = segment.from, .to = segment.to, .from_start = segment.syn},
                 .first = segment.sequence + (segment.syn ? 1 : 0)});
            current = directions_.size();
        }
        if (segment.payload.empty()) return;
        Direction& direction = directions_[current - 1];
        auto& piece = direction.pieces[segment.sequence - direction.first];
        if (piece.size() < segment.payload.size()) piece = segment.payload;
    }
    std::vector<TcpStream> whole() const {
        std::vector<TcpStream> result;
        for (const Direction& direction : directions_) result.push_back(direction.whole());
        return result;
    }

private:
    std::vector<Direction> directions_;
    std::map<std::pair<int, int>, std::size_t> current_;  // Index + 1.
};

}  // namespace

Result<PacketCapture> PacketCapture::start(const std::string& folder,
                                           const std::vector<int>& ports) {
    PacketCapture capture;
    capture.file_ = folder + "/capture.pcap";
    capture.log_ = folder + "/tcpdump.log";
    std::vector<std::string> filter;
    for (const int port : ports) filter.push_back(fmt::format("tcp port {}", port));
    // As root to the end: the folder belongs to root. A large buffer: a busy machine may be late.
    EK_TRY(capture.tcpdump_,
           io::Process::start({.argv = {"tcpdump", "-i", "lo", "-Z", "root", "-s", "0", "-B",
                                        "65536", "-w", capture.file_, join(filter, " or ")},
                               .output = capture.log_}));
    const auto log = [&] { return io::read_file(capture.log_).value_or(""); };
    const bool listens = eventually(kStartLimit, [&] {
        return log().find("listening on") != std::string::npos ||
               capture.tcpdump_.wait(io::within(Millis(0)));
    });
    if (listens && capture.tcpdump_.running()) return capture;
    return Error{Errc::unavailable, "start tcpdump: " + log()};
}

Result<std::vector<TcpStream>> PacketCapture::streams() {
    tcpdump_.signal(SIGINT);
    tcpdump_.wait(io::within(kEndLimit));
    EK_TRY(const std::string log, io::read_file(log_));
    if (log.find("\n0 packets dropped by kernel") == std::string::npos) {
        return Error{Errc::unavailable, "capture: packets were lost: " + log};
    }
    EK_TRY(const std::string file, io::read_file(file_));
    if (file.size() < kFileHeader || host_number_at(file, 0) != 0xa1b2c3d4) {
        return Error{Errc::corrupt, "capture: not a capture: " + file_};
    }
    Streams streams;
    for (std::size_t at = kFileHeader; at + kPacketHeader <= file.size();) {
        const std::size_t size = host_number_at(file, at + 8);
        Segment segment;
        if (parse_segment(std::string_view(file).substr(at + kPacketHeader, size), segment)) {
            streams.add(segment);
        }
        at += kPacketHeader + size;
    }
    return streams.whole();
}

bool is_tls(const std::string& bytes) {
    for (std::size_t at = 0; at + kTlsHeader <= bytes.size();) {
        const unsigned type = byte_at(bytes, at);
        const std::size_t size = number_at(bytes, at + 3, 2);
        if (type < 20 || type > 23 || byte_at(bytes, at + 1) != 3 || size > kTlsRecordMax) {
            return false;
        }
        at += kTlsHeader + size;
    }
    return true;
}

}  // namespace evenkeel::test
