#include "wire/crc32.h"

#include <gtest/gtest.h>

#include <string>

namespace evenkeel::wire {
namespace {

// Bit by bit, as the definition has it.
std::uint32_t slow_crc(std::string_view bytes) {
    std::uint32_t crc = ~0u;
    for (const char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int i = 0; i < 8; ++i) crc = (crc & 1) != 0 ? 0xEDB88320u ^ crc >> 1 : crc >> 1;
    }
    return ~crc;
}

TEST(Crc32, IsTheWellKnownOne) {
    EXPECT_EQ(crc32(""), 0u);
    EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
}

TEST(Crc32, AgreesWithTheDefinitionForEveryLength) {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(crc32(bytes), slow_crc(bytes)) << bytes.size();
        bytes += static_cast<char>(i * 31 + 7);
    }
}

TEST(Crc32, GoesOnWhereItStopped) {
    const std::string bytes(200, 'q');
    for (const std::size_t cut : {0u, 1u, 64u, 100u, 200u}) {
        const std::string_view all = bytes;
        EXPECT_EQ(crc32(all.substr(cut), crc32(all.substr(0, cut))), crc32(all));
    }
}

}  // namespace
}  // namespace evenkeel::wire
