// Parses the statements of MySQL and MariaDB that change tables. Pure, linear in the text.
//
// It knows more than it needs to say no: every attribute and option has to be one it has heard of,
// else the statement is NotUnderstood. It trusts that the server executed the text.
#pragma once

#include <string_view>

#include "base/result.h"
#include "cdc/schema/ddl.h"
#include "cdc/schema/ddl_lexer.h"

namespace evenkeel::cdc {

struct DdlContext {
    SqlDialect dialect{};
    std::string_view database{};  // The session's default database.
};

// Errors: invalid  it changes some table, and which one was not understood either.
Result<Ddl> parse_ddl(std::string_view statement, const DdlContext& context);

}  // namespace evenkeel::cdc
