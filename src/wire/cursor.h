// Reads little-endian protocol fields from bytes of a peer. A read past the end yields zero or an
// empty view and makes the cursor bad for good, so a parser reads everything first and checks
// ok() once.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace evenkeel::wire {

static_assert(std::endian::native == std::endian::little, "fields are loaded as they lie");

template <typename T>
inline T load(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

class Cursor {
public:
    explicit Cursor(std::string_view bytes)
        : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    bool ok() const { return ok_; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    // Bytes read so far; after a failed read the place where it failed.
    std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
    std::string_view rest() const { return {at_, left()}; }

    std::uint8_t u8() { return fixed<std::uint8_t>(); }
    std::uint16_t u16() { return fixed<std::uint16_t>(); }
    std::uint32_t u32() { return fixed<std::uint32_t>(); }
    std::uint64_t u64() { return fixed<std::uint64_t>(); }

    // An unsigned number of `size` bytes, at most 8.
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        const std::string_view bytes = take(size);
        if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }
    // One of 6 bytes, as table ids have. Its parts are put together in a register: a load of what
    // two stores have just written waits for both.
    std::uint64_t u48() {
        const std::string_view bytes = take(6);
        if (bytes.empty()) return 0;
        return load<std::uint32_t>(bytes.data()) |
               std::uint64_t{load<std::uint16_t>(bytes.data() + 4)} << 32;
    }

    // A length-encoded integer: 1, 3, 4 or 9 bytes.
    std::uint64_t lenenc() {
        const std::uint8_t first = u8();
        if (first < 251) return first;
        if (first == 252) return number(2);
        if (first == 253) return number(3);
        if (first == 254) return number(8);
        return fail(), 0;
    }

    std::string_view lenenc_text() { return take(lenenc()); }

    std::string_view take(std::uint64_t size) {
        if (!ok_ || size > left()) return fail(), std::string_view{};
        const std::string_view bytes(at_, static_cast<std::size_t>(size));
        at_ += size;
        return bytes;
    }

    void skip(std::uint64_t size) { (void)take(size); }
    void fail() { ok_ = false; }

private:
    template <typename T>
    T fixed() {
        if (!ok_ || left() < sizeof(T)) return fail(), T{0};
        const T value = load<T>(at_);
        at_ += sizeof(T);
        return value;
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    bool ok_ = true;
};

}  // namespace evenkeel::wire
