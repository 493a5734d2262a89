#include "model/gtid_set.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace evenkeel {
namespace {

constexpr std::size_t kTagMax = 32;

std::optional<std::uint8_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    const char lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
    return {};
}

void put_u64(std::string& to, std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) to += static_cast<char>(value >> shift);
}

std::string range_text(const GtidSet::Range& range) {
    return range.first == range.last ? fmt::format(":{}", range.first)
                                     : fmt::format(":{}-{}", range.first, range.last);
}

std::optional<GtidSet::Range> parse_range(std::string_view text) {
    const auto ends = split(text, '-');
    if (ends.empty() || ends.size() > 2) return {};
    const auto first = parse_number(trim(ends[0]));
    const auto last = ends.size() == 2 ? parse_number(trim(ends[1])) : first;
    if (!first || !last || *first == 0 || *first > kGtidSequenceMax || *last > kGtidSequenceMax) {
        return {};
    }
    return GtidSet::Range{*first, *last};
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

// "uuid:range:range:tag:range" added to `set`.
bool add_element(std::string_view text, GtidSet& set) {
    const auto parts = split(text, ':');
    if (parts.size() < 2) return false;
    const auto uuid = parse_uuid(trim(parts[0]));
    if (!uuid) return false;
    GtidSource source{.uuid = *uuid};
    bool tag_needs_range = false;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::string_view part = trim(parts[i]);
        if (is_gtid_tag(part)) {
            if (tag_needs_range) return false;
            source.tag = lower_case(part);
            tag_needs_range = true;
            continue;
        }
        const auto range = parse_range(part);
        if (!range) return false;
        set.add(source, *range);
        tag_needs_range = false;
    }
    return !tag_needs_range;
}

}  // namespace

std::string Uuid::str() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    Uuid uuid;
    const bool hyphens = text.size() == 36;
    if (!hyphens && text.size() != 32) return {};
    std::size_t at = 0;
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i) {
        if (hyphens && (i == 4 || i == 6 || i == 8 || i == 10) && text[at++] != '-') return {};
        const auto high = hex_digit(text[at]);
        const auto low = hex_digit(text[at + 1]);
        if (!high || !low) return {};
        uuid.bytes[i] = static_cast<std::uint8_t>(*high << 4 | *low);
        at += 2;
    }
    return uuid;
}

std::string MysqlGtid::str() const {
    const std::string tag = source.tag.empty() ? "" : ":" + source.tag;
    return fmt::format("{}{}:{}", source.uuid.str(), tag, sequence);
}

bool is_gtid_tag(std::string_view text) {
    if (text.empty() || text.size() > kTagMax) return false;
    if (std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
}

void GtidSet::add(const GtidSource& source, Range range) {
    if (range.last < range.first) return;
    auto& ranges = sources_[source];
    // What a stream does with each transaction.
    if (!ranges.empty() && range.first == ranges.back().last + 1) {
        ranges.back().last = range.last;
        return;
    }
    // The first that touches or lies behind.
    auto at = std::find_if(ranges.begin(), ranges.end(),
                           [&](const Range& r) { return r.last + 1 >= range.first; });
    auto end = at;
    while (end != ranges.end() && end->first <= range.last + 1) {
        range.first = std::min(range.first, end->first);
        range.last = std::max(range.last, end->last);
        ++end;
    }
    ranges.insert(ranges.erase(at, end), range);
}

void GtidSet::add(const GtidSet& other) {
    for (const auto& [source, ranges] : other.sources_) {
        for (const Range& range : ranges) add(source, range);
    }
}

void GtidSet::remove(const GtidSource& source, Range range) {
    const auto mine = sources_.find(source);
    if (mine == sources_.end() || range.last < range.first) return;
    std::vector<Range> left;
    for (const Range& r : mine->second) {
        if (r.first < range.first) left.push_back({r.first, std::min(r.last, range.first - 1)});
        if (r.last > range.last) left.push_back({std::max(r.first, range.last + 1), r.last});
    }
    if (left.empty()) {
        sources_.erase(mine);
    } else {
        mine->second = std::move(left);
    }
}

void GtidSet::remove(const GtidSet& other) {
    for (const auto& [source, ranges] : other.sources_) {
        for (const Range& range : ranges) remove(source, range);
    }
}

bool GtidSet::contains(const MysqlGtid& gtid) const {
    const auto mine = sources_.find(gtid.source);
    if (mine == sources_.end()) return false;
    return std::any_of(mine->second.begin(), mine->second.end(), [&](const Range& r) {
        return r.first <= gtid.sequence && gtid.sequence <= r.last;
    });
}

GtidSet GtidSet::minus(const GtidSet& other) const {
    GtidSet left = *this;
    left.remove(other);
    return left;
}

std::uint64_t GtidSet::count() const {
    std::uint64_t sum = 0;
    for (const auto& [source, ranges] : sources_) {
        for (const Range& range : ranges) {
            const std::uint64_t more = range.last - range.first + 1;
            sum = sum > UINT64_MAX - more ? UINT64_MAX : sum + more;
        }
    }
    return sum;
}

std::string GtidSet::str() const {
    std::string text;
    const Uuid* before = nullptr;
    for (const auto& [source, ranges] : sources_) {
        if (before == nullptr || *before != source.uuid) {
            text += (text.empty() ? "" : ",") + source.uuid.str();
        }
        before = &source.uuid;
        if (!source.tag.empty()) text += ":" + source.tag;
        for (const Range& range : ranges) text += range_text(range);
    }
    return text;
}

std::string GtidSet::encode() const {
    const bool tagged = std::any_of(sources_.begin(), sources_.end(),
                                    [](const auto& entry) { return !entry.first.tag.empty(); });
    // The format is in the highest byte, where it is 0 for what old servers know.
    constexpr std::uint64_t kTagged = std::uint64_t{1} << 56 | 1;
    const std::uint64_t sources = sources_.size();
    std::string bytes;
    put_u64(bytes, tagged ? kTagged | sources << 8 : sources);
    for (const auto& [source, ranges] : sources_) {
        bytes.append(reinterpret_cast<const char*>(source.uuid.bytes.data()),
                     source.uuid.bytes.size());
        if (tagged) {
            bytes += static_cast<char>(source.tag.size() << 1);
            bytes += source.tag;
        }
        put_u64(bytes, ranges.size());
        for (const Range& range : ranges) {
            put_u64(bytes, range.first);
            put_u64(bytes, range.last + 1);
        }
    }
    return bytes;
}

std::optional<GtidSet> parse_gtid_set(std::string_view text) {
    GtidSet set;
    if (trim(text).empty()) return set;
    for (const std::string& element : split(text, ',')) {
        // The server allows "a,,b" and a comma at the end.
        if (!trim(element).empty() && !add_element(element, set)) return {};
    }
    return set;
}

}  // namespace evenkeel
