// From table maps to table plans: which columns the binlog's rows have, from the table map itself
// where it says so, else from the schema that follows the binlog's DDL. Never guesses a column's
// name: it stops instead. docs/internals/schema.md explains it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cdc/render/table_plan.h"
#include "cdc/schema/ddl_parser.h"
#include "cdc/schema/schema_history.h"
#include "cdc/schema/server_dictionary.h"
#include "cdc/schema/table_tracker.h"
#include "cdc/table_rules.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

// Not thread-safe.
class SchemaCache : public TableTracker {
public:
    // The table as it is now, when the binlog has no DDL for it between the stream's place and
    // now. Errors: conflict, not_found  that cannot be said;  others  as for any connection.
    using Recover = std::function<Result<SchemaTable>(const TableName&)>;

    // `dictionary` and `rules` must outlive this; after a change of the rules call
    // forget_rules().
    SchemaCache(Dictionary& dictionary, const TableRules& rules);

    // Rows of this table are requests to the stream itself.
    void listen_to(const std::string& database, const std::string& table) {
        listened_ = {database, table};
    }
    void recover_by(Recover recover) { recover_ = std::move(recover); }
    // Rows of tables whose columns cannot be known are left out, with a warning, instead of
    // stopping the stream.
    void ignore_missing(bool on) { ignore_missing_ = on; }

    // The tables at the stream's place; before the first event, and kept beside the checkpoint.
    SchemaHistory& history() { return history_; }
    const SchemaHistory& history() const { return history_; }

    void restart() override;
    void on_server(std::string_view version) override;
    // Errors: corrupt   the event;
    //         conflict  names or types cannot be known; the text has the table and the remedy;
    //         invalid   a column that cannot be rendered;  others  those of the dictionary.
    Result<> on_table_map(const wire::Event& event) override;
    const Table* find(std::uint64_t table_id) const override;
    Result<std::vector<SchemaChange>> on_statement(const wire::Query& query) override;
    void trim() override;
    std::uint64_t version() const override { return history_.version(); }
    bool decides_by_values() const override { return rules_.filter().has_value_rules(); }

    // The rules have changed: what is wanted is decided anew. Between transactions.
    void forget_rules() { tables_.clear(); }

private:
    using Plan = std::shared_ptr<const TablePlan>;
    // The model has every table that a changed filter could include.
    bool follows(const TableName& name) const;
    Result<Plan> finish(const TableName& name, Result<TablePlan> plan) const;
    Result<Plan> make_plan(const wire::TableMap& map);
    Result<Plan> plan_by_names(const wire::TableMap& map);
    Result<Plan> plan_by_schema(const wire::TableMap& map);
    Result<const SchemaTable*> exact_table(const TableName& name);
    Result<const SchemaTable*> declarations(const TableName& name);

    Dictionary& dictionary_;
    const TableRules& rules_;
    TableName listened_{};
    Recover recover_;
    bool ignore_missing_ = false;
    SqlDialect dialect_{};
    SchemaHistory history_;
    std::unordered_map<std::uint64_t, Table> tables_;
    std::map<TableName, SchemaTable> declared_;  // Of the server, for maps that have the names.
    std::set<TableName> ignored_;
};

}  // namespace evenkeel::cdc
