#include "cdc/render/json_writer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <array>
#include <bit>
#include <vector>

namespace evenkeel::cdc {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// How an ASCII character is written that cannot stand for itself.
struct Escape {
    char text[7] = {};
    std::uint8_t size = 0;  // 0: it can.
};

constexpr std::array<Escape, 128> make_escapes() {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::array<Escape, 128> escapes{};
    for (unsigned c = 0; c < 0x20; ++c) {
        escapes[c] = {{'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]}, 6};
    }
    const auto two = [&](char c, char name) {
        escapes[static_cast<unsigned char>(c)] = {{'\\', name}, 2};
    };
    two('"', '"');
    two('\\', '\\');
    two('\b', 'b');
    two('\f', 'f');
    two('\n', 'n');
    two('\r', 'r');
    two('\t', 't');
    return escapes;
}
constexpr std::array<Escape, 128> kEscapes = make_escapes();

// Bytes of the UTF-8 character at `at`, whose first byte is 0x80 or above; 0 when it is none:
// stray, cut, overlong, a surrogate or beyond U+10FFFF.
std::size_t utf8_size(const unsigned char* at, std::size_t left) {
    const auto next = [&](std::size_t i) { return (at[i] & 0xC0) == 0x80; };
    const unsigned first = at[0];
    if (first < 0xC2) return 0;
    if (first < 0xE0) return left >= 2 && next(1) ? 2 : 0;
    if (first < 0xF0) {
        if (left < 3 || !next(1) || !next(2)) return 0;
        if (first == 0xE0 && at[1] < 0xA0) return 0;
        if (first == 0xED && at[1] >= 0xA0) return 0;
        return 3;
    }
    if (first > 0xF4 || left < 4 || !next(1) || !next(2) || !next(3)) return 0;
    if (first == 0xF0 && at[1] < 0x90) return 0;
    if (first == 0xF4 && at[1] >= 0x90) return 0;
    return 4;
}

struct Copy {
    char* out;
    const unsigned char* at;
};

// Copies special characters from `at` as long as they follow each other.
Copy copy_special(Copy copy, const unsigned char* end) {
    while (copy.at < end) {
        if (*copy.at < 0x80) {
            const Escape& escape = kEscapes[*copy.at];
            if (escape.size == 0) break;
            std::memcpy(copy.out, &escape.text, sizeof escape.text);
            copy.out += escape.size;
            ++copy.at;
            continue;
        }
        const std::size_t size = utf8_size(copy.at, static_cast<std::size_t>(end - copy.at));
        if (size == 0) {
            copy.out = put_text(copy.out, kReplacement);
            ++copy.at;
            continue;
        }
        std::memcpy(copy.out, copy.at, size);
        copy.out += size;
        copy.at += size;
    }
    return copy;
}

#ifdef __SSE2__
constexpr std::size_t kBlock = 32;

// A bit for each of 16 bytes that cannot be copied as it is. Copies all 16.
unsigned copy_16(char* out, const unsigned char* at) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    // Signed: below 0x20 is the control characters and everything from 0x80 up.
    const __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));
    const __m128i special = _mm_or_si128(_mm_or_si128(quote, backslash), low);
    return static_cast<unsigned>(_mm_movemask_epi8(special));
}

// The same of a block: long enough that most strings are one, so that their lengths take no branch.
std::uint64_t copy_block(char* out, const unsigned char* at) {
    const std::uint64_t low = copy_16(out, at);
    return low | std::uint64_t{copy_16(out + 16, at + 16)} << 16;
}
#endif

// Nested at most this deep: each level is one bit of state below.
constexpr std::size_t kDepthMax = 100;

// Accepts exactly the JSON of RFC 8259.
class JsonChecker {
public:
    explicit JsonChecker(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

    bool check() {
        if (!value()) return false;
        while (!open_.empty()) {
            if (!after_value()) return false;
        }
        skip_space();
        return at_ == end_;
    }

private:
    // A scalar, an empty container, or the beginning of a container up to its first value's end.
    bool value() {
        for (;;) {
            skip_space();
            if (at_ == end_) return false;
            const char c = *at_;
            if (c != '{' && c != '[') return scalar(c);
            if (open_.size() == kDepthMax) return false;
            ++at_;
            skip_space();
            if (accept(c == '{' ? '}' : ']')) return true;
            open_.push_back(c);
            if (c == '{' && !key()) return false;
        }
    }

    bool after_value() {
        skip_space();
        const bool object = open_.back() == '{';
        if (accept(object ? '}' : ']')) {
            open_.pop_back();
            return true;
        }
        return accept(',') && (!object || (skip_space(), key())) && value();
    }

    bool key() {
        if (!string()) return false;
        skip_space();
        return accept(':');
    }

    bool scalar(char first) {
        switch (first) {
            case '"': return string();
            case 't': return word("true");
            case 'f': return word("false");
            case 'n': return word("null");
            default: return number();
        }
    }

    bool string() {
        if (!accept('"')) return false;
        while (at_ < end_) {
            const auto c = static_cast<unsigned char>(*at_);
            if (c == '"') return ++at_, true;
            if (c < 0x20) return false;
            if (c == '\\') {
                if (!escape()) return false;
            } else if (c < 0x80) {
                ++at_;
            } else {
                const std::size_t size = utf8_size(reinterpret_cast<const unsigned char*>(at_),
                                                   static_cast<std::size_t>(end_ - at_));
                if (size == 0) return false;
                at_ += size;
            }
        }
        return false;
    }

    bool escape() {
        ++at_;
        if (at_ == end_) return false;
        const char c = *at_++;
        if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
        for (int i = 0; i < 4; ++i, ++at_) {
            if (at_ == end_) return false;
            const char h = *at_;
            const bool hex = is_digit(h) || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F');
            if (!hex) return false;
        }
        return true;
    }

    bool number() {
        accept('-');
        if (!accept('0') && !digits()) return false;
        if (accept('.') && !digits()) return false;
        if (!accept('e') && !accept('E')) return true;
        if (!accept('+')) accept('-');
        return digits();
    }

    bool digits() {
        const char* start = at_;
        while (at_ < end_ && is_digit(*at_)) ++at_;
        return at_ > start;
    }

    bool word(std::string_view text) {
        if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, text.size()) !=
            text) {
            return false;
        }
        at_ += text.size();
        return true;
    }

    bool accept(char c) {
        if (at_ == end_ || *at_ != c) return false;
        ++at_;
        return true;
    }

    void skip_space() {
        while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
    }

    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    const char* at_;
    const char* end_;
    std::string open_{};
};

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

#ifdef __SSE2__
namespace {

// `size` characters whose bits in `special` say which cannot be copied as they are; copied they
// are, all of them. Where to go on: behind them, or behind the first special ones.
Copy past_block(Copy copy, const unsigned char* end, std::size_t size, std::uint64_t special) {
    special &= (std::uint64_t{1} << size) - 1;
    if (special == 0) return {copy.out + size, copy.at + size};
    const auto plain = static_cast<std::size_t>(std::countr_zero(special));
    return copy_special({copy.out + plain, copy.at + plain}, end);
}

}  // namespace

char* put_json_string(char* out, std::string_view bytes, const char* readable) {
    const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
    const unsigned char* end = begin + bytes.size();
    const auto* last_block = reinterpret_cast<const unsigned char*>(readable) - kBlock;
    *out++ = '"';
    Copy copy{out, begin};
    while (copy.at < end && copy.at <= last_block) {
        const auto left = static_cast<std::size_t>(end - copy.at);
        const std::uint64_t special = copy_block(copy.out, copy.at);
        copy = past_block(copy, end, left < kBlock ? left : kBlock, special);
    }
    while (copy.at < end) {
        unsigned char rest[kBlock] = {};
        const auto left = static_cast<std::size_t>(end - copy.at);
        std::memcpy(rest, copy.at, left);
        copy = past_block(copy, end, left, copy_block(copy.out, rest));
    }
    *copy.out++ = '"';
    return copy.out;
}
#else
char* put_json_string(char* out, std::string_view bytes, const char*) {
    const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
    const unsigned char* end = begin + bytes.size();
    *out++ = '"';
    Copy copy{out, begin};
    while (copy.at < end) {
        copy = copy_special(copy, end);
        if (copy.at < end) *copy.out++ = static_cast<char>(*copy.at++);
    }
    *copy.out++ = '"';
    return copy.out;
}
#endif

std::string json_string(std::string_view bytes) {
    std::string text(json_string_room(bytes.size()), '\0');
    const char* end = put_json_string(text.data(), bytes);
    text.resize(static_cast<std::size_t>(end - text.data()));
    return text;
}

char* put_base64(char* out, std::string_view bytes, std::size_t zeros) {
    const std::size_t size = bytes.size() + zeros;
    const auto byte = [&](std::size_t i) -> std::uint32_t {
        return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
    };
    *out++ = '"';
    std::size_t i = 0;
    for (; i + 3 <= size; i += 3) {
        const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
        *out++ = kBase64[group >> 18];
        *out++ = kBase64[group >> 12 & 63];
        *out++ = kBase64[group >> 6 & 63];
        *out++ = kBase64[group & 63];
    }
    if (i < size) {
        const bool two = size - i == 2;
        const std::uint32_t group = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0u);
        *out++ = kBase64[group >> 18];
        *out++ = kBase64[group >> 12 & 63];
        *out++ = two ? kBase64[group >> 6 & 63] : '=';
        *out++ = '=';
    }
    *out++ = '"';
    return out;
}

bool is_ascii(std::string_view bytes) {
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t high = 0;
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, 8);
        high |= word;
    }
    for (; left > 0; ++at, --left) high |= static_cast<unsigned char>(*at);
    return (high & 0x8080808080808080u) == 0;
}

bool is_json(std::string_view bytes) {
    return JsonChecker(bytes).check();
}

}  // namespace evenkeel::cdc
