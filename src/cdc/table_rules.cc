#include "cdc/table_rules.h"

#include "cdc/render/row_treatment.h"
#include "cdc/schema/statement.h"

namespace evenkeel::cdc {

TableRules::TableRules(const StreamConfig& config)
    : filter_(config.filter),
      output_(config.output),
      schema_database_(config.schema_database),
      has_dead_letters_(!config.dead_letter_file.empty()) {}

bool TableRules::wants(const std::string& database, const std::string& table) const {
    if (is_system_database(database) || database == schema_database_) return false;
    return filter_.includes(database, table);
}

void TableRules::treat(TablePlan& plan) const {
    cdc::treat(plan, output_, filter_);
}

}  // namespace evenkeel::cdc
