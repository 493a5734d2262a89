// The values under member/ and duty/: JSON texts, one schema version. What was added later may be
// missing when read, and who does not know it passes over it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/instant.h"
#include "model/lease.h"

namespace evenkeel::coord {

inline constexpr const char* kMemberPrefix = "member/";
inline constexpr const char* kDutyPrefix = "duty/";

enum class MemberState {
    live,      // Renews its record.
    expelled,  // Was silent for its ttl; another member wrote this.
    dead,      // Its supervisor certified its worker's death.
    left,      // Stopped on purpose.
};
const char* to_string(MemberState state);

struct MemberRecord {
    std::string node{};
    std::string incarnation{};
    std::string api_address{};
    std::string peer_address{};  // Empty: the node's peers use api_address.
    std::string version{};       // Of the program.
    MemberState state = MemberState::live;
    std::uint64_t beat = 0;  // Grows with every renewal.
    Millis ttl{0};
};

struct DutyRecord {
    std::string holder{};       // Node; empty: free.
    std::string incarnation{};  // The holder's.
    Epoch epoch{};              // Of the present or the last holder.
    std::string preferred{};    // Free: the member that the last holder gave it to; empty: anybody.
};

std::string to_json(const MemberRecord& record);
std::string to_json(const DutyRecord& record);
// Nothing when the text is not such a record.
std::optional<MemberRecord> member_from_json(const std::string& text);
std::optional<DutyRecord> duty_from_json(const std::string& text);

}  // namespace evenkeel::coord
