#include "cdc/schema/schema_history.h"

#include <algorithm>

namespace evenkeel::cdc {

void SchemaHistory::resume(Schema schema, std::uint64_t version) {
    schema_ = std::move(schema);
    version_ = version;
    pending_.clear();
}

void SchemaHistory::begin(Schema schema) {
    const Schema before = std::move(schema_);
    schema_ = std::move(schema);
    ++version_;
    pending_.clear();
    for (const auto& [key, database] : schema_.databases()) {
        note({.version = version_,
              .name = {.database = database.name},
              .charset = database.charset});
    }
    for (const auto& [key, table] : schema_.tables()) {
        note({.version = version_, .name = {table.database, table.name}, .table = table});
    }
    for (const auto& [key, table] : before.tables()) {
        const TableName name{table.database, table.name};
        if (schema_.find(name) == nullptr) note({.version = version_, .name = name});
    }
}

void SchemaHistory::note(SchemaDelta delta) {
    if (keep_pending_) pending_.push_back(std::move(delta));
}

std::vector<SchemaChange> SchemaHistory::apply(const Ddl& ddl, const ApplyContext& context) {
    std::vector<SchemaChange> changes = apply_ddl(ddl, context, schema_);
    if (changes.empty()) return changes;
    ++version_;
    for (const SchemaChange& change : changes) {
        if (change.table.empty()) {
            const std::string charset = schema_.database_charset(change.database);
            note({.version = version_,
                  .name = {.database = change.database},
                  .charset = charset.empty() ? std::nullopt : std::optional(charset)});
            continue;
        }
        // As it is after the whole statement: of a swap both names have a table.
        std::vector<TableName> names = {{change.database, change.table}};
        if (change.after) {
            TableName now{change.after->database, change.after->name};
            if (now != names.front()) names.push_back(std::move(now));
        }
        for (const TableName& name : names) {
            const SchemaTable* table = schema_.find(name);
            note({.version = version_,
                  .name = name,
                  .table = table == nullptr ? std::nullopt : std::optional(*table)});
        }
    }
    return changes;
}

void SchemaHistory::put(const SchemaTable& table) {
    schema_.put(table);
    ++version_;
    note({.version = version_, .name = {table.database, table.name}, .table = table});
}

void SchemaHistory::stored(std::uint64_t version) {
    std::erase_if(pending_, [&](const SchemaDelta& delta) { return delta.version <= version; });
}

}  // namespace evenkeel::cdc
