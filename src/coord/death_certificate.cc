#include "coord/death_certificate.h"

#include "coord/lease_records.h"

namespace evenkeel::coord {

DeathCertificate certificate_for(const std::optional<Entry>& member,
                                 const std::string& incarnation) {
    auto record = member ? member_from_json(member->value) : std::nullopt;
    // A worker that lost its seat came back as "<incarnation>#<n>": still the same process.
    const bool same = record && (record->incarnation == incarnation ||
                                 record->incarnation.starts_with(incarnation + "#"));
    if (!same) return {};
    if (record->state != MemberState::live) {
        return {.txn = {}, .certified = record->state == MemberState::dead};
    }
    record->state = MemberState::dead;
    return {.txn = Txn{.compares = {{member->key, member->version}},
                       .ops = {{member->key, to_json(*record)}}}};
}

}  // namespace evenkeel::coord
