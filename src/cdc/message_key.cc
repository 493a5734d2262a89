#include "cdc/message_key.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <iterator>

#include "cdc/render/json_writer.h"
#include "cdc/render/value_text.h"

namespace evenkeel::cdc {
namespace {

// SplitMix64: numbers that follow each other become unlike each other.
std::uint64_t mixed(std::uint64_t number) {
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

std::string random_uuid(std::uint64_t random) {
    // Version 4, variant 1 (RFC 4122).
    const std::uint64_t high = (mixed(random) & ~std::uint64_t{0xf000}) | 0x4000;
    const std::uint64_t low =
        (mixed(random ^ 0xa5a5a5a5a5a5a5a5u) & ~(std::uint64_t{3} << 62)) | std::uint64_t{2} << 62;
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                       high & 0xffff, low >> 48, low & 0xffffffffffffu);
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return result;
}

// Values as Java's toString() has them, one behind the other; NULL is nothing.
void append_values(const std::vector<KeyValue>& values, std::string& out) {
    for (const KeyValue& value : values) {
        if (value.json == "null") continue;
        const std::size_t start = out.size();
        out += value.json;
        const std::string_view plain = unquoted(out.data() + start, value.json.size());
        const std::size_t size = plain.size();
        std::memmove(out.data() + start, plain.data(), size);
        out.resize(start + size);
    }
}

void append_by(PartitionBy by, const PartitionFacts& facts, std::string& out) {
    const std::size_t start = out.size();
    switch (by) {
        case PartitionBy::database: out += facts.database; return;
        case PartitionBy::table: out += facts.table; return;
        case PartitionBy::transaction_id:
            out += facts.xid ? std::to_string(*facts.xid) : "null";
            return;
        case PartitionBy::thread_id:
            out += facts.thread_id ? std::to_string(*facts.thread_id) : "null";
            return;
        case PartitionBy::random:
            fmt::format_to(std::back_inserter(out), "{:016x}", mixed(facts.random));
            return;
        case PartitionBy::column:
            if (facts.columns != nullptr) append_values(*facts.columns, out);
            return;
        case PartitionBy::primary_key:
            if (facts.primary_key == nullptr || facts.primary_key->empty()) {
                out += facts.database;
                out += facts.table;
                return;
            }
            append_values(*facts.primary_key, out);
            if (out.size() == start) out += "None";
            return;
    }
}

}  // namespace

void append_key(KeyFormat format, std::string_view database, std::string_view table,
                const std::vector<KeyValue>& primary_key, std::uint64_t random, ByteBuffer& out) {
    const auto append_string = [&](std::string_view text) {
        out.set_end(put_json_string(out.room(json_string_room(text.size())), text));
    };
    const bool hash = format == KeyFormat::hash;
    out.append(hash ? "{\"database\":" : "[");
    append_string(database);
    out.append(hash ? ",\"table\":" : ",");
    append_string(table);
    if (!hash) out.append(",[");
    if (hash && primary_key.empty()) {
        out.append(",\"_uuid\":\"");
        out.append(random_uuid(random));
        out.append("\"");
    }
    bool first = true;
    for (const KeyValue& value : primary_key) {
        if (hash || !first) out.append(",");
        first = false;
        if (!hash) out.append("{");
        append_string((hash ? "pk." : "") + lower(value.column));
        out.append(":");
        out.append(value.json);
        if (!hash) out.append("}");
    }
    out.append(hash ? "}" : "]]");
}

void append_partition_text(const KeyConfig& config, const PartitionFacts& facts, std::string& out) {
    const std::size_t start = out.size();
    append_by(config.partition_by, facts, out);
    const bool missing = config.partition_by == PartitionBy::column && out.size() == start;
    if (missing) append_by(config.partition_fallback, facts, out);
}

// Over UTF-16: a character outside of the basic plane counts as its two halves.
std::int32_t java_hash(std::string_view text) {
    std::uint32_t hash = 0;
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t offset) -> std::uint32_t {
            return i + offset < text.size() ? static_cast<unsigned char>(text[i + offset]) & 0x3fu
                                            : 0u;
        };
        const std::uint32_t lead = static_cast<unsigned char>(text[i]);
        if (lead < 0x80) {
            hash = 31 * hash + lead;
            i += 1;
        } else if (lead < 0xe0) {
            hash = 31 * hash + ((lead & 0x1f) << 6 | byte(1));
            i += 2;
        } else if (lead < 0xf0) {
            hash = 31 * hash + ((lead & 0x0f) << 12 | byte(1) << 6 | byte(2));
            i += 3;
        } else {
            const std::uint32_t code =
                ((lead & 0x07) << 18 | byte(1) << 12 | byte(2) << 6 | byte(3)) - 0x10000;
            hash = 31 * hash + (0xd800 + (code >> 10));
            hash = 31 * hash + (0xdc00 + (code & 0x3ff));
            i += 4;
        }
    }
    return static_cast<std::int32_t>(hash);
}

std::int32_t murmur3_hash(std::string_view text, std::uint32_t seed) {
    constexpr std::uint32_t kOne = 0xcc9e2d51;
    constexpr std::uint32_t kTwo = 0x1b873593;
    const auto scrambled = [](std::uint32_t block) { return std::rotl(block * kOne, 15) * kTwo; };
    std::uint32_t hash = seed;
    std::string_view rest = text;
    for (; rest.size() >= 4; rest.remove_prefix(4)) {
        std::uint32_t block = 0;
        std::memcpy(&block, rest.data(), 4);
        hash = std::rotl(hash ^ scrambled(block), 13) * 5 + 0xe6546b64;
    }
    std::uint32_t tail = 0;
    std::memcpy(&tail, rest.data(), rest.size());
    if (!rest.empty()) hash ^= scrambled(tail);
    hash ^= static_cast<std::uint32_t>(text.size());
    hash = (hash ^ hash >> 16) * 0x85ebca6b;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35;
    return static_cast<std::int32_t>(hash ^ hash >> 16);
}

std::int32_t partition_hash(PartitionHash hash, std::string_view text) {
    return hash == PartitionHash::java ? java_hash(text) : murmur3_hash(text);
}

std::uint32_t partition_of(std::int32_t hash, std::uint32_t partitions) {
    const std::int64_t rest = std::int64_t{hash} % std::int64_t{partitions};
    return static_cast<std::uint32_t>(rest < 0 ? -rest : rest);
}

}  // namespace evenkeel::cdc
