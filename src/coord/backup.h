// A group's facts as a file that any engine can take back: JSON lines and a checksum. Pure: bytes
// in, values out; backup_run.h reads and writes engines.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coord/engine.h"

namespace evenkeel::coord {

struct BackupHeader {
    std::string group{};
    std::string engine{};
    std::string node{};     // Where it was taken.
    std::string version{};  // Of the program.
    std::int64_t taken_ms = 0;

    bool operator==(const BackupHeader&) const = default;
};

struct Backup {
    BackupHeader header{};
    std::map<std::string, std::string> entries{};  // Key, relative to the group's root → value.
};

std::string to_text(const Backup& backup);
// Errors: corrupt  damaged, cut off, or no backup of evenkeel's.
Result<Backup> backup_from_text(std::string_view text);

// How far epochs are raised above everything that was ever granted: also above what was granted
// after the backup was taken.
inline constexpr std::uint64_t kEpochGap = 1'000'000;

// Facts of the features; not what members and leases write about themselves.
bool is_fact(const std::string& key);

// What makes `present` be what the backup has: facts put or removed; each key is compared at the
// version that it has in `present`.
Txn restore_facts(const Backup& backup, const Snapshot& present);
// Takes every duty from its holder and raises its epoch.
Txn raise_epochs(const Backup& backup, const Snapshot& present);
// The same in pieces that an engine accepts; together they are not atomic.
std::vector<Txn> in_pieces(const Txn& txn);

}  // namespace evenkeel::coord
