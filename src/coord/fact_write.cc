#include "coord/fact_write.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace evenkeel::coord {

FactWrite::FactWrite(Txn wanted, const std::function<Version(const std::string&)>& known_version)
    : insisted_(std::move(wanted.compares)), ops_(std::move(wanted.ops)) {
    EK_CHECK(!ops_.empty(), "a write writes something");
    for (const Op& op : ops_) {
        const bool insisted =
            std::any_of(insisted_.begin(), insisted_.end(),
                        [&](const Compare& compare) { return compare.key == op.key; });
        if (!insisted) assumed_[op.key] = known_version(op.key);
    }
}

Txn FactWrite::txn() const {
    Txn txn{.compares = insisted_, .ops = ops_};
    for (const auto& [key, version] : assumed_) txn.compares.push_back({key, version});
    return txn;
}

FactWrite::Judgement FactWrite::judge(const TxnOutcome& outcome) {
    if (outcome.applied) return {Fate::applied, outcome.version};
    if (const auto version = applied_before(outcome.found)) return {Fate::applied, *version};
    if (adjust(outcome.found)) return {Fate::again, 0};
    // An earlier try may have been applied and what it wrote been overwritten since.
    return {unknown_ ? Fate::unknown : Fate::conflict, 0};
}

std::optional<Version> FactWrite::applied_before(const std::vector<Entry>& found) const {
    if (!unknown_) return {};
    Version version = 0;
    for (const Op& op : ops_) {
        const auto it = std::find_if(found.begin(), found.end(),
                                     [&](const Entry& entry) { return entry.key == op.key; });
        const bool exists = it != found.end();
        if (exists != op.value.has_value()) return {};
        if (!exists) continue;
        if (it->value != *op.value) return {};
        version = std::max(version, it->version);
    }
    return version;
}

bool FactWrite::adjust(const std::vector<Entry>& found) {
    std::map<std::string, Version> versions;
    for (const Entry& entry : found) versions[entry.key] = entry.version;
    for (const Compare& compare : insisted_) {
        if (versions[compare.key] != compare.version) return false;
    }
    for (auto& [key, version] : assumed_) version = versions[key];
    return true;
}

}  // namespace evenkeel::coord
