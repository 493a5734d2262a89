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

// 16 bytes that do nothing, 16 that copy, 16 that do nothing: read from the middle, a shift.
alignas(16) constexpr std::uint8_t kShift[48] = {
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};

// `sum`, and `size` (1 to 15) more bytes that end at `end`: sum's first bytes fold onto what
// remains of it with the new bytes behind. 16 bytes before `end` are readable.
EK_PCLMUL inline __m128i fold_rest(__m128i sum, const char* end, std::size_t size,
                                   __m128i constants) {
    const __m128i up = load_at(kShift + size);
    const __m128i down = load_at(kShift + 16 + size);
    // Where `down` has no byte of sum, which is where its indexes have their highest bit.
    const __m128i rest = _mm_blendv_epi8(_mm_shuffle_epi8(sum, down), load_at(end - 16), down);
    return fold(_mm_shuffle_epi8(sum, up), rest, constants);
}

// At least 16 bytes. `state` is the inverted CRC, as inside the algorithm.
EK_PCLMUL std::uint32_t fold_all(const char* bytes, std::size_t size, std::uint32_t state) {
    const __m128i by16 = load_at(kFold16);
    const __m128i start = _mm_cvtsi32_si128(static_cast<int>(state));
    __m128i sum = _mm_xor_si128(load_at(bytes), start);
    if (size >= 64) {
        __m128i more[3];
        for (int i = 0; i < 3; ++i) more[i] = load_at(bytes + 16 * (i + 1));
        const __m128i by64 = load_at(kFold64);
        for (bytes += 64, size -= 64; size >= 64; bytes += 64, size -= 64) {
            sum = fold(sum, load_at(bytes), by64);
            for (int i = 0; i < 3; ++i) {
                more[i] = fold(more[i], load_at(bytes + 16 * (i + 1)), by64);
            }
        }
        for (const __m128i& each : more) sum = fold(sum, each, by16);
    } else {
        bytes += 16;
        size -= 16;
    }
    for (; size >= 16; bytes += 16, size -= 16) sum = fold(sum, load_at(bytes), by16);
    if (size > 0) sum = fold_rest(sum, bytes + size, size, by16);
    return reduce(sum);
}

bool has_pclmul() {
    static const bool has = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    return has;
}
#endif

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) {
#ifdef __x86_64__
    if (bytes.size() >= 16 && has_pclmul()) {
        return ~fold_all(bytes.data(), bytes.size(), ~before);
    }
#endif
    return crc32_zlib(bytes.data(), bytes.size(), before);
}

}  // namespace evenkeel::wire
