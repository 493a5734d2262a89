// Where a side of a TLS connection has its certificate. Paths of PEM files only: whoever connects
// or accepts reads them anew, so that a renewed certificate needs no restart.
#pragma once

#include <string>

namespace evenkeel::io {

struct TlsFiles {
    std::string ca{};    // Whose certificates the other side may have.
    std::string cert{};  // What this side shows.
    std::string key{};

    bool on() const { return !ca.empty(); }
    bool operator==(const TlsFiles&) const = default;
};

}  // namespace evenkeel::io
