// Splits the bytes of a connection into MySQL packets. The caller owns the receive buffer; a packet
// below 16 MiB is a view into it, a longer one is joined from its parts here. Pure; not
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/cursor.h"

namespace evenkeel::wire {

enum class PacketKind {
    data,   // Neither of the others.
    error,  // The server refused or gave up: parse_server_error().
    end,    // EOF: the server has sent all (non-blocking dump) or is going down.
};

struct Packet {
    PacketKind kind = PacketKind::data;
    // The whole payload, with its leading status byte (0x00 before each binlog event). Valid until
    // the receive buffer changes or next() is called.
    std::string_view payload{};
};

class PacketReader {
public:
    // Takes the first packet off `bytes` and moves `bytes` behind it; parts of a longer packet are
    // taken off too. Nothing when no packet is complete: keep `bytes`, read more, call again.
    std::optional<Packet> next(std::string_view& bytes) {
        if (!joining_ && !done_ && bytes.size() >= kHeaderSize) {
            const std::size_t size = payload_size(bytes);
            if (bytes.size() < kHeaderSize + size) return {};
            if (size < kFullPacket) {
                const std::string_view payload(bytes.data() + kHeaderSize, size);
                bytes.remove_prefix(kHeaderSize + size);
                return Packet{kind_of(payload), payload};
            }
        }
        return next_part(bytes);
    }
    // Bytes that next() needs to find at the front to make progress: size the buffer for it.
    // At most 4 + 16 MiB - 1.
    static std::size_t wanted(std::string_view bytes);

private:
    static constexpr std::size_t kHeaderSize = 4;
    static constexpr std::size_t kFullPacket = 0xFFFFFF;  // More of the packet follows.

    static std::size_t payload_size(std::string_view bytes) {
        return load<std::uint32_t>(bytes.data()) & 0xFFFFFF;
    }
    static PacketKind kind_of(std::string_view payload) {
        const unsigned status = payload.empty() ? 0 : static_cast<unsigned char>(payload.front());
        // Binlog events have status 0.
        return status < 0xFE ? PacketKind::data : kind_of_status(status, payload.size());
    }
    static PacketKind kind_of_status(unsigned status, std::size_t payload_size);
    // next() of a packet that comes in parts.
    std::optional<Packet> next_part(std::string_view& bytes);

    std::string joined_;
    bool joining_ = false;  // joined_ holds parts of a packet that is not complete.
    bool done_ = false;     // joined_ was handed out: clear it first.
};

struct ServerError {
    unsigned number = 0;  // For example 1236: the dump cannot go on.
    std::string sql_state{};
    std::string message{};
};

// `payload` of a packet of kind error. Errors: corrupt  it is none.
Result<ServerError> parse_server_error(std::string_view payload);

}  // namespace evenkeel::wire
