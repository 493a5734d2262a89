// Faults on demand, for tests: EVENKEEL_FAULT=die_before_step=promote ends this node at that moment
// as a lost host would, the supervisor first.
#pragma once

#include <functional>
#include <string>

namespace evenkeel::app {

// A hook for topology::ServiceOptions::on_step; empty when the environment asks for no fault.
std::function<void(const std::string& moment)> fault_hook();

}  // namespace evenkeel::app
