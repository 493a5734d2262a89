// The schema at a stream's place, with the versions that it went through since the last time it was
// stored: a checkpoint may be older than what was read. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cdc/schema/ddl_apply.h"
#include "cdc/schema/schema.h"

namespace evenkeel::cdc {

// One table or database as it is from `version` on.
struct SchemaDelta {
    std::uint64_t version = 0;
    TableName name{};  // An empty table: the database.
    std::optional<SchemaTable> table{};
    std::optional<std::string> charset{};  // Of the database. Neither: it is gone.
};

class SchemaHistory {
public:
    // 0: nothing is known at all.
    std::uint64_t version() const { return version_; }
    const Schema& schema() const { return schema_; }

    // As stored with a checkpoint.
    void resume(Schema schema, std::uint64_t version);
    // As captured: all of it is a change.
    void begin(Schema schema);
    std::vector<SchemaChange> apply(const Ddl& ddl, const ApplyContext& context);
    void put(const SchemaTable& table);

    // Not stored yet, in order of their versions.
    const std::vector<SchemaDelta>& pending() const { return pending_; }
    void stored(std::uint64_t version);
    // Nothing stores them: forget them.
    void keep_no_pending() { keep_pending_ = false; }

private:
    void note(SchemaDelta delta);

    Schema schema_{};
    std::uint64_t version_ = 0;
    bool keep_pending_ = true;
    std::vector<SchemaDelta> pending_;
};

}  // namespace evenkeel::cdc
