// Statements that change tables: parsed as either server would, and done to a schema.
#include "cdc/schema/ddl_apply.h"
#include "cdc/schema/ddl_parser.h"
#include "cdc/schema/statement.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace evenkeel::cdc;
    if (size == 0) return 0;
    const std::string_view statement = evenkeel::fuzz::view(data + 1, size - 1);
    const SqlDialect dialect{.mariadb = (data[0] & 1) == 0,
                             .version = (data[0] & 1) == 0 ? 110400u : 80033u,
                             .ansi_quotes = (data[0] & 2) != 0,
                             .no_backslash_escapes = (data[0] & 4) != 0,
                             .oracle = (data[0] & 8) != 0};
    evenkeel::fuzz::use(look_at_statement(statement));
    const auto ddl = parse_ddl(statement, {.dialect = dialect, .database = "d"});
    if (!ddl) return 0;
    Schema schema;
    const auto table =
        parse_ddl("CREATE TABLE t (a INT, b VARCHAR(9), c ENUM('x'), PRIMARY KEY (a))",
                  {.dialect = dialect, .database = "d"});
    if (table) evenkeel::fuzz::use(apply_ddl(*table, {.server_charset = "latin1"}, schema));
    for (int twice = 0; twice < 2; ++twice) {
        evenkeel::fuzz::use(apply_ddl(*ddl, {.server_charset = "utf8mb4"}, schema));
    }
    return 0;
}
