// What the ZooKeeper engine keeps in its nodes, and how keys become node names. Pure.
//
// The map's version is the zxid of the transaction that changed `head` last: every transaction
// changes it, so all nodes that one transaction writes have the same, and versions grow even when
// somebody wipes the whole root. `head` lists the keys of the last transactions, as text that a
// person can read with zkCli:
//     evenkeel-map 1
//     - duty%2Fleader member%2Fn1        the newest: its version is the zxid of `head` itself
//     4294967311 member%2Fn2
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coord/engine.h"

namespace evenkeel::coord {

// A key as the name of one node: letters, digits, '-', '_' and '.' stay, other bytes become %XX.
std::string node_name(std::string_view key);
// Nothing when `name` is not what node_name() makes.
std::optional<std::string> key_of_node(std::string_view name);

struct TxnKeys {
    Version version = 0;
    std::vector<std::string> keys{};

    bool operator==(const TxnKeys&) const = default;
};

struct Head {
    Version version = 0;
    std::int32_t data_version = 0;  // What a transaction compares; it restarts with a new head.
    std::vector<TxnKeys> recent{};  // Newest first; recent[0].version == version.
};

// The content of a map's first head.
std::string first_head();
// The content of the head after a transaction on `keys`.
std::string next_head(const Head& before, const std::vector<std::string>& keys);
// Errors: corrupt  that is not a head.
Result<Head> read_head(std::string_view content, Version zxid, std::int32_t data_version);

// The keys that transactions after `seen` changed, each with the version of the last of them;
// nothing when `head` does not reach back that far.
std::optional<std::map<std::string, Version>> changed_since(const Head& head, Version seen);

}  // namespace evenkeel::coord
