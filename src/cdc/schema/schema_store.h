// A stream's schema in the coordinator, beside its checkpoint: one small value for each table and
// database, under a key with the schema version from which it holds. A checkpoint says which
// version it needs, so definitions may be written before it, in pieces, and what a crash leaves
// behind is newer than any checkpoint or older than what replaced it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "cdc/schema/schema_history.h"
#include "coord/coordinator.h"

namespace evenkeel::cdc {

// Not thread-safe; for the stream's one holder.
class SchemaStore {
public:
    SchemaStore(coord::Coordinator& coordinator, Grant grant, const std::string& stream);

    // The schema of a checkpoint; 0: there is none. Removes what is newer.
    // Errors: corrupt; conflict, unavailable, timed_out  as for any write.
    Result<Schema> load(std::uint64_t version, NameCase name_case, Deadline deadline);

    // What has to go into the transaction of the checkpoint that needs `version`. More than fits
    // in there is written at once. Errors: as for any write.
    Result<std::vector<coord::Op>> prepare(const SchemaHistory& history, std::uint64_t version,
                                           Deadline deadline);
    // That transaction was done.
    void stored();

private:
    struct Write {
        std::string object{};
        coord::Op op{};
        std::uint64_t version = 0;
        bool gone = false;
    };
    Result<> commit_pieces(const std::vector<coord::Op>& ops, Deadline deadline);
    std::vector<Write> writes(const SchemaHistory& history, std::uint64_t version) const;
    std::string key(const std::string& object, std::uint64_t version) const;

    coord::Coordinator& coordinator_;
    const Grant grant_;
    const std::string prefix_;
    std::map<std::string, std::uint64_t> current_;  // Object → version of its key.
    std::deque<std::string> garbage_;               // Keys that nothing needs any more.
    // Of the transaction that prepare() made and stored() confirms.
    std::map<std::string, std::uint64_t> next_;
    std::vector<std::string> next_garbage_;
    std::size_t removed_ = 0;
};

std::string schema_prefix(const std::string& stream);

}  // namespace evenkeel::cdc
