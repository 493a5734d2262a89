// The group's certificates: makes an authority and certificates for nodes, reads a certificate's
// facts, and says what is wrong with the files of a TLS side. PEM texts in and out (OpenSSL); never
// writes a file and never asks for a passphrase.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/tls_files.h"

namespace evenkeel::io {

using Days = std::chrono::duration<std::int64_t, std::ratio<86400>>;

// Ten years: replacing an authority means a rolling restart of the group.
inline constexpr Days kAuthorityLife{3653};
// Renewing needs no restart, so the life of a node's certificate is a matter of how long a stolen
// key may serve. 825 days is the longest that common TLS stacks accept from private authorities.
inline constexpr Days kCertificateLife{825};
// From here on there are warnings.
inline constexpr Days kExpiryNotice{30};

// PEM texts.
struct KeyPair {
    std::string cert{};
    std::string key{};
};

struct CertificateOrder {
    std::string name{};                // The subject's common name.
    std::vector<std::string> hosts{};  // Host names and addresses.
    std::chrono::seconds valid{};      // From now on, but never longer than the authority's.
};

struct CertificateFacts {
    std::string name{};    // The subject's common name.
    std::string issuer{};  // The issuer's.
    std::string organization{};
    std::string serial{};  // Hexadecimal.
    std::vector<std::string> hosts{};
    std::int64_t not_before = 0;  // Seconds since 1970.
    std::int64_t not_after = 0;
    bool authority = false;
    bool for_server = false;
    bool for_client = false;
};

// An authority (ECDSA P-256) for the nodes of `group` and nobody else.
// Errors: invalid  the name cannot be in a certificate.
Result<KeyPair> make_authority(const std::string& group, std::chrono::seconds valid);

// A certificate for both sides of a connection, with a new key. `authority.cert` may be a bundle:
// the one that fits `authority.key` signs.
// Errors: invalid  a host is neither a name nor an address; the authority's key and certificate
// do not fit.
Result<KeyPair> make_certificate(const KeyPair& authority, const CertificateOrder& order);

// Every certificate of a PEM text, in its order. Errors: invalid  there is none, or one is damaged.
Result<std::vector<CertificateFacts>> certificates_in(std::string_view pem);
// Each certificate of a bundle as a PEM text of its own.
Result<std::vector<std::string>> split_bundle(std::string_view pem);
// Errors: invalid  the first certificate of `pair.cert` does not belong to the key.
Result<> check_fits(const KeyPair& pair);

struct CheckedTls {
    CertificateFacts cert{};
    CertificateFacts authority{};         // Whose signature the certificate has.
    std::vector<std::string> warnings{};  // What will become a problem, with the remedy.
};

// Whether others will accept what this side shows: the files can be read, key and certificate fit,
// the authority has signed it, it is valid now, serves both sides and names every one of `hosts`.
// Errors name the file and the remedy: not_found, denied, invalid.
Result<CheckedTls> check_tls(const TlsFiles& files, const std::vector<std::string>& hosts);

// "2027-01-31", UTC.
std::string utc_date(std::int64_t seconds);

}  // namespace evenkeel::io
