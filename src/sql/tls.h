// How a connection to a server is encrypted. Values only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace evenkeel::sql {

// Maxwell's and MySQL's words, and what they mean there.
enum class TlsMode {
    disabled,
    preferred,        // Plain when the server has no TLS.
    required,         // Against listeners only: whoever is in between can pose as the server.
    verify_ca,        // Its certificate is by `ca`, or by an authority that this host trusts.
    verify_identity,  // And names the host that is connected to.
};

struct Tls {
    TlsMode mode = TlsMode::disabled;
    // PEM files. A `ca` that is given is checked from `required` on.
    std::string ca{};
    std::string cert{};  // What this side shows, for accounts with REQUIRE X509.
    std::string key{};

    bool on() const { return mode != TlsMode::disabled; }
    bool operator==(const Tls&) const = default;
};

// "VERIFY_CA", in upper or lower case.
std::optional<TlsMode> parse_tls_mode(std::string_view text);

}  // namespace evenkeel::sql
