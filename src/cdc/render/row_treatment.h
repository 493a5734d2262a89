// What the options make of one table's rows besides writing them out: columns that are hidden or
// masked, names in camel case, and rules that keep only some rows. Worked out once per table. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cdc/config.h"
#include "cdc/filter/filter.h"
#include "cdc/render/table_plan.h"

namespace evenkeel::cdc {

struct ColumnTreatment {
    bool hidden = false;  // In data and old; a key shows it nevertheless, as Maxwell does.
    std::optional<Mask> mask{};
};

// Applies to rows that have the column.
struct RowRule {
    std::uint32_t column = 0;
    ValueRule rule{};
};

struct RowTreatment {
    std::vector<ColumnTreatment> columns{};  // One for each of the plan's.
    bool include = true;                     // Unless a rule says otherwise; the last one does.
    std::vector<RowRule> rules{};
};

// Completes a plan that was just made.
void treat(TablePlan& plan, const OutputConfig& output, const Filter& filter);

// Of a table of which make_table_plan() says `why`: its rows become dead letters.
TablePlan unrenderable_plan(const std::string& database, const std::string& table,
                            const std::string& why);

// user_id → userId, as Maxwell has it: an underscore goes, what follows is a capital.
std::string camel_case(std::string_view name);

}  // namespace evenkeel::cdc
