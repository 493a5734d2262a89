// Character sets of the server: from collation ids and names, and from their bytes to UTF-8.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace evenkeel::wire {

enum class CharsetKind : std::uint8_t {
    binary,  // No text at all.
    utf8,    // utf8mb3, utf8mb4, ascii: bytes are UTF-8 already, as far as the server checked.
    other,   // Through TextConverter.
};

struct Charset {
    std::string name{};  // As the server calls it: "utf8mb4".
    CharsetKind kind = CharsetKind::binary;
    // Text whose bytes are all below 0x80 is ASCII: no conversion is needed.
    bool ascii_based = false;
};

// Errors: not_found  no known collation has this id.
Result<Charset> charset_of_collation(std::uint32_t collation);
// By CHARACTER_SET_NAME; the old name "utf8" too. Errors: not_found.
Result<Charset> charset_by_name(std::string_view name);

// Converts text of one charset to UTF-8; bytes that mean nothing become U+FFFD. Not thread-safe.
class TextConverter {
public:
    // Errors: not_found  neither we nor the C library know this charset (its name is in the text).
    static Result<TextConverter> open(const Charset& charset);
    ~TextConverter();
    TextConverter(TextConverter&&) noexcept;
    TextConverter& operator=(TextConverter&&) noexcept;

    // Replaces `out`.
    void to_utf8(std::string_view bytes, std::string& out) const;

private:
    struct Impl;
    explicit TextConverter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::wire
