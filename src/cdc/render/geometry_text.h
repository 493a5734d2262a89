// Geometry values as well-known text, spelled as JTS does: "POINT (3 2)".
#pragma once

#include <string>
#include <string_view>

namespace evenkeel::cdc {

// Appends the text of a value of the server (SRID, then WKB); the SRID is dropped. False when the
// bytes are no geometry, or one of collections nested deeper than 32.
[[nodiscard]] bool append_geometry(std::string_view value, std::string& out);

}  // namespace evenkeel::cdc
