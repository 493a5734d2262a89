#include "sql/tls.h"

#include <array>
#include <cctype>
#include <utility>

namespace evenkeel::sql {

std::optional<TlsMode> parse_tls_mode(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, TlsMode>, 5> kModes = {
        {{"DISABLED", TlsMode::disabled},
         {"PREFERRED", TlsMode::preferred},
         {"REQUIRED", TlsMode::required},
         {"VERIFY_CA", TlsMode::verify_ca},
         {"VERIFY_IDENTITY", TlsMode::verify_identity}}};
    std::string upper(text);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (const auto& [name, mode] : kModes) {
        if (name == upper) return mode;
    }
    return {};
}

}  // namespace evenkeel::sql
