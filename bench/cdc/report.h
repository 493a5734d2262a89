// Prints results: tables for people, JSON for programs. Measures nothing.
#pragma once

#include "bench/cdc/ratios.h"

namespace evenkeel::bench {

void print_set(const SetResult& set);
void print_latencies(const std::vector<Latency>& latencies);
void print_ratios(const Results& results);
// The machine, and how busy others kept it while the sets were read.
std::string circumstances(const std::vector<SetResult>& sets);
void print_json(const Results& results);

}  // namespace evenkeel::bench
