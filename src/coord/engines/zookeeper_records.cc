#include "coord/engines/zookeeper_records.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace evenkeel::coord {
namespace {

constexpr std::string_view kFirstLine = "evenkeel-map 1";
constexpr std::string_view kNewest = "-";
constexpr std::string_view kEmptyKey = "%";
// A watcher that is further behind reads the whole map.
constexpr std::size_t kTxnsMax = 64;
// Every transaction writes the head, so it has to stay small.
constexpr std::size_t kHeadBytesMax = 16'384;

bool plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return {};
}

std::string line_of(std::string_view version, const std::vector<std::string>& keys) {
    std::string line(version);
    for (const std::string& key : keys) line += " " + node_name(key);
    return line + "\n";
}

std::optional<TxnKeys> txn_of(std::string_view line, Version newest) {
    const auto words = split(line, ' ');
    if (words.empty()) return {};
    TxnKeys txn{.version = newest, .keys = {}};
    if (words[0] != kNewest) {
        const auto version = parse_number(words[0]);
        if (!version) return {};
        txn.version = *version;
    }
    for (std::size_t i = 1; i < words.size(); ++i) {
        auto key = key_of_node(words[i]);
        if (!key) return {};
        txn.keys.push_back(std::move(*key));
    }
    return txn;
}

}  // namespace

std::string node_name(std::string_view key) {
    if (key.empty()) return std::string(kEmptyKey);
    std::string name;
    for (std::size_t i = 0; i < key.size(); ++i) {
        // "." and ".." are no names of nodes.
        if (plain(key[i]) && !(i == 0 && key[i] == '.')) {
            name += key[i];
        } else {
            name += fmt::format("%{:02X}", static_cast<unsigned char>(key[i]));
        }
    }
    return name;
}

std::optional<std::string> key_of_node(std::string_view name) {
    if (name == kEmptyKey) return "";
    std::string key;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] != '%') {
            key += name[i];
            continue;
        }
        if (i + 2 >= name.size()) return {};
        const auto high = hex_digit(name[i + 1]);
        const auto low = hex_digit(name[i + 2]);
        if (!high || !low) return {};
        key += static_cast<char>(*high * 16 + *low);
        i += 2;
    }
    if (node_name(key) != name) return {};  // Two names for one key would be two values.
    return key;
}

std::string first_head() {
    return fmt::format("{}\n{}\n", kFirstLine, kNewest);
}

std::string next_head(const Head& before, const std::vector<std::string>& keys) {
    std::string content = fmt::format("{}\n{}", kFirstLine, line_of(kNewest, keys));
    for (std::size_t i = 0; i < std::min(before.recent.size(), kTxnsMax - 1); ++i) {
        const TxnKeys& txn = before.recent[i];
        const std::string line = line_of(std::to_string(txn.version), txn.keys);
        if (content.size() + line.size() > kHeadBytesMax) break;
        content += line;
    }
    return content;
}

Result<Head> read_head(std::string_view content, Version zxid, std::int32_t data_version) {
    const Error damaged{Errc::corrupt, "not what evenkeel writes"};
    auto lines = split(content, '\n');
    if (lines.size() < 3 || lines.front() != kFirstLine || !lines.back().empty()) return damaged;
    Head head{.version = zxid, .data_version = data_version, .recent = {}};
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
        auto txn = txn_of(lines[i], zxid);
        const bool newest = lines[i].starts_with(kNewest);
        if (!txn || newest != (i == 1)) return damaged;
        if (i > 1 && txn->version >= head.recent.back().version) return damaged;
        head.recent.push_back(std::move(*txn));
    }
    return head;
}

std::optional<std::map<std::string, Version>> changed_since(const Head& head, Version seen) {
    std::map<std::string, Version> changed;
    for (const TxnKeys& txn : head.recent) {
        if (txn.version <= seen) return changed;
        for (const std::string& key : txn.keys) changed.emplace(key, txn.version);  // Newest first.
    }
    return {};
}

}  // namespace evenkeel::coord
