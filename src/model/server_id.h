// A database server's identity: the address by which replicas and clients reach it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace evenkeel {

struct ServerId {
    std::string host{};
    std::uint16_t port = 3306;

    auto operator<=>(const ServerId&) const = default;
    std::string str() const;  // "db1:3306"; IPv6 hosts in brackets.
};

// "host", "host:port", "[v6]:port"; nothing when it is none of them.
std::optional<ServerId> parse_server_id(std::string_view text, std::uint16_t default_port = 3306);

}  // namespace evenkeel
