#include "model/server_id.h"

#include "base/text.h"

namespace evenkeel {

std::string ServerId::str() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<ServerId> parse_server_id(std::string_view text, std::uint16_t default_port) {
    ServerId id{.host = {}, .port = default_port};
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return {};
        id.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
    } else {
        const auto colon = text.find(':');
        id.host = text.substr(0, colon);
        if (colon != std::string_view::npos) rest = text.substr(colon);
    }
    if (id.host.empty() || id.host.find_first_of(" /\t\n") != std::string::npos) return {};
    if (rest.empty()) return id;
    const auto port = rest.starts_with(':') ? parse_number(rest.substr(1)) : std::nullopt;
    if (!port || *port == 0 || *port > 65535) return {};
    id.port = static_cast<std::uint16_t>(*port);
    return id;
}

}  // namespace evenkeel
