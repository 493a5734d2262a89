#include "cdc/render/row_treatment.h"

namespace evenkeel::cdc {
namespace {

// A hash in hex with its quotes.
constexpr std::size_t kMaskedMax = 66;

void use_camel_case(TablePlan& plan) {
    for (ColumnPlan& column : plan.columns) {
        column.literal = Literal("," + json_string(camel_case(column.name)) + ":");
    }
}

std::vector<RowRule> rules_of(const TablePlan& plan, const RowFilter& filter) {
    std::vector<RowRule> rules;
    for (const ValueRule& rule : filter.rules) {
        for (std::uint32_t i = 0; i < plan.columns.size(); ++i) {
            if (plan.columns[i].name == rule.column) rules.push_back({.column = i, .rule = rule});
        }
    }
    return rules;
}

}  // namespace

std::string camel_case(std::string_view name) {
    std::string result;
    for (std::size_t i = 0; i < name.size(); ++i) {
        char c = name[i];
        if (c == '_' && i + 1 < name.size()) {
            c = name[++i];
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        }
        result += c;
    }
    return result;
}

TablePlan unrenderable_plan(const std::string& database, const std::string& table,
                            const std::string& why) {
    TablePlan plan{.database = database, .table = table};
    plan.head =
        Literal("{\"database\":" + json_string(database) + ",\"table\":" + json_string(table));
    plan.unrenderable = why;
    return plan;
}

void treat(TablePlan& plan, const OutputConfig& output, const Filter& filter) {
    if (output.camel_case) use_camel_case(plan);
    const RowFilter rows = filter.rows_of(plan.database, plan.table);
    RowTreatment treatment{.include = rows.include, .rules = rules_of(plan, rows)};
    bool needed = !rows.include || !treatment.rules.empty();
    const std::size_t shown = plan.columns.size() - plan.hashes;
    for (const ColumnPlan& column : plan.columns) {
        const bool is_hash = treatment.columns.size() >= shown;
        ColumnTreatment how{.hidden = is_hash || output.exclude_columns.contains(column.name),
                            .mask = output.mask_columns.of(plan.database, plan.table, column.name)};
        if (how.mask) plan.fixed_bytes_max += kMaskedMax;
        needed = needed || how.hidden || how.mask;
        treatment.columns.push_back(how);
    }
    // Nothing to do costs nothing.
    if (needed) plan.treatment = std::make_shared<const RowTreatment>(std::move(treatment));
}

}  // namespace evenkeel::cdc
