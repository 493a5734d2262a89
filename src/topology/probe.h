// Asks one server for everything that decisions need, in four round trips.
#pragma once

#include <optional>

#include "base/result.h"
#include "sql/connection.h"
#include "topology/view.h"

namespace evenkeel::topology {

// `health`, `reason` and `probed_at` are left to the caller.
// Errors: as sql::Connection::query; denied names the privilege that is missing.
Result<ServerView> probe(sql::Connection& connection, const ServerId& server, Deadline deadline);

// From the rows of SHOW ALL SLAVES STATUS. Several sources: the first decides, until multi-source
// replication is understood. Nothing: it is not a replica.
std::optional<Replication> replication_from(const sql::Table& status);

}  // namespace evenkeel::topology
