// ALTER TABLE on one table's definition, in the server's order of work. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/schema/ddl.h"
#include "cdc/schema/schema.h"

namespace evenkeel::cdc {

// The columns of a CREATE TABLE. Errors: conflict  they contradict each other.
Result<SchemaTable> make_table(const CreateTable& create, const std::string& database_charset);

// All steps but those that concern other tables' names. Errors: conflict  a step does not fit the
// table, so it is another one than the server had.
Result<> alter_table(const std::vector<AlterStep>& steps, const std::string& database_charset,
                     SchemaTable& table);

}  // namespace evenkeel::cdc
