// CRC-32 as zlib and the binlog compute it; with carry-less multiplication where the CPU has it.
#pragma once

#include <cstdint>
#include <string_view>

namespace evenkeel::wire {

// `before`: the CRC of the bytes in front of these, 0 for none.
std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0);

}  // namespace evenkeel::wire
