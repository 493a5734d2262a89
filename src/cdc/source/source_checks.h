// Whether a server's settings let a stream read from it, and what they cost it. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/source/source_facts.h"

namespace evenkeel::cdc {

// Global variables by name; those that a server does not know are missing.
using ServerVariables = std::map<std::string, std::string>;

// Those that facts_from() and refusal_of() look at.
const std::vector<std::string>& wanted_variables();

bool is_mariadb(const ServerVariables& variables);
// All but the history.
SourceFacts facts_from(const ServerVariables& variables);
// Errors: invalid  a setting rules a stream out; the text has it and the remedy.
Result<> check_settings(const ServerVariables& variables);
// What a person should know though the stream runs.
std::vector<std::string> warnings_of(const SourceFacts& facts);

}  // namespace evenkeel::cdc
