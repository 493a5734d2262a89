// What is asked for, and how far it is: the facts that requests are handed in by, and the one fact
// that a stream keeps about its bootstraps beside its checkpoint. Pure but for post_request().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/bootstrap/chunk_plan.h"
#include "coord/coordinator.h"

namespace evenkeel::cdc {

struct BootstrapRequest {
    std::string id{};          // Unique in the stream: "node1-17643", "row-12".
    std::uint64_t row_id = 0;  // Of the row in the bootstrap table; 0: it came as a fact.
    std::string database{};
    std::string table{};  // A name, several with commas, or a pattern with %.
    std::string where{};
    std::string comment{};
    std::string abort{};  // Not a request but its end: the id of one.

    bool operator==(const BootstrapRequest&) const = default;
};

enum class JobState : std::uint8_t { waiting, running, complete, failed, aborted };
const char* to_string(JobState state);

struct BootstrapJob {
    BootstrapRequest request{};
    JobState state = JobState::waiting;
    std::string error{};
    std::vector<std::string> tables{};  // Named by the request; empty: not looked up yet.
    std::size_t table = 0;              // Index of the one that is being read.
    std::size_t counted = 0;            // So many of them are in total_rows.
    bool table_begun = false;           // Its bootstrap-start is printed.
    std::vector<std::string> key{};     // The columns that it is read by.
    KeyLiterals last{};                 // Of the last row that is printed, or was dropped.
    std::uint64_t inserted_rows = 0;
    std::uint64_t dropped_rows = 0;  // Which the stream itself printed meanwhile.
    std::uint64_t total_rows = 0;    // As counted or estimated when each table was begun.
    std::int64_t created_ms = 0;
    std::int64_t started_ms = 0;
    std::int64_t completed_ms = 0;
    std::string file{};  // Where the stream was when it began.
    std::uint64_t offset = 0;

    bool ended() const { return state >= JobState::complete; }
    bool operator==(const BootstrapJob&) const = default;
};

// Several tables of `text`: "a,b". A pattern has to be looked up.
std::vector<std::string> table_names(const std::string& text);
bool is_pattern(const std::string& text);

std::string to_json(const BootstrapRequest& request);
// Errors: invalid  names what is missing or unknown.
Result<BootstrapRequest> request_from_json(const std::string& json);

std::string to_json(const std::vector<BootstrapJob>& jobs);
// Errors: corrupt.
Result<std::vector<BootstrapJob>> jobs_from_json(const std::string& json);

// A line that a renderer made of a change of Maxwell's bootstrap table. A request for `client_id`,
// an abort when the row was removed or declared complete, or nothing.
std::optional<BootstrapRequest> request_from_row(std::string_view line,
                                                 const std::string& client_id);

std::string bootstrap_key(const std::string& stream);             // The stream's jobs.
std::string bootstrap_request_prefix(const std::string& stream);  // What it has not taken yet.

// Hands a request in; its id. `node`: this one's, which makes the key its own.
// Errors: those of Coordinator::put_own.
Result<std::string> post_request(coord::Coordinator& coordinator, const std::string& node,
                                 const std::string& stream, BootstrapRequest request,
                                 Deadline deadline);

// What the API shows: the jobs, and the requests that no job was made of yet.
// Errors: corrupt.
Result<std::vector<BootstrapJob>> list_jobs(const coord::Coordinator& coordinator,
                                            const std::string& stream);

}  // namespace evenkeel::cdc
