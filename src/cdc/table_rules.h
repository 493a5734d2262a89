// Which tables a stream has, and how the rows of each are treated. Pure.
#pragma once

#include <string>
#include <string_view>

#include "cdc/config.h"
#include "cdc/render/table_plan.h"

namespace evenkeel::cdc {

// Not thread-safe.
class TableRules {
public:
    explicit TableRules(const StreamConfig& config);

    // Another filter from now on, in place of the configured one.
    void use(Filter filter) { filter_ = std::move(filter); }
    const Filter& filter() const { return filter_; }

    // By name. The server's own databases and that of a former Maxwell are never streamed.
    bool wants(const std::string& database, const std::string& table) const;

    // A table that cannot be rendered does not end the stream: its rows are dead letters.
    bool has_dead_letters() const { return has_dead_letters_; }
    // Completes a plan that was just made.
    void treat(TablePlan& plan) const;

private:
    Filter filter_;
    OutputConfig output_;
    std::string schema_database_;
    bool has_dead_letters_;
};

}  // namespace evenkeel::cdc
