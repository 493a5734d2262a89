// Bytes as text: base64 and hex.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace evenkeel {

std::string base64_encode(std::string_view bytes);
// Nothing when `text` is not padded base64.
std::optional<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);

}  // namespace evenkeel
