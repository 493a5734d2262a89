#include "cdc/schema/schema_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"

namespace evenkeel::cdc {
namespace {

using Json = nlohmann::json;

// etcd takes 128 operations and 1.5 MiB in a transaction, ZooKeeper 1 MiB.
constexpr std::size_t kOpsMax = 50;
constexpr std::size_t kBytesMax = 256u << 10;
constexpr const char* kGone = "null";

// A key's part: names may hold anything.
std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_' || c == '-';
        text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return text;
}

std::string object_of(const TableName& name) {
    if (name.table.empty()) return "d/" + escaped(name.database);
    return "t/" + escaped(name.database) + "/" + escaped(name.table);
}

std::string database_json(const SchemaDelta& delta) {
    return Json{{"database", delta.name.database}, {"charset", *delta.charset}}.dump(
        -1, ' ', false, Json::error_handler_t::replace);
}

Result<> put_stored(const std::string& object, const std::string& value, Schema& schema) {
    if (object.starts_with("t/")) {
        EK_TRY(SchemaTable table, schema_table_from_json(value));
        schema.put(std::move(table));
        return {};
    }
    const Json json = Json::parse(value, nullptr, false);
    const bool fits = json.is_object() && json.contains("database") && json.contains("charset") &&
                      json["database"].is_string() && json["charset"].is_string();
    if (!fits) return Error{Errc::corrupt, "read a stored database: not one"};
    schema.put_database(json["database"], json["charset"]);
    return {};
}

std::size_t bytes_of(const coord::Op& op) {
    return op.key.size() + (op.value ? op.value->size() : 0);
}

}  // namespace

std::string schema_prefix(const std::string& stream) {
    return "schema/" + stream + "/";
}

SchemaStore::SchemaStore(coord::Coordinator& coordinator, Grant grant, const std::string& stream)
    : coordinator_(coordinator), grant_(std::move(grant)), prefix_(schema_prefix(stream)) {}

std::string SchemaStore::key(const std::string& object, std::uint64_t version) const {
    return fmt::format("{}{}/{}", prefix_, object, version);
}

Result<Schema> SchemaStore::load(std::uint64_t version, NameCase name_case, Deadline deadline) {
    struct Newest {
        std::uint64_t version = 0;
        std::string value{};
    };
    std::map<std::string, Newest> newest;
    std::vector<coord::Op> newer;
    current_.clear();
    garbage_.clear();
    for (const coord::Entry& entry : coordinator_.list(prefix_)) {
        const std::size_t slash = entry.key.rfind('/');
        const auto number = parse_number(std::string_view(entry.key).substr(slash + 1));
        if (!number || *number > version || slash < prefix_.size()) {
            newer.push_back({.key = entry.key, .value = std::nullopt});
            continue;
        }
        const std::string object = entry.key.substr(prefix_.size(), slash - prefix_.size());
        Newest& known = newest[object];
        if (known.version > *number) {
            garbage_.push_back(entry.key);
            continue;
        }
        if (known.version > 0) garbage_.push_back(key(object, known.version));
        known = {.version = *number, .value = entry.value};
    }
    EK_TRY_VOID(commit_pieces(newer, deadline));
    Schema schema(name_case);
    for (const auto& [object, known] : newest) {
        if (known.value == kGone) {
            garbage_.push_back(key(object, known.version));
            continue;
        }
        EK_TRY_VOID(put_stored(object, known.value, schema));
        current_[object] = known.version;
    }
    return schema;
}

// Of each object only its last state counts.
std::vector<SchemaStore::Write> SchemaStore::writes(const SchemaHistory& history,
                                                    std::uint64_t version) const {
    std::map<std::string, const SchemaDelta*> last;
    for (const SchemaDelta& delta : history.pending()) {
        if (delta.version <= version) last[object_of(delta.name)] = &delta;
    }
    std::vector<Write> found;
    for (const auto& [object, delta] : last) {
        Write write{.object = object, .version = delta->version};
        write.gone = !delta->table && !delta->charset;
        write.op = {.key = key(object, delta->version), .value = kGone};
        if (delta->table) write.op.value = to_json(*delta->table);
        if (delta->charset) write.op.value = database_json(*delta);
        // Never stored, gone again.
        if (write.gone && !current_.contains(object)) continue;
        found.push_back(std::move(write));
    }
    return found;
}

Result<> SchemaStore::commit_pieces(const std::vector<coord::Op>& ops, Deadline deadline) {
    coord::Txn txn;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        txn.ops.push_back(ops[i]);
        bytes += bytes_of(ops[i]);
        const bool full = txn.ops.size() == kOpsMax || bytes > kBytesMax;
        if (!full && i + 1 < ops.size()) continue;
        EK_TRY_VOID(coordinator_.commit(grant_, std::move(txn), deadline));
        txn = {};
        bytes = 0;
    }
    return {};
}

Result<std::vector<coord::Op>> SchemaStore::prepare(const SchemaHistory& history,
                                                    std::uint64_t version, Deadline deadline) {
    std::vector<Write> found = writes(history, version);
    std::vector<coord::Op> ops;
    next_ = current_;
    next_garbage_.clear();
    removed_ = 0;
    std::size_t bytes = 0;
    for (const Write& write : found) bytes += bytes_of(write.op);
    const bool together = found.size() * 2 <= kOpsMax && bytes <= kBytesMax;
    for (Write& write : found) {
        const auto before = current_.find(write.object);
        if (before != current_.end()) {
            std::string old = key(write.object, before->second);
            if (together) {
                ops.push_back({.key = std::move(old), .value = std::nullopt});
            } else {
                next_garbage_.push_back(std::move(old));
            }
        }
        if (write.gone) {
            next_.erase(write.object);
        } else {
            next_[write.object] = write.version;
        }
    }
    if (!together) {
        // The mark that an object is gone goes only after what it marks.
        std::vector<coord::Op> pieces;
        for (Write& write : found) {
            if (write.gone) next_garbage_.push_back(write.op.key);
            pieces.push_back(std::move(write.op));
        }
        EK_TRY_VOID(commit_pieces(pieces, deadline));
    } else {
        for (Write& write : found) {
            if (!write.gone) ops.push_back(std::move(write.op));
        }
    }
    for (; removed_ < garbage_.size() && ops.size() < kOpsMax; ++removed_) {
        ops.push_back({.key = garbage_[removed_], .value = std::nullopt});
    }
    return ops;
}

void SchemaStore::stored() {
    current_ = std::move(next_);
    next_ = {};
    garbage_.erase(garbage_.begin(), garbage_.begin() + static_cast<std::ptrdiff_t>(removed_));
    garbage_.insert(garbage_.end(), next_garbage_.begin(), next_garbage_.end());
    next_garbage_.clear();
    removed_ = 0;
}

}  // namespace evenkeel::cdc
