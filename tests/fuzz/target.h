// A fuzz target: bytes in, no crash, no read outside of them, no endless loop. The same function is
// run by libFuzzer (`./dev fuzz`) and, over the corpus, by the test fuzz.<name>.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace evenkeel::fuzz {

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// A result that only has to be made.
template <typename T>
void use(const T& value) {
    asm volatile("" : : "r"(&value) : "memory");
}

}  // namespace evenkeel::fuzz
