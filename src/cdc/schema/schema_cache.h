// From table maps to table plans: what the binlog says about a table, completed from the server's
// dictionary where that does not say enough. Never guesses a column's name: it stops instead.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cdc/render/table_plan.h"
#include "cdc/table_rules.h"
#include "wire/binlog_event.h"

namespace evenkeel::cdc {

// Where definitions come from. A test's own, or server_dictionary.h.
class Dictionary {
public:
    virtual ~Dictionary() = default;
    // The table as it is now, which may be newer than the events that are being read.
    // Errors: not_found  no such table, or no privilege to see it;
    //         denied, unavailable, timed_out  as for any connection.
    virtual Result<TableDefinition> table(const std::string& database, const std::string& name) = 0;
};

// Not thread-safe.
class SchemaCache {
public:
    struct Table {
        std::string body{};  // Of the table map, to see whether it changed.
        bool wanted = false;
        std::shared_ptr<const TablePlan> plan{};  // Null: not wanted.
    };

    // `dictionary` and `rules` must outlive this; after a change of the rules call
    // forget_rules().
    SchemaCache(Dictionary& dictionary, const TableRules& rules);

    // Errors: corrupt   the event;
    //         conflict  names or types cannot be known; the text has the table and the remedy;
    //         invalid   a column that cannot be rendered;  others  those of the dictionary.
    Result<> on_table_map(const wire::Event& event);
    // Null: no table map with that id came. Valid until the next call of a non-const function.
    const Table* find(std::uint64_t table_id) const;
    const TableRules& rules() const { return rules_; }

    // Definitions may have changed.
    void forget();
    // The rules have changed: what is wanted is decided anew. Between transactions.
    void forget_rules() { tables_.clear(); }
    // Between transactions: bounds what a server with ever new table ids makes us remember.
    void trim();

private:
    Result<std::shared_ptr<const TablePlan>> make_plan(const wire::TableMap& map);
    Result<const TableDefinition*> definition(const wire::TableMap& map);

    Dictionary& dictionary_;
    const TableRules& rules_;
    std::unordered_map<std::uint64_t, Table> tables_;
    std::map<std::pair<std::string, std::string>, TableDefinition> definitions_;
};

}  // namespace evenkeel::cdc
