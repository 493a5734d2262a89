// Where a stream can be taken up again: docs/internals/checkpoint.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cdc/sinks/sink.h"
#include "coord/coordinator.h"
#include "model/binlog_position.h"

namespace evenkeel::cdc {

struct Checkpoint {
    BinlogPosition at{};  // All rows up to here are durably in the sink.
    // Where to read again from for the sake of XA transactions that are prepared and not decided at
    // `at`: only their rows are kept. Nothing: there is none.
    std::optional<BinlogPosition> read_from{};
    std::string source{};  // Server that was read; with file and offset for people only.
    std::string file{};
    std::uint64_t offset = 0;
    SinkState sink{};
    std::uint64_t rows = 0;          // Since the stream's first start.
    std::uint64_t transactions = 0;  // Likewise.
    // The definitions of tables that it needs (schema/schema_store.h); 0: none are stored.
    std::uint64_t schema_version = 0;
    std::uint8_t name_case = 0;  // lower_case_table_names of the server that they came from.
    Epoch epoch{};               // Of the holder that wrote it.

    bool operator==(const Checkpoint&) const = default;
};

std::string to_json(const Checkpoint& checkpoint);
// Errors: corrupt  not a checkpoint that this version understands.
Result<Checkpoint> checkpoint_from_json(const std::string& json);

// A stream's checkpoint in the coordinator, as its one holder sees it. Not thread-safe.
class CheckpointStore {
public:
    CheckpointStore(coord::Coordinator& coordinator, Grant grant, const std::string& stream);

    // Nothing: the stream never had one. Errors: corrupt; not_leader  this node's copy of the map
    // is behind, or the duty is lost: try again when it is held;  unavailable, timed_out.
    Result<std::optional<Checkpoint>> load(Deadline deadline);
    // Replaces what load() or the last store() saw, and nothing else, together with `definitions`.
    // Errors: conflict  the duty or the checkpoint is somebody else's now: load() again, if the
    // duty
    //                   is still held;  unavailable, timed_out.
    // `also`: writes of the same transaction.
    Result<> store(const Checkpoint& checkpoint, Deadline deadline,
                   std::vector<coord::Op> also = {});

private:
    coord::Coordinator& coordinator_;
    const Grant grant_;
    const std::string key_;
    coord::Version version_ = 0;
};

std::string checkpoint_key(const std::string& stream);

}  // namespace evenkeel::cdc
