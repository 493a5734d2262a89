#include "coord/mirror.h"

#include <algorithm>
#include <set>

namespace evenkeel::coord {

std::vector<Change> Mirror::take(const WatchBatch& batch) {
    std::vector<Change> news;
    if (batch.whole) {
        std::set<std::string> present;
        for (const Change& change : batch.changes) present.insert(change.key);
        std::vector<std::string> gone;
        for (const auto& [key, entry] : entries_) {
            if (!present.contains(key)) gone.push_back(key);
        }
        for (const std::string& key : gone) absorb({key, std::nullopt, batch.version}, news);
    }
    for (const Change& change : batch.changes) absorb(change, news);
    complete_ = complete_ || batch.whole;
    watched_ = std::max(watched_, batch.version);
    std::erase_if(removed_, [&](const auto& each) { return each.second <= watched_; });
    return news;
}

std::vector<Change> Mirror::remember(const std::vector<Op>& ops, Version version) {
    std::vector<Change> news;
    // What the watch has passed already may have been changed again since.
    if (version <= watched_) return news;
    for (const Op& op : ops) absorb({op.key, op.value, version}, news);
    return news;
}

std::optional<Entry> Mirror::get(const std::string& key) const {
    const auto it = entries_.find(key);
    if (it == entries_.end()) return {};
    return it->second;
}

std::vector<Entry> Mirror::list(const std::string& prefix) const {
    std::vector<Entry> found;
    for (auto it = entries_.lower_bound(prefix);
         it != entries_.end() && it->first.starts_with(prefix); ++it) {
        found.push_back(it->second);
    }
    return found;
}

Version Mirror::version_of(const std::string& key) const {
    const auto it = entries_.find(key);
    return it == entries_.end() ? 0 : it->second.version;
}

// Up to which version the key's state is known. A missing key was told of by the watch too: as
// missing.
Version Mirror::known(const std::string& key) const {
    if (const auto it = entries_.find(key); it != entries_.end()) return it->second.version;
    if (const auto it = removed_.find(key); it != removed_.end()) return it->second;
    return watched_;
}

void Mirror::absorb(const Change& change, std::vector<Change>& news) {
    if (change.version <= known(change.key)) return;
    if (change.value) {
        removed_.erase(change.key);
        entries_[change.key] = {change.key, *change.value, change.version};
    } else {
        entries_.erase(change.key);
        removed_[change.key] = change.version;
    }
    news.push_back(change);
}

}  // namespace evenkeel::coord
