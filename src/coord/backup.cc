#include "coord/backup.h"

#include <fmt/core.h>
#include <openssl/sha.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "coord/lease_records.h"
#include "coord/member/upkeep.h"

namespace evenkeel::coord {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
// etcd takes 128 operations and 1.5 MB in one transaction.
constexpr std::size_t kOpsMax = 100;
constexpr std::size_t kBytesMax = 1u << 20;

std::string checksum(std::string_view text) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    return hex_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

// Values are JSON texts, for people to read here too; whatever else they become, no byte is lost.
std::string entry_line(const std::string& key, const std::string& value) {
    try {
        return Json{{"key", key}, {"value", value}}.dump();
    } catch (const Json::exception&) {
        return Json{{"key", key}, {"value_base64", base64_encode(value)}}.dump();
    }
}

std::optional<std::string> value_of(const Json& line) {
    if (line.contains("value")) return line["value"].get<std::string>();
    return base64_decode(line.at("value_base64").get<std::string>());
}

Error damaged(const std::string& why) {
    return {
        Errc::corrupt,
        fmt::format("read the backup: {}: nothing was restored; take another backup file", why)};
}

Result<Backup> parsed(std::string_view text) {
    Backup backup;
    std::size_t line = 0;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const Json json = Json::parse(text.substr(0, end));
        text.remove_prefix(end + 1);
        if (line++ == 0) {
            if (json.at("evenkeel_backup") != kFormat) {
                return damaged("a newer version of evenkeel wrote it");
            }
            backup.header = {.group = json.at("group"),
                             .engine = json.at("engine"),
                             .node = json.at("node"),
                             .version = json.at("version"),
                             .taken_ms = json.at("taken_ms")};
            continue;
        }
        const auto value = value_of(json);
        if (!value) return damaged("a value is not base64");
        backup.entries[json.at("key")] = *value;
    }
    return backup;
}

Version version_in(const Snapshot& present, const std::string& key) {
    for (const Entry& entry : present.entries) {
        if (entry.key == key) return entry.version;
    }
    return 0;
}

void add(Txn& txn, const Snapshot& present, const std::string& key,
         std::optional<std::string> value) {
    txn.compares.push_back({key, version_in(present, key)});
    txn.ops.push_back({key, std::move(value)});
}

}  // namespace

std::string to_text(const Backup& backup) {
    const BackupHeader& header = backup.header;
    std::string text = Json{{"evenkeel_backup", kFormat}, {"group", header.group},
                            {"engine", header.engine},    {"node", header.node},
                            {"version", header.version},  {"taken_ms", header.taken_ms}}
                           .dump() +
                       "\n";
    for (const auto& [key, value] : backup.entries) text += entry_line(key, value) + "\n";
    return text + Json{{"sha256", checksum(text)}}.dump() + "\n";
}

Result<Backup> backup_from_text(std::string_view text) {
    if (text.empty() || text.back() != '\n') return damaged("it is cut off");
    const auto last = text.substr(0, text.size() - 1).rfind('\n');
    if (last == std::string_view::npos) return damaged("it is no backup of evenkeel's");
    const std::string_view body = text.substr(0, last + 1);
    const Json end = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(last) + 1, text.end(),
                                 nullptr, false);
    if (!end.is_object() || !end.contains("sha256")) return damaged("it is cut off");
    if (end["sha256"] != checksum(body)) return damaged("its checksum does not match: damaged");
    try {
        return parsed(body);
    } catch (const Json::exception& cause) {
        return damaged(cause.what());
    }
}

bool is_fact(const std::string& key) {
    for (const char* own : {kMemberPrefix, kDutyPrefix, kMemberFactPrefix, kHandoverKey}) {
        if (key.starts_with(own)) return false;
    }
    return true;
}

Txn restore_facts(const Backup& backup, const Snapshot& present) {
    Txn txn;
    for (const auto& [key, value] : backup.entries) {
        if (is_fact(key)) add(txn, present, key, value);
    }
    for (const Entry& entry : present.entries) {
        if (is_fact(entry.key) && !backup.entries.contains(entry.key)) {
            add(txn, present, entry.key, std::nullopt);
        }
    }
    return txn;
}

Txn raise_epochs(const Backup& backup, const Snapshot& present) {
    std::map<std::string, std::uint64_t> epochs;
    const auto note = [&](const std::string& key, const std::string& value) {
        const auto record = key.starts_with(kDutyPrefix) ? duty_from_json(value) : std::nullopt;
        if (record) epochs[key] = std::max(epochs[key], record->epoch.value);
    };
    for (const auto& [key, value] : backup.entries) note(key, value);
    for (const Entry& entry : present.entries) note(entry.key, entry.value);
    Txn txn;
    for (const auto& [key, epoch] : epochs) {
        add(txn, present, key, to_json(DutyRecord{.epoch = Epoch{epoch + kEpochGap}}));
    }
    return txn;
}

std::vector<Txn> in_pieces(const Txn& txn) {
    std::vector<Txn> pieces;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < txn.ops.size(); ++i) {
        const std::size_t size =
            txn.ops[i].key.size() + (txn.ops[i].value ? txn.ops[i].value->size() : 0);
        if (pieces.empty() || pieces.back().ops.size() >= kOpsMax || bytes + size > kBytesMax) {
            pieces.emplace_back();
            bytes = 0;
        }
        pieces.back().compares.push_back(txn.compares[i]);
        pieces.back().ops.push_back(txn.ops[i]);
        bytes += size;
    }
    return pieces;
}

}  // namespace evenkeel::coord
