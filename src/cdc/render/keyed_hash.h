// HMAC-SHA-256 of masked values. The key is worked in once; a value costs no memory.
#pragma once

#include <memory>
#include <string_view>

namespace evenkeel::cdc {

class KeyedHash {
public:
    explicit KeyedHash(std::string_view key);
    ~KeyedHash();
    KeyedHash(KeyedHash&&) noexcept;
    KeyedHash& operator=(KeyedHash&&) noexcept;

    static constexpr std::size_t kHexSize = 64;
    // Writes kHexSize characters; returns their end.
    char* put_hex(char* out, std::string_view text) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::cdc
