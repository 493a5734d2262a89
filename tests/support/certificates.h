// Certificates for tests, as `evenkeel cert` makes them: one authority and what it signs, as PEM
// files in a folder.
#pragma once

#include <string>

#include "io/tls_files.h"

namespace evenkeel::test {

class Certificates {
public:
    // Makes the authority.
    Certificates(std::string folder, const std::string& group);

    // Makes a new one for `name` on loopback, in place of the one that is there.
    io::TlsFiles issue(const std::string& name) const;
    io::TlsFiles files_of(const std::string& name) const;
    // What a client needs that shows no certificate.
    io::TlsFiles authority() const;

private:
    const std::string folder_;
    std::string ca_;
    std::string ca_key_;
};

}  // namespace evenkeel::test
