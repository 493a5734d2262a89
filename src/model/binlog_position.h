// A place in the history of a server, in whichever of the three ways that server has one: MariaDB's
// GTID position, MySQL's GTID set, or file and offset (MySQL without GTIDs). Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "model/gtid.h"
#include "model/gtid_set.h"

namespace evenkeel {

// Means something on one server only.
struct FilePosition {
    std::string file{};
    std::uint64_t offset = 0;
    std::string server_uuid{};  // Whose file; empty: not known.
    std::uint32_t created = 0;  // When the file was made, seconds since 1970; 0: not known.

    bool operator==(const FilePosition&) const = default;
    std::string str() const;  // "binlog.000003:4711"
};

// "binlog.000009" comes before "binlog.000010", and "binlog.999999" before "binlog.1000000".
bool file_before(std::string_view a, std::string_view b);

// What a transaction is called; nothing when its server gave it no name (gtid_mode=OFF).
using TransactionId = std::variant<std::monostate, Gtid, MysqlGtid>;

std::string to_string(const TransactionId& id);  // Empty for none.

class BinlogPosition {
public:
    // Before the first transaction; no kind yet.
    BinlogPosition() = default;
    BinlogPosition(GtidPosition position);
    BinlogPosition(GtidSet set);
    BinlogPosition(FilePosition position) : value_(std::move(position)) {}

    bool empty() const { return std::holds_alternative<std::monostate>(value_); }
    // Null: it is of another kind.
    const GtidPosition* mariadb() const { return std::get_if<GtidPosition>(&value_); }
    const GtidSet* mysql() const { return std::get_if<GtidSet>(&value_); }
    const FilePosition* file() const { return std::get_if<FilePosition>(&value_); }

    // The transaction is behind this place now. False: it is named in another way than this
    // position is, which then stays as it was.
    bool add(const TransactionId& id);
    // All transactions before `other` are before this too. Of two kinds, or of the files of two
    // servers, neither reaches the other.
    bool reaches(const BinlogPosition& other) const;
    // "0-1-42", "<uuid>:1-5", "binlog.000003:4711"; empty for the beginning.
    std::string str() const;

    bool operator==(const BinlogPosition&) const = default;

private:
    std::variant<std::monostate, GtidPosition, GtidSet, FilePosition> value_;
};

// Either notation of GTIDs. Nothing when it is neither.
std::optional<BinlogPosition> parse_gtids(std::string_view text);
// "FILE:OFFSET".
std::optional<FilePosition> parse_file_position(std::string_view text);

}  // namespace evenkeel
