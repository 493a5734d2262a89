// Faults on demand, for tests: the file that EVENKEEL_FAULT_FILE names holds a moment of a recovery
// ("before:promote", "after:drain"). The first node whose worker comes to it removes the file and
// ends as a lost host would, the supervisor first.
#pragma once

#include <functional>
#include <string>

namespace evenkeel::app {

// A hook for topology::ServiceOptions::on_step; empty when the environment asks for no fault.
std::function<void(const std::string& moment)> fault_hook();

}  // namespace evenkeel::app
