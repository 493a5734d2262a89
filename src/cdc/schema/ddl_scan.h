// Reads a piece of the binlog for nothing but its DDL: which tables did statements change between
// two places? Definitions that were read at the later place hold at the earlier one for all others.
#pragma once

#include <map>
#include <string>

#include "cdc/schema/table_tracker.h"

namespace evenkeel::cdc {

// Not thread-safe.
class DdlScan : public TableTracker {
public:
    explicit DdlScan(NameCase name_case) : names_(name_case) {}

    void restart() override {}
    void on_server(std::string_view version) override;
    Result<> on_table_map(const wire::Event&) override { return {}; }
    const Table* find(std::uint64_t) const override { return &nothing_; }
    Result<std::vector<SchemaChange>> on_statement(const wire::Query& query) override;
    void trim() override {}

    bool found_any() const { return !any_.empty() || !touched_.empty(); }
    // The first statement that may have changed the table; null: none did.
    const std::string* statement(const TableName& name) const;

private:
    const Schema names_;  // For its keys only.
    const Table nothing_{};
    SqlDialect dialect_{};
    std::map<Schema::TableKey, std::string> touched_;  // An empty table: all of the database.
    std::string any_;                                  // It may have changed any table.
};

}  // namespace evenkeel::cdc
