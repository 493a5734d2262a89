// JSON texts written straight into room that the caller has made. Escapes as Jackson does: \" \\ \b
// \f \n \r \t and \u00XX with capitals; nothing else, so what is UTF-8 stays UTF-8. Bytes that are
// not UTF-8 become U+FFFD: the output is always valid JSON.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace evenkeel::cdc {

// Bytes of room that a string of `size` bytes needs at most.
inline constexpr std::size_t json_string_room(std::size_t size) {
    return 6 * size + 40;
}

// put_json_string() of whatever it is.
char* put_any_json_string(char* out, std::string_view bytes, const char* readable);

inline constexpr std::size_t kCopyBlock = 32;

#ifdef __SSE2__
// A bit for each of 16 bytes that can be copied as it is. Copies all 16.
inline unsigned plain_of_16(char* out, const unsigned char* at) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    // Signed: neither the control characters nor everything from 0x80 up.
    const __m128i printable = _mm_cmpgt_epi8(block, _mm_set1_epi8(0x1f));
    const __m128i plain = _mm_andnot_si128(_mm_or_si128(quote, backslash), printable);
    return static_cast<unsigned>(_mm_movemask_epi8(plain));
}

// A bit for each of the first `size` bytes of a block that cannot be copied as it is. Copies all of
// the block, which is long enough that most strings are one, so that their lengths take no branch.
inline std::uint64_t special_of_block(char* out, const unsigned char* at, std::size_t size) {
    const std::uint64_t first = plain_of_16(out, at);
    const std::uint64_t plain = first | std::uint64_t{plain_of_16(out + 16, at + 16)} << 16;
    return ~plain & ((std::uint64_t{1} << size) - 1);
}
#endif

// A string of at most kCopyBlock bytes that has nothing to escape; a whole block is read. Null: it
// is for put_any_json_string().
inline char* put_short_json_string([[maybe_unused]] char* out, [[maybe_unused]] const char* bytes,
                                   [[maybe_unused]] std::size_t size) {
#ifdef __SSE2__
    const auto* at = reinterpret_cast<const unsigned char*>(bytes);
    if (special_of_block(out + 1, at, size) != 0) return nullptr;
    out[0] = '"';
    out[size + 1] = '"';
    return out + size + 2;
#else
    return nullptr;
#endif
}

// A string with its quotes. `readable`: how far memory behind `bytes` can be read (at least its
// end); with kCopyBlock bytes more, short strings are copied in one go. Returns the end.
inline char* put_json_string(char* out, std::string_view bytes, const char* readable) {
    if (bytes.size() <= kCopyBlock &&
        readable - bytes.data() >= static_cast<std::ptrdiff_t>(kCopyBlock)) {
        if (char* end = put_short_json_string(out, bytes.data(), bytes.size())) return end;
    }
    return put_any_json_string(out, bytes, readable);
}

inline char* put_json_string(char* out, std::string_view bytes) {
    return put_json_string(out, bytes, bytes.data() + bytes.size());
}

// `bytes` as a JSON string with its quotes.
std::string json_string(std::string_view bytes);

// Bytes of room for base64 with its quotes.
inline constexpr std::size_t base64_room(std::size_t size) {
    return (size + 2) / 3 * 4 + 2;
}
// `bytes` and then `zeros` zero bytes, as base64 with quotes.
char* put_base64(char* out, std::string_view bytes, std::size_t zeros = 0);

bool is_ascii(std::string_view bytes);
// One JSON value with white space around it at most, nested at most 100 deep.
bool is_json(std::string_view bytes);

inline char* put_text(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

// Copies `size` bytes in blocks of 16, at least one: up to 16 bytes more are read and written.
inline char* put_blocks(char* out, const char* from, std::size_t size) {
    std::memcpy(out, from, 16);
    for (std::size_t done = 16; done < size; done += 16) std::memcpy(out + done, from + done, 16);
    return out + size;
}

// A fixed piece of output, padded so that it can be copied in blocks.
class Literal {
public:
    Literal() = default;
    explicit Literal(std::string_view text) : size_(text.size()), padded_(text) {
        padded_.resize((size_ / 16 + 1) * 16);
    }
    std::string_view view() const { return {padded_.data(), size_}; }
    std::size_t size() const { return size_; }
    // Room: size() + 16.
    char* put(char* out) const { return put_blocks(out, padded_.data(), size_); }

private:
    std::size_t size_ = 0;
    std::string padded_{};
};

}  // namespace evenkeel::cdc
