// MySQL's global transaction ids (source uuid, optional tag, sequence) and sets of them. Values
// only.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel {

struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const Uuid&) const = default;
    std::string str() const;  // "3e11fa47-71ca-11e1-9e33-c80aa9429562"
};

// With hyphens or without, upper or lower case.
std::optional<Uuid> parse_uuid(std::string_view text);

// Who numbers transactions: a server's uuid, and since MySQL 8.3 a tag beside it.
struct GtidSource {
    Uuid uuid{};
    std::string tag{};  // Lower case, at most 32 characters; empty: none.

    auto operator<=>(const GtidSource&) const = default;
};

struct MysqlGtid {
    GtidSource source{};
    std::uint64_t sequence = 0;  // From 1.

    auto operator<=>(const MysqlGtid&) const = default;
    std::string str() const;  // "<uuid>:7", "<uuid>:tag:7"
};

// @@gtid_executed, a stream's checkpoint on MySQL.
class GtidSet {
public:
    struct Range {
        std::uint64_t first = 0;
        std::uint64_t last = 0;  // Belongs to it.
        bool operator==(const Range&) const = default;
    };

    // Nothing happens when `range` is empty (last before first).
    void add(const GtidSource& source, Range range);
    void add(const MysqlGtid& gtid) { add(gtid.source, {gtid.sequence, gtid.sequence}); }
    void add(const GtidSet& other);
    void remove(const GtidSource& source, Range range);
    void remove(const MysqlGtid& gtid) { remove(gtid.source, {gtid.sequence, gtid.sequence}); }
    void remove(const GtidSet& other);

    bool empty() const { return sources_.empty(); }
    bool contains(const MysqlGtid& gtid) const;
    bool contains(const GtidSet& other) const { return other.minus(*this).empty(); }
    GtidSet minus(const GtidSet& other) const;
    std::uint64_t count() const;  // Transactions; UINT64_MAX when there are more.

    // As the server prints it, on one line: "<uuid>:1-5:7:tag:1-3,<uuid>:1"; empty for none.
    std::string str() const;
    // As COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS have it. With a tag in it servers before 8.3 do
    // not understand it.
    std::string encode() const;

    bool operator==(const GtidSet&) const = default;

private:
    // Ranges are in order, apart by at least one, and never none of a source.
    std::map<GtidSource, std::vector<Range>> sources_;
};

// The largest sequence that a server gives out.
inline constexpr std::uint64_t kGtidSequenceMax = (std::uint64_t{1} << 63) - 2;

bool is_gtid_tag(std::string_view text);

// As the server reads it: blanks and line ends around every part, ranges in any order, sources
// more than once. Nothing when malformed.
std::optional<GtidSet> parse_gtid_set(std::string_view text);

}  // namespace evenkeel
