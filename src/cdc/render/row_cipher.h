// Maxwell's encryption: AES-CBC with PKCS5 padding and a random initialisation vector for each
// text, which goes with it. The key is the secret's bytes as they are. There is no authentication:
// whoever can change the bytes can change what they say.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "cdc/render/byte_buffer.h"

namespace evenkeel::cdc {

// Not thread-safe.
class RowCipher {
public:
    // `key`: 16, 24 or 32 bytes.
    explicit RowCipher(std::string_view key);
    ~RowCipher();
    RowCipher(RowCipher&&) noexcept;
    RowCipher& operator=(RowCipher&&) noexcept;

    // `"encrypted":{"iv":"…","bytes":"…"}`, both in base64; lives until the next call.
    // Errors: unavailable  the system gives no random bytes.
    Result<std::string_view> encrypt(std::string_view text);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace evenkeel::cdc
