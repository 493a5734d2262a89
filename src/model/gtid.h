// MariaDB global transaction ids (domain-server-sequence) and positions made of them. Values only.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace evenkeel {

struct Gtid {
    std::uint32_t domain = 0;
    std::uint32_t server = 0;
    std::uint64_t sequence = 0;

    auto operator<=>(const Gtid&) const = default;
    std::string str() const;  // "0-1-42"
};

std::optional<Gtid> parse_gtid(std::string_view text);

// The last transaction of each domain: @@gtid_slave_pos, Gtid_IO_Pos, a stream's checkpoint.
class GtidPosition {
public:
    bool empty() const { return last_.empty(); }
    // The last transaction of `domain`, or null.
    const Gtid* find(std::uint32_t domain) const;
    // Moves the domain of `gtid` to it, also backwards.
    void set(const Gtid& gtid) { last_[gtid.domain] = gtid; }
    const std::map<std::uint32_t, Gtid>& domains() const { return last_; }
    // Every domain of `other` is here with at least its sequence. It compares sequences only: two
    // histories that diverged need a GtidState to be told apart.
    bool reaches(const GtidPosition& other) const;
    // Sum of sequences over domains: a total order to break ties with, not a count.
    std::uint64_t weight() const;
    std::string str() const;  // "0-1-42,7-3-9"; empty for none.

    bool operator==(const GtidPosition&) const = default;

private:
    std::map<std::uint32_t, Gtid> last_;
};

// Accepts blanks around elements; nothing when malformed or when a domain appears twice.
std::optional<GtidPosition> parse_gtid_position(std::string_view text);

// @@gtid_binlog_state: the last sequence of each (domain, server) in a server's binlog. It knows
// from which server a transaction came, so it can tell "behind" from "diverged".
class GtidState {
public:
    void set(const Gtid& gtid) { last_[{gtid.domain, gtid.server}] = gtid.sequence; }
    // This binlog holds (or held) the transaction.
    bool contains(const Gtid& gtid) const;
    bool contains(const GtidPosition& position) const;
    // What `this` has that `other` lacks, one element per (domain, server), as ranges of sequences
    // "0-1-(8..11)"; empty text when other has all. Errant transactions of a server that comes
    // back.
    std::string missing_in(const GtidState& other) const;
    bool empty() const { return last_.empty(); }
    std::string str() const;

    bool operator==(const GtidState&) const = default;

private:
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> last_;
};

std::optional<GtidState> parse_gtid_state(std::string_view text);

}  // namespace evenkeel
