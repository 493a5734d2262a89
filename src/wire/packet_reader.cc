#include "wire/packet_reader.h"

#include "wire/cursor.h"

namespace evenkeel::wire {
namespace {

// A payload longer than this that starts with 0xFE is data, not the end.
constexpr std::size_t kEndSizeMax = 8;

}  // namespace

PacketKind PacketReader::kind_of_status(unsigned status, std::size_t payload_size) {
    if (status == 0xFF) return PacketKind::error;
    return payload_size <= kEndSizeMax ? PacketKind::end : PacketKind::data;
}

std::size_t PacketReader::wanted(std::string_view bytes) {
    return bytes.size() < kHeaderSize ? kHeaderSize : kHeaderSize + payload_size(bytes);
}

std::optional<Packet> PacketReader::next_part(std::string_view& bytes) {
    if (done_) {
        joined_.clear();
        done_ = false;
    }
    while (bytes.size() >= kHeaderSize) {
        const std::size_t size = payload_size(bytes);
        if (bytes.size() < kHeaderSize + size) return {};
        const std::string_view payload = bytes.substr(kHeaderSize, size);
        bytes.remove_prefix(kHeaderSize + size);
        if (!joining_ && size < kFullPacket) return Packet{kind_of(payload), payload};
        joined_.append(payload);
        joining_ = size == kFullPacket;
        if (joining_) continue;
        done_ = true;
        return Packet{kind_of(joined_), joined_};
    }
    return {};
}

Result<ServerError> parse_server_error(std::string_view payload) {
    Cursor cursor(payload);
    const bool marked = cursor.u8() == 0xFF;
    ServerError error{.number = cursor.u16()};
    if (!marked || !cursor.ok()) {
        return Error{Errc::corrupt, "read server error: the packet is no error"};
    }
    if (!cursor.rest().empty() && cursor.rest().front() == '#') {
        cursor.skip(1);
        error.sql_state = cursor.take(5);
    }
    error.message = cursor.rest();
    return error;
}

}  // namespace evenkeel::wire
