#include "cdc/render/json_writer.h"

#include <algorithm>
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
            std::memcpy(copy.out, &escape, sizeof escape);
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
__m128i load_16(const unsigned char* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

bool is_ascii_block(const unsigned char* at) {
    return _mm_movemask_epi8(_mm_or_si128(load_16(at), load_16(at + 16))) == 0;
}

// The `size` characters of an ASCII block that was copied, of which the `special` ones are to be
// escaped. What is behind each of them is copied once more, to its place; nothing waits for the
// place of the one before. Two blocks are read.
Copy escape_block(Copy copy, std::size_t size, std::uint64_t special) {
    char* out = copy.out;
    for (; special != 0; special &= special - 1) {
        const auto at = static_cast<std::size_t>(std::countr_zero(special));
        const Escape& escape = kEscapes[copy.at[at]];
        std::memcpy(out + at, &escape, sizeof escape);
        out += escape.size - 1;
        std::memcpy(out + at + 1, copy.at + at + 1, kCopyBlock);
    }
    return {out + size, copy.at + size};
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

// The first ones of a block that was copied, of which the `special` ones cannot stay as they are.
// Where to go on: behind them, or behind the first special ones.
Copy past_block(Copy copy, const unsigned char* end, std::size_t size, std::uint64_t special) {
    if (special == 0) return {copy.out + size, copy.at + size};
    const auto plain = static_cast<std::size_t>(std::countr_zero(special));
    return copy_special({copy.out + plain, copy.at + plain}, end);
}

// The rest of a string of any characters, with its quote.
[[gnu::noinline]] char* put_rest(Copy copy, const unsigned char* end,
                                 const unsigned char* readable) {
    while (copy.at < end && readable - copy.at >= static_cast<std::ptrdiff_t>(kCopyBlock)) {
        const auto left = static_cast<std::size_t>(end - copy.at);
        const std::size_t size = std::min(left, kCopyBlock);
        copy = past_block(copy, end, size, special_of_block(copy.out, copy.at, size));
    }
    while (copy.at < end) {
        unsigned char rest[kCopyBlock] = {};
        const auto left = static_cast<std::size_t>(end - copy.at);
        std::memcpy(rest, copy.at, left);
        copy = past_block(copy, end, left, special_of_block(copy.out, rest, left));
    }
    *copy.out++ = '"';
    return copy.out;
}

}  // namespace

// Without a call: what the loop keeps in registers would have to be saved around it.
char* put_any_json_string(char* out, std::string_view bytes, const char* readable_end) {
    const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto* readable = reinterpret_cast<const unsigned char*>(readable_end);
    const unsigned char* end = at + bytes.size();
    *out++ = '"';
    Copy copy{out, at};
    while (copy.at < end) {
        if (readable - copy.at < static_cast<std::ptrdiff_t>(2 * kCopyBlock)) break;
        const auto left = static_cast<std::size_t>(end - copy.at);
        const std::size_t size = std::min(left, kCopyBlock);
        const std::uint64_t special = special_of_block(copy.out, copy.at, size);
        if (special != 0 && !is_ascii_block(copy.at)) break;
        copy = escape_block(copy, size, special);
    }
    return put_rest(copy, end, readable);
}
#else
char* put_any_json_string(char* out, std::string_view bytes, const char*) {
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
