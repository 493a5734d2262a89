#include "cdc/render/row_cipher.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <string>

#include "base/check.h"
#include "cdc/render/json_writer.h"

namespace evenkeel::cdc {
namespace {

constexpr std::size_t kBlock = 16;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const EVP_CIPHER* cipher_of(std::size_t key_size) {
    return key_size == 16   ? EVP_aes_128_cbc()
           : key_size == 24 ? EVP_aes_192_cbc()
                            : EVP_aes_256_cbc();
}

}  // namespace

struct RowCipher::Impl {
    std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context{EVP_CIPHER_CTX_new()};
    std::string bytes{};
    ByteBuffer field{};
};

RowCipher::RowCipher(std::string_view key) : impl_(std::make_unique<Impl>()) {
    EK_CHECK(key.size() == 16 || key.size() == 24 || key.size() == 32, "a key of a wrong size");
    const int ready =
        EVP_EncryptInit_ex(impl_->context.get(), cipher_of(key.size()), nullptr,
                           reinterpret_cast<const unsigned char*>(key.data()), nullptr);
    EK_CHECK(ready == 1, "OpenSSL has no AES-CBC");
}

RowCipher::~RowCipher() = default;
RowCipher::RowCipher(RowCipher&&) noexcept = default;
RowCipher& RowCipher::operator=(RowCipher&&) noexcept = default;

Result<std::string_view> RowCipher::encrypt(std::string_view text) {
    std::array<unsigned char, kBlock> iv;
    if (RAND_bytes(iv.data(), static_cast<int>(iv.size())) != 1) {
        return Error{Errc::unavailable, "encrypt a row: the system gives no random bytes"};
    }
    EVP_CIPHER_CTX* context = impl_->context.get();
    std::string& bytes = impl_->bytes;
    bytes.resize(text.size() + kBlock);
    auto* out = reinterpret_cast<unsigned char*>(bytes.data());
    int size = 0;
    int rest = 0;
    const bool done =
        EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, iv.data()) == 1 &&
        EVP_EncryptUpdate(context, out, &size, reinterpret_cast<const unsigned char*>(text.data()),
                          static_cast<int>(text.size())) == 1 &&
        EVP_EncryptFinal_ex(context, out + size, &rest) == 1;
    EK_CHECK(done, "OpenSSL refuses to encrypt");
    bytes.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));

    ByteBuffer& field = impl_->field;
    field.clear();
    field.append("\"encrypted\":{\"iv\":");
    const std::string_view iv_bytes(reinterpret_cast<const char*>(iv.data()), iv.size());
    field.set_end(put_base64(field.room(base64_room(iv.size())), iv_bytes));
    field.append(",\"bytes\":");
    field.set_end(put_base64(field.room(base64_room(bytes.size())), bytes));
    field.append("}");
    return field.view();
}

}  // namespace evenkeel::cdc
