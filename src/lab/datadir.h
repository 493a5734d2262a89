// Makes data folders of MariaDB servers.
#pragma once

#include <string>

#include "base/instant.h"
#include "base/result.h"

namespace evenkeel::lab {

// The path of a MariaDB program of this machine, also when it is where only root's PATH looks.
// Errors: not_found  the text names the Debian package.
Result<std::string> find_program(const std::string& name);

// Makes the data folder `path`, copied from a template that is initialised once per server version
// and set of accounts. `accounts_sql` is run once, in the template.
// Errors: not_found  no MariaDB on this machine; unavailable; timed_out.
Result<> make_datadir(const std::string& path, const std::string& accounts_sql, Deadline deadline);

}  // namespace evenkeel::lab
