// Recoveries as the coordinator stores them, so that a new leader finds what was begun.
#pragma once

#include <string>

#include "base/result.h"
#include "topology/report.h"

namespace evenkeel::topology {

// "recovery/<cluster>/", below which each record is kept by its id.
std::string recovery_prefix(const std::string& cluster);
std::string recovery_key(const RecoveryRecord& record);

std::string to_json(const RecoveryRecord& record);
// Errors: corrupt  not a record that this version understands.
Result<RecoveryRecord> recovery_record_from_json(const std::string& json);

// The step of that name, made when it is missing.
RecoveryStep& step(RecoveryRecord& record, const std::string& name);

}  // namespace evenkeel::topology
