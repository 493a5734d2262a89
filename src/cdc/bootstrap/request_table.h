// Maxwell's bootstrap table, over a connection: rows ask for a bootstrap and say how far it is.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/bootstrap/request.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

inline constexpr const char* kBootstrapTable = "bootstrap";

// Creates database and table when they are missing.
// Errors: denied  CREATE on the database is missing;  invalid  the server is read-only;  others.
Result<> create_request_table(sql::Connection& connection, const std::string& schema,
                              Deadline deadline);

// Rows of this client that are not complete and not begun, oldest first; none without the table.
Result<std::vector<BootstrapRequest>> pending_requests(sql::Connection& connection,
                                                       const std::string& schema,
                                                       const std::string& client_id,
                                                       Deadline deadline);

// Writes how far the job is into its row. Errors: those of execute().
Result<> write_progress(sql::Connection& connection, const std::string& schema,
                        const BootstrapJob& job, Deadline deadline);

// Inserts a row for one table; its id.
Result<std::uint64_t> insert_request(sql::Connection& connection, const std::string& schema,
                                     const std::string& client_id, const BootstrapRequest& request,
                                     std::uint64_t total_rows, Deadline deadline);

// All rows of this client, as jobs. Errors: those of query().
Result<std::vector<BootstrapJob>> table_jobs(sql::Connection& connection, const std::string& schema,
                                             const std::string& client_id, Deadline deadline);
// `id`: "row-12" or "12". Errors: invalid, not_found.
Result<> remove_request(sql::Connection& connection, const std::string& schema,
                        const std::string& id, Deadline deadline);

// Names of the tables that `table`, a name or a pattern with %, means; column `name`.
std::string find_tables_query(const std::string& database, const std::string& table);

// `cell`: an SQL literal of a text, NULL when it is empty.
std::string text_or_null(const std::string& cell);

}  // namespace evenkeel::cdc
