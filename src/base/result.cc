#include "base/result.h"

namespace evenkeel {

const char* to_string(Errc code) {
    switch (code) {
        case Errc::invalid: return "invalid";
        case Errc::not_found: return "not_found";
        case Errc::conflict: return "conflict";
        case Errc::denied: return "denied";
        case Errc::not_leader: return "not_leader";
        case Errc::timed_out: return "timed_out";
        case Errc::unavailable: return "unavailable";
        case Errc::corrupt: return "corrupt";
    }
    return "unknown";
}

}  // namespace evenkeel
