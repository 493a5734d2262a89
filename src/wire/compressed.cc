#include "wire/compressed.h"

#include <zlib.h>

#include <cstdint>

#include "wire/cursor.h"

namespace evenkeel::wire {
namespace {

// The largest row or statement that a server can hold (max_allowed_packet).
constexpr std::uint64_t kSizeMax = 1u << 30;

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

Error damaged(const char* why) {
    return {Errc::corrupt, std::string("uncompress: ") + why};
}

// `window`: as for inflateInit2; negative for a stream without zlib's header.
Result<> inflate_exactly(std::string_view packed, std::uint64_t size, int window,
                         std::string& out) {
    // A stream grows at most 1032-fold: don't take a damaged length at its word.
    if (size > kSizeMax || size > packed.size() * 1032 + 64) return damaged("impossible length");
    out.resize(size);
    z_stream stream{};
    if (inflateInit2(&stream, window) != Z_OK) return damaged("no memory");
    stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<unsigned>(packed.size());
    stream.next_out = reinterpret_cast<unsigned char*>(out.data());
    stream.avail_out = static_cast<unsigned>(size);
    const int ended = inflate(&stream, Z_FINISH);
    const bool whole = ended == Z_STREAM_END && stream.total_out == size;
    inflateEnd(&stream);
    if (!whole) return damaged("damaged data");
    return {};
}

}  // namespace

Result<> uncompress_event_part(std::string_view part, std::string& out) {
    // First byte: 1 (compressed), method in three bits (0: zlib), bytes of the length in the rest.
    Cursor cursor(part);
    const std::uint8_t head = cursor.u8();
    const std::uint64_t size = big_endian(cursor.take(head & 7u));
    if (!cursor.ok()) return damaged("cut");
    if ((head & 0xF0u) != 0x80u) return damaged("unknown method");
    return inflate_exactly(cursor.rest(), size, MAX_WBITS, out);
}

Result<> uncompress_column(std::string_view value, std::string& out) {
    out.clear();
    if (value.empty()) return {};
    // First byte: method in four bits (0: none, 8: zlib), whether zlib's header is left out, bytes
    // of the length in three bits.
    Cursor cursor(value);
    const std::uint8_t head = cursor.u8();
    if (head >> 4 == 0) {
        out = cursor.rest();
        return {};
    }
    const std::uint64_t size = big_endian(cursor.take(head & 7u));
    if (!cursor.ok()) return damaged("cut");
    if (head >> 4 != 8) return damaged("unknown method");
    return inflate_exactly(cursor.rest(), size, (head & 8u) != 0 ? -MAX_WBITS : MAX_WBITS, out);
}

}  // namespace evenkeel::wire
