// The EVP interface allocates for each digest; these functions, which OpenSSL 3 advises against for
// want of providers, do not.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "cdc/render/keyed_hash.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace evenkeel::cdc {
namespace {

using Block = std::array<unsigned char, 64>;
using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

// A key longer than a block is its own digest (RFC 2104).
Block block_of(std::string_view key) {
    Block block{};
    if (key.size() > block.size()) {
        SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), block.data());
    } else {
        std::copy(key.begin(), key.end(), block.begin());
    }
    return block;
}

SHA256_CTX begun_with(Block block, unsigned char pad) {
    for (unsigned char& byte : block) byte ^= pad;
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, block.data(), block.size());
    return context;
}

}  // namespace

struct KeyedHash::Impl {
    SHA256_CTX inner;
    SHA256_CTX outer;
};

KeyedHash::KeyedHash(std::string_view key)
    : impl_(std::make_unique<Impl>(
          Impl{begun_with(block_of(key), 0x36), begun_with(block_of(key), 0x5c)})) {}

KeyedHash::~KeyedHash() = default;
KeyedHash::KeyedHash(KeyedHash&&) noexcept = default;
KeyedHash& KeyedHash::operator=(KeyedHash&&) noexcept = default;

char* KeyedHash::put_hex(char* out, std::string_view text) const {
    Digest digest;
    SHA256_CTX context = impl_->inner;
    SHA256_Update(&context, text.data(), text.size());
    SHA256_Final(digest.data(), &context);
    context = impl_->outer;
    SHA256_Update(&context, digest.data(), digest.size());
    SHA256_Final(digest.data(), &context);
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (const unsigned char byte : digest) {
        *out++ = kDigits[byte >> 4];
        *out++ = kDigits[byte & 15];
    }
    return out;
}

}  // namespace evenkeel::cdc
