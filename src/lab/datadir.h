// Makes data folders of MySQL and MariaDB servers.
#pragma once

#include <string>

#include "base/instant.h"
#include "base/result.h"
#include "lab/installation.h"

namespace evenkeel::lab {

// Makes the data folder `path`, copied from a template that is initialised once per server release
// and set of accounts. `accounts_sql`, a statement a line, is run once, in the template.
// Errors: not_found  a program is missing; unavailable; timed_out.
Result<> make_datadir(const std::string& path, const Installation& installation,
                      const std::string& accounts_sql, Deadline deadline);

}  // namespace evenkeel::lab
