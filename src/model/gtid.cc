#include "model/gtid.h"

#include <fmt/core.h>

#include <vector>

#include "base/text.h"

namespace evenkeel {
namespace {

// The elements of a comma-separated list of GTIDs, or nothing when one of them is malformed.
std::optional<std::vector<Gtid>> parse_list(std::string_view text) {
    std::vector<Gtid> gtids;
    for (const std::string& part : split(trim(text), ',')) {
        const auto gtid = parse_gtid(trim(part));
        if (!gtid) return {};
        gtids.push_back(*gtid);
    }
    return gtids;
}

}  // namespace

std::string Gtid::str() const {
    return fmt::format("{}-{}-{}", domain, server, sequence);
}

std::optional<Gtid> parse_gtid(std::string_view text) {
    const auto parts = split(text, '-');
    if (parts.size() != 3) return {};
    const auto domain = parse_number(parts[0]);
    const auto server = parse_number(parts[1]);
    const auto sequence = parse_number(parts[2]);
    if (!domain || !server || !sequence || *domain > UINT32_MAX || *server > UINT32_MAX) return {};
    return Gtid{static_cast<std::uint32_t>(*domain), static_cast<std::uint32_t>(*server),
                *sequence};
}

const Gtid* GtidPosition::find(std::uint32_t domain) const {
    const auto it = last_.find(domain);
    return it == last_.end() ? nullptr : &it->second;
}

bool GtidPosition::reaches(const GtidPosition& other) const {
    for (const auto& [domain, gtid] : other.last_) {
        const Gtid* mine = find(domain);
        if (mine == nullptr || mine->sequence < gtid.sequence) return false;
    }
    return true;
}

std::uint64_t GtidPosition::weight() const {
    std::uint64_t sum = 0;
    for (const auto& [domain, gtid] : last_) sum += gtid.sequence;
    return sum;
}

std::string GtidPosition::str() const {
    std::string text;
    for (const auto& [domain, gtid] : last_) text += (text.empty() ? "" : ",") + gtid.str();
    return text;
}

std::optional<GtidPosition> parse_gtid_position(std::string_view text) {
    const auto gtids = parse_list(text);
    if (!gtids) return {};
    GtidPosition position;
    for (const Gtid& gtid : *gtids) {
        if (position.find(gtid.domain) != nullptr) return {};
        position.set(gtid);
    }
    return position;
}

bool GtidState::contains(const Gtid& gtid) const {
    const auto it = last_.find({gtid.domain, gtid.server});
    return it != last_.end() && it->second >= gtid.sequence;
}

bool GtidState::contains(const GtidPosition& position) const {
    for (const auto& [domain, gtid] : position.domains()) {
        if (!contains(gtid)) return false;
    }
    return true;
}

std::string GtidState::missing_in(const GtidState& other) const {
    std::string text;
    for (const auto& [origin, sequence] : last_) {
        const auto it = other.last_.find(origin);
        const std::uint64_t theirs = it == other.last_.end() ? 0 : it->second;
        if (theirs >= sequence) continue;
        text += text.empty() ? "" : ",";
        text += fmt::format("{}-{}-", origin.first, origin.second);
        text += theirs + 1 == sequence ? fmt::format("{}", sequence)
                                       : fmt::format("({}..{})", theirs + 1, sequence);
    }
    return text;
}

std::string GtidState::str() const {
    std::string text;
    for (const auto& [origin, sequence] : last_) {
        text += text.empty() ? "" : ",";
        text += fmt::format("{}-{}-{}", origin.first, origin.second, sequence);
    }
    return text;
}

std::optional<GtidState> parse_gtid_state(std::string_view text) {
    const auto gtids = parse_list(text);
    if (!gtids) return {};
    GtidState state;
    for (const Gtid& gtid : *gtids) state.set(gtid);
    return state;
}

}  // namespace evenkeel
