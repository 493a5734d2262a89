#include "cdc/render/json_patch.h"

#include <cstring>

#include "wire/cursor.h"

namespace evenkeel::cdc {
namespace {

constexpr std::uint32_t kRoot = 1;
// An element takes at least this much in its container.
constexpr std::size_t kEntryBytesMin = 3;

// Members are in this order: shorter names first.
int compare_keys(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    return std::memcmp(a.data(), b.data(), a.size());
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The number of \uXXXX behind its u; nothing when it is none.
std::optional<std::uint32_t> take_unit(std::string_view& text) {
    if (text.size() < 4) return {};
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
        const int digit = hex_digit(text[static_cast<std::size_t>(i)]);
        if (digit < 0) return {};
        unit = unit * 16 + static_cast<std::uint32_t>(digit);
    }
    text.remove_prefix(4);
    return unit;
}

void append_utf8(std::string& out, std::uint32_t c) {
    const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | c >> 6);
        tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | c >> 12);
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0 | c >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

bool append_escaped_character(std::string_view& text, std::string& out) {
    auto unit = take_unit(text);
    if (!unit) return false;
    if (*unit >= 0xD800 && *unit < 0xDC00 && text.starts_with("\\u")) {
        text.remove_prefix(2);
        const auto low = take_unit(text);
        if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
        unit = 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
    }
    append_utf8(out, *unit);
    return true;
}

// What stands behind a backslash.
bool append_escaped(std::string_view& text, std::string& out) {
    if (text.empty()) return false;
    const char c = text.front();
    text.remove_prefix(1);
    switch (c) {
        case 'b': out += '\b'; return true;
        case 'f': out += '\f'; return true;
        case 'n': out += '\n'; return true;
        case 'r': out += '\r'; return true;
        case 't': out += '\t'; return true;
        case 'u': return append_escaped_character(text, out);
        case '"':
        case '\\':
        case '/': out += c; return true;
        default: return false;
    }
}

bool take_index(std::string_view& path, std::uint64_t& index) {
    std::size_t digits = 0;
    index = 0;
    for (; digits < path.size() && path[digits] >= '0' && path[digits] <= '9'; ++digits) {
        if (digits == 10) return false;
        index = index * 10 + static_cast<std::uint64_t>(path[digits] - '0');
    }
    if (digits == 0 || digits >= path.size() || path[digits] != ']') return false;
    path.remove_prefix(digits + 1);
    return true;
}

}  // namespace

bool JsonPatch::append(std::string_view before, std::string_view diffs, bool quirks,
                       ByteBuffer& out) {
    const auto root = json_root(before);
    if (!root) return false;
    nodes_.clear();
    nodes_.resize(kRoot + 1);
    nodes_[kRoot].value = *root;
    nodes_max_ = (before.size() + diffs.size()) / kEntryBytesMin + 8;
    keys_.clear();
    keys_.reserve(diffs.size());  // What points into it stays: an unescaped key is never longer.
    wire::Cursor in(diffs);
    while (in.ok() && in.left() > 0) {
        const auto operation = static_cast<Operation>(in.u8());
        const std::string_view path = in.lenenc_text();
        const std::string_view value =
            operation == Operation::remove ? std::string_view{} : in.lenenc_text();
        if (!in.ok() || !apply(operation, path, value)) return false;
    }
    JsonBinaryWriter writer(out, before.size() + diffs.size(), quirks);
    return in.ok() && write(kRoot, 0, writer, out);
}

bool JsonPatch::apply(Operation operation, std::string_view path, std::string_view value) {
    if (!path.starts_with('$')) return false;
    path.remove_prefix(1);
    std::uint32_t node = kRoot;
    for (int depth = 0; depth < JsonBinaryWriter::kDepthMax; ++depth) {
        Leg leg;
        Spot spot;
        if (!take_leg(path, leg) || !find(node, leg, spot)) return false;
        if (path.empty()) return change(operation, leg, spot, value);
        if (spot.child == 0) return false;
        node = spot.child;
    }
    return false;
}

// `spot` is where `leg` points to.
bool JsonPatch::change(Operation operation, const Leg& leg, const Spot& spot,
                       std::string_view value) {
    if (operation == Operation::remove) {
        if (spot.child == 0) return false;
        link(spot) = nodes_[spot.child].next;
        return true;
    }
    const auto content = json_root(value);
    if (!content) return false;
    if (operation == Operation::replace) {
        if (spot.child == 0) return false;
        Node& node = nodes_[spot.child];
        node = {.value = *content, .key = node.key, .next = node.next};
        return true;
    }
    // Into an array in front of what is there; a member must be new.
    if (operation != Operation::insert || (leg.member && spot.child != 0)) return false;
    if (nodes_.size() >= nodes_max_) return false;
    const auto added = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({.value = *content, .key = leg.key, .next = link(spot)});
    link(spot) = added;
    return true;
}

bool JsonPatch::take_leg(std::string_view& path, Leg& leg) {
    if (path.empty()) return false;
    const char kind = path.front();
    path.remove_prefix(1);
    if (kind == '[') return take_index(path, leg.index);
    if (kind != '.' || path.empty()) return false;
    leg.member = true;
    if (path.front() == '"') return take_quoted(path, leg.key);
    leg.key = path.substr(0, path.find_first_of(".["));
    path.remove_prefix(leg.key.size());
    return !leg.key.empty();
}

bool JsonPatch::take_quoted(std::string_view& path, std::string_view& key) {
    path.remove_prefix(1);
    const std::size_t start = keys_.size();
    while (!path.empty()) {
        const char c = path.front();
        path.remove_prefix(1);
        if (c == '"') {
            key = std::string_view(keys_).substr(start);
            return true;
        }
        if (c != '\\') {
            keys_ += c;
        } else if (!append_escaped(path, keys_)) {
            return false;
        }
    }
    return false;
}

// Makes nodes of the children of `node`.
bool JsonPatch::open(std::uint32_t node) {
    if (nodes_[node].opened) return true;
    const auto container = JsonContainer::open(nodes_[node].value);
    if (!container || nodes_.size() + container->size() > nodes_max_) return false;
    nodes_[node].opened = true;
    nodes_[node].object = container->object();
    Spot spot{.parent = node};
    for (std::size_t i = 0; i < container->size(); ++i) {
        const auto value = container->value(i);
        const auto key = container->object() ? container->key(i) : std::string_view{};
        if (!value || !key) return false;
        const auto child = static_cast<std::uint32_t>(nodes_.size());
        nodes_.push_back({.value = *value, .key = *key});
        link(spot) = child;
        spot.before = child;
    }
    return true;
}

bool JsonPatch::find(std::uint32_t parent, const Leg& leg, Spot& spot) {
    if (!open(parent) || nodes_[parent].object != leg.member) return false;
    spot = {.parent = parent, .child = nodes_[parent].first};
    std::uint64_t index = 0;
    while (spot.child != 0) {
        const Node& node = nodes_[spot.child];
        if (leg.member) {
            const int order = compare_keys(node.key, leg.key);
            if (order == 0) return true;
            if (order > 0) break;
        } else if (index++ == leg.index) {
            return true;
        }
        spot.before = spot.child;
        spot.child = node.next;
    }
    if (leg.member) spot.child = 0;
    return true;
}

// What points to the child of `spot`, or would.
std::uint32_t& JsonPatch::link(const Spot& spot) {
    return spot.before != 0 ? nodes_[spot.before].next : nodes_[spot.parent].first;
}

bool JsonPatch::write(std::uint32_t node, int depth, JsonBinaryWriter& writer,
                      ByteBuffer& out) const {
    const Node& top = nodes_[node];
    if (!top.opened) return writer.write(top.value, depth);
    if (depth >= JsonBinaryWriter::kDepthMax) return false;
    out.append(top.object ? "{" : "[");
    for (std::uint32_t i = top.first; i != 0; i = nodes_[i].next) {
        if (i != top.first) out.append(",");
        if (top.object) {
            if (!writer.write_text(nodes_[i].key)) return false;
            out.append(":");
        }
        if (!write(i, depth + 1, writer, out)) return false;
    }
    out.append(top.object ? "}" : "]");
    return true;
}

}  // namespace evenkeel::cdc
