#include "wire/crc32.h"

#include <zlib.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace evenkeel::wire {
namespace {

std::uint32_t crc32_zlib(const char* bytes, std::size_t size, std::uint32_t before) {
    return static_cast<std::uint32_t>(
        ::crc32_z(before, reinterpret_cast<const unsigned char*>(bytes), size));
}

#ifdef __x86_64__
#define EK_PCLMUL __attribute__((target("pclmul,sse4.1")))

// Constants of "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Gopal and others,
// Intel, 2009) for the reflected polynomial 0x04C11DB7: x^n mod P for the distance of each fold.
alignas(16) constexpr std::uint64_t kFold64[] = {0x0154442bd4, 0x01c6e41596};
alignas(16) constexpr std::uint64_t kFold16[] = {0x01751997d0, 0x00ccaa009e};
alignas(16) constexpr std::uint64_t kFold8[] = {0x0163cd6124, 0};
alignas(16) constexpr std::uint64_t kBarrett[] = {0x01db710641, 0x01f7011641};

EK_PCLMUL inline __m128i load_at(const void* at) {
    return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

// Moves `sum` by the distance of `constants` and adds `next` there.
EK_PCLMUL inline __m128i fold(__m128i sum, __m128i next, __m128i constants) {
    const __m128i low = _mm_clmulepi64_si128(sum, constants, 0x00);
    const __m128i high = _mm_clmulepi64_si128(sum, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// 128 bits of sum to the 32 bits of the remainder.
EK_PCLMUL inline std::uint32_t reduce(__m128i sum) {
    const __m128i low_words = _mm_setr_epi32(~0, 0, ~0, 0);
    sum = _mm_xor_si128(_mm_srli_si128(sum, 8), _mm_clmulepi64_si128(sum, load_at(kFold16), 0x10));
    sum = _mm_xor_si128(_mm_srli_si128(sum, 4),
                        _mm_clmulepi64_si128(_mm_and_si128(sum, low_words), load_at(kFold8), 0x00));
    const __m128i barrett = load_at(kBarrett);
    __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(sum, low_words), barrett, 0x10);
    quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_words), barrett, 0x00);
    return static_cast<std::uint32_t>(_mm_extract_epi32(_mm_xor_si128(sum, quotient), 1));
}

// `size` is a multiple of 16 and at least 64. `state` is the inverted CRC, as inside the algorithm.
EK_PCLMUL std::uint32_t fold_blocks(const char* bytes, std::size_t size, std::uint32_t state) {
    __m128i sum[4];
    for (int i = 0; i < 4; ++i) sum[i] = load_at(bytes + 16 * i);
    sum[0] = _mm_xor_si128(sum[0], _mm_cvtsi32_si128(static_cast<int>(state)));
    const __m128i by64 = load_at(kFold64);
    for (bytes += 64, size -= 64; size >= 64; bytes += 64, size -= 64) {
        for (int i = 0; i < 4; ++i) sum[i] = fold(sum[i], load_at(bytes + 16 * i), by64);
    }
    const __m128i by16 = load_at(kFold16);
    for (int i = 1; i < 4; ++i) sum[0] = fold(sum[0], sum[i], by16);
    for (; size >= 16; bytes += 16, size -= 16) sum[0] = fold(sum[0], load_at(bytes), by16);
    return reduce(sum[0]);
}

bool has_pclmul() {
    static const bool has = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    return has;
}
#endif

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) {
#ifdef __x86_64__
    if (bytes.size() >= 64 && has_pclmul()) {
        const std::size_t blocks = bytes.size() & ~std::size_t{15};
        before = ~fold_blocks(bytes.data(), blocks, ~before);
        bytes.remove_prefix(blocks);
    }
#endif
    return bytes.empty() ? before : crc32_zlib(bytes.data(), bytes.size(), before);
}

}  // namespace evenkeel::wire
