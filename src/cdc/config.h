// One change stream, as configured ([[stream]]) or given to `evenkeel cdc` with Maxwell's names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

enum class Producer { stdout_lines, file };

// Where a stream in a node group reads: see source.h for the choice behind `automatic`.
enum class SourcePreference { automatic, primary, replica };

struct OutputConfig {
    bool commit_info = true;  // xid, commit
    bool xoffset = true;
    bool nulls = true;
    bool null_zerodates = false;
    bool binlog_position = false;
    bool gtid_position = false;
    bool server_id = false;
    bool thread_id = false;
    bool primary_keys = false;
    bool primary_key_columns = false;
    bool row_query = false;
    bool push_timestamp = false;
    bool maxwell_quirks = false;  // Maxwell's bytes also where they are wrong.
};

struct StreamConfig {
    std::string name = "maxwell";  // Maxwell's client_id; names the checkpoint and the duty.
    std::string cluster{};         // Follow this [[cluster]]; empty: read from `server` only.
    ServerId server{.host = "127.0.0.1", .port = 3306};
    sql::Credentials credentials{};
    SourcePreference source = SourcePreference::automatic;
    // Towards the server; 0: a new one for each connection (see source.h).
    std::uint32_t replica_server_id = 0;
    Producer producer = Producer::stdout_lines;
    std::string output_file{};
    OutputConfig output{};
    std::string init_gtid{};  // Start here when there is no checkpoint; empty: the server's end.
    std::string init_position{};                   // "FILE:POS", likewise.
    std::vector<std::string> include_databases{};  // Empty: all but the system's.
    Millis checkpoint_interval{200};
    std::uint64_t transaction_bytes_max = 64u << 20;  // Larger transactions spill to a file.
};

}  // namespace evenkeel::cdc
