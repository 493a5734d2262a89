// Partial updates of MySQL's JSON (binlog_row_value_options=PARTIAL_JSON): a row event then has the
// changes of a document instead of the document. Only what the changes touch is taken apart; the
// memory for that is used again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cdc/render/json_binary.h"

namespace evenkeel::cdc {

class JsonPatch {
public:
    // Appends the text of the document `before` with the changes of `diffs` made, one after
    // another. False when either is damaged or a change does not fit the document.
    [[nodiscard]] bool append(std::string_view before, std::string_view diffs, bool quirks,
                              ByteBuffer& out);

private:
    // Members and elements are a list behind `first`; 0: none.
    struct Node {
        JsonValue value{};
        std::string_view key{};
        std::uint32_t first = 0;
        std::uint32_t next = 0;
        bool opened = false;  // The children are nodes; otherwise they are in `value`.
        bool object = false;
    };
    struct Leg {
        bool member = false;
        std::string_view key{};
        std::uint64_t index = 0;
    };
    // A child, or where it would be.
    struct Spot {
        std::uint32_t parent = 0;
        std::uint32_t before = 0;  // The child in front of it; 0: none.
        std::uint32_t child = 0;   // 0: none.
    };
    enum class Operation : std::uint8_t { replace = 0, insert = 1, remove = 2 };

    bool apply(Operation operation, std::string_view path, std::string_view value);
    bool change(Operation operation, const Leg& leg, const Spot& spot, std::string_view value);
    bool take_leg(std::string_view& path, Leg& leg);
    bool take_quoted(std::string_view& path, std::string_view& key);
    bool open(std::uint32_t node);
    bool find(std::uint32_t parent, const Leg& leg, Spot& spot);
    std::uint32_t& link(const Spot& spot);
    bool write(std::uint32_t node, int depth, JsonBinaryWriter& writer, ByteBuffer& out) const;

    std::vector<Node> nodes_{};  // The first is no node, the second the document.
    std::size_t nodes_max_ = 0;
    std::string keys_{};  // Of legs that were quoted.
};

}  // namespace evenkeel::cdc
