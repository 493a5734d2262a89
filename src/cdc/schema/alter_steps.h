// What ALTER TABLE does, spec by spec. Pure; fails its cursor on everything that it has not heard
// of.
#pragma once

#include <string_view>
#include <vector>

#include "cdc/schema/ddl.h"
#include "cdc/schema/token_cursor.h"

namespace evenkeel::cdc {

// d.t or t of `database`.
TableName parse_table_name(TokenCursor& cursor, std::string_view database);
// Behind ALTER TABLE's table name, to the end.
std::vector<AlterStep> parse_alter_steps(TokenCursor& cursor, std::string_view database);

}  // namespace evenkeel::cdc
