// One change stream, as configured ([[stream]]) or given to `evenkeel cdc` with Maxwell's names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.h"
#include "cdc/filter/column_rules.h"
#include "cdc/filter/filter.h"
#include "model/server_id.h"
#include "sql/connection.h"

namespace evenkeel::cdc {

enum class Producer { stdout_lines, file };

// Maxwell's option of that name. `async` and `sync` are the same: a bootstrap never stops the
// stream.
enum class Bootstrapper { async, sync, none };

// Where a stream in a node group reads: see source.h for the choice behind `automatic`.
enum class SourcePreference { automatic, primary, replica };

// Encryption of Maxwell's kind: of "data" and "old", or of the whole line.
enum class Encryption { none, data, all };

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
    bool ddl = false;             // Records of CREATE, ALTER and DROP.
    bool maxwell_quirks = false;  // Maxwell's bytes also where they are wrong.
    bool schema_id = false;
    bool row_id = false;                     // GTID and the row's number in its transaction.
    bool camel_case = false;                 // userId for user_id, also in the envelope.
    std::uint64_t row_query_max_length = 0;  // Characters; 0: all.
    ColumnList exclude_columns{};            // Left out of data and old.
    MaskRules mask_columns{};
    std::string mask_secret{};  // Key of hashed columns.
    Encryption encrypt = Encryption::none;
    std::string secret_key{};         // 16, 24 or 32 bytes.
    std::uint64_t max_row_bytes = 0;  // A longer line is not written; 0: no limit.
};

// How rows are spread and named where a sink has partitions and keys.
enum class KeyFormat { hash, array };
enum class PartitionBy { database, table, primary_key, transaction_id, thread_id, column, random };
enum class PartitionHash { java, murmur3 };

struct KeyConfig {
    KeyFormat format = KeyFormat::hash;
    PartitionBy partition_by = PartitionBy::database;
    std::vector<std::string> partition_columns{};
    PartitionBy partition_fallback = PartitionBy::database;  // Of rows without these columns.
    PartitionHash hash = PartitionHash::java;
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
    std::string init_position{};  // "FILE:POS", likewise.
    // Where information_schema is read, when not from the server of the binlog (a binlog proxy).
    std::optional<ServerId> schema_server{};
    sql::Credentials schema_credentials{};
    Filter filter{};  // As configured; one set at run time may be in force (stream_filter.h).
    KeyConfig keys{};
    std::string dead_letter_file{};      // Rows that cannot be written; empty: the stream stops.
    bool ignore_missing_schema = false;  // Leave rows out whose columns cannot be known.
    bool recapture_schema = false;       // Once: take today's definitions for those of the place.
    Millis checkpoint_interval{200};
    std::uint64_t transaction_bytes_max = 64u << 20;  // Larger transactions spill to a file.
    Bootstrapper bootstrapper = Bootstrapper::async;
    std::uint64_t bootstrap_chunk_rows = 5000;
    std::uint64_t bootstrap_rows_per_second = 0;  // 0: as fast as it goes.
    // Maxwell's own database: not streamed; its table `bootstrap` is listened to.
    std::string schema_database = "maxwell";
};

}  // namespace evenkeel::cdc
