// Types of columns: as statements spell them, and as the schema keeps them. Pure.
//
// The canonical form is information_schema's COLUMN_TYPE without what differs between servers and
// means nothing for a row: display widths of integers and YEAR, comments, the old names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cdc/schema/schema.h"
#include "cdc/schema/token_cursor.h"

namespace evenkeel::cdc {

// CHARACTER SET and COLLATE as written; empty where not.
struct CharsetChoice {
    std::string charset{};  // "DEFAULT" too.
    std::string collation{};

    bool empty() const { return charset.empty() && collation.empty(); }
};

struct WrittenType {
    std::string base{};                     // "varchar", "int", "json": no aliases any more.
    std::string numbers{};                  // "(10,2)", or empty.
    std::optional<std::uint64_t> length{};  // Of texts, in characters.
    std::vector<std::string> labels{};      // ENUM, SET.
    bool is_unsigned = false;
    bool zerofill = false;
    bool json = false;  // MariaDB's JSON.
    CharsetChoice charset{};
};

// The type at the cursor, up to but without its attributes. Fails the cursor when it is not known.
WrittenType parse_type(TokenCursor& cursor);
// CHARACTER SET [=] x or COLLATE [=] x at the cursor. False: neither is there.
bool accept_charset(TokenCursor& cursor, CharsetChoice& choice);

// The charset that a choice means where `otherwise` is the default.
std::string resolve_charset(const CharsetChoice& choice, const std::string& otherwise);
// Sets the column's type and charset.
void resolve_type(const WrittenType& type, const std::string& default_charset,
                  SchemaColumn& column);
// ALTER TABLE … CONVERT TO: texts grow when their characters may need more bytes.
// False: not sure.
bool convert_charset(SchemaColumn& column, const std::string& charset);

// COLUMN_TYPE of information_schema in canonical form.
std::string canonical_type(std::string_view column_type);
// "utf8" is utf8mb3; lower case.
std::string canonical_charset(std::string_view charset);

// "enum" of "enum('a','b')", and what is behind it.
std::string_view type_name(std::string_view column_type);
std::vector<std::string> type_labels(std::string_view column_type);

}  // namespace evenkeel::cdc
