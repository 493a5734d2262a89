// What stands in the parentheses of CREATE TABLE and behind ADD: columns with their attributes, and
// keys. Pure; fails its cursor on everything that it has not heard of.
#pragma once

#include <string>
#include <vector>

#include "cdc/schema/ddl.h"
#include "cdc/schema/token_cursor.h"

namespace evenkeel::cdc {

struct TableElements {
    std::vector<ColumnSpec> columns{};
    std::vector<std::string> primary_key{};
    bool has_primary_key = false;
};

// A column, from its name on; FIRST and AFTER go into `place` when it is given.
ColumnSpec parse_column(TokenCursor& cursor, ColumnPlace* place);
// From behind "(" up to and with ")".
void parse_elements(TokenCursor& cursor, TableElements& elements);
// A key, constraint or period at the cursor: parsed, and true. False: a column.
bool accept_key(TokenCursor& cursor, TableElements& elements);
// a or t.a or d.t.a
std::string parse_column_name(TokenCursor& cursor);

}  // namespace evenkeel::cdc
