// What is streamed: three binlogs of different shape, made by stored procedures on the server.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lab/server.h"

namespace evenkeel::bench {

struct DataSet {
    std::string name{};        // "A mixed"
    std::string shape{};       // For people.
    std::string call{};        // The statement that makes it; "{}" is the number of rounds.
    std::uint64_t rounds = 0;  // At scale 1.
};

// In the order A, B, C.
const std::vector<DataSet>& data_sets();

// Makes tables and procedures. Every set changes tables of its own in the database `bench`.
Result<> prepare(const lab::Server& server);

// Where a set lies: exactly one file of the binlog.
struct Recorded {
    std::string file{};
    std::string begin{};  // GTID position in front of it.
    std::string end{};    // GTID position behind it.
    std::uint64_t bytes = 0;
};
Result<Recorded> record(const lab::Server& server, const DataSet& set, double scale);

}  // namespace evenkeel::bench
