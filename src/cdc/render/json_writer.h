// JSON texts written straight into room that the caller has made. Escapes as Jackson does: \" \\ \b
// \f \n \r \t and \u00XX with capitals; nothing else, so what is UTF-8 stays UTF-8. Bytes that are
// not UTF-8 become U+FFFD: the output is always valid JSON.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace evenkeel::cdc {

// Bytes of room that a string of `size` bytes needs at most.
inline constexpr std::size_t json_string_room(std::size_t size) {
    return 6 * size + 32;
}

// A string with its quotes. `readable`: how far memory behind `bytes` can be read (at least its
// end); with 32 bytes more, short strings are copied in one go. Returns the end.
char* put_json_string(char* out, std::string_view bytes, const char* readable);

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

// Copies `size` bytes in blocks of 16: up to 15 bytes more are read and written.
inline char* put_blocks(char* out, const char* from, std::size_t size) {
    for (std::size_t done = 0; done < size; done += 16) std::memcpy(out + done, from + done, 16);
    return out + size;
}

// A fixed piece of output, padded so that it can be copied in blocks.
class Literal {
public:
    Literal() = default;
    explicit Literal(std::string_view text) : size_(text.size()), padded_(text) {
        padded_.resize((size_ + 15) / 16 * 16);
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
