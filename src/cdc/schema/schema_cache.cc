#include "cdc/schema/schema_cache.h"

#include <fmt/core.h>

#include "base/log.h"
#include "cdc/render/row_treatment.h"

namespace evenkeel::cdc {
namespace {

constexpr std::size_t kTablesMax = 4096;

constexpr const char* kRemedy =
    "set binlog_row_metadata=FULL on the server so that the binlog itself says it; for events that "
    "were written before, start the stream behind them (init_position) or leave the database out";

Error unknown_columns(const wire::TableMap& map, const Error& cause) {
    return {Errc::conflict, fmt::format("read the columns of {}.{}: {}; {}", map.database,
                                        map.table, cause.what, kRemedy)};
}

}  // namespace

SchemaCache::SchemaCache(Dictionary& dictionary, const TableRules& rules)
    : dictionary_(dictionary), rules_(rules) {}

Result<> SchemaCache::on_table_map(const wire::Event& event) {
    EK_TRY(const std::uint64_t id, wire::table_id_of(event));
    Table& table = tables_[id];
    if (table.body == event.body) return {};
    EK_TRY(const wire::TableMap map, wire::parse_table_map(event));
    table.body.clear();  // Unknown until the plan is made.
    table.wanted = rules_.wants(map.database, map.table);
    table.plan.reset();
    if (table.wanted) {
        EK_TRY(table.plan, make_plan(map));
    }
    table.body = event.body;
    return {};
}

const SchemaCache::Table* SchemaCache::find(std::uint64_t table_id) const {
    const auto it = tables_.find(table_id);
    return it == tables_.end() ? nullptr : &it->second;
}

Result<const TableDefinition*> SchemaCache::definition(const wire::TableMap& map) {
    const std::pair key{map.database, map.table};
    const auto known = definitions_.find(key);
    if (known != definitions_.end()) return &known->second;
    auto found = dictionary_.table(map.database, map.table);
    // For a reader of events "timed out" means that none came; here one would be lost.
    if (!found && found.error().code == Errc::timed_out) found.error().code = Errc::unavailable;
    if (!found) return found.error();
    return &definitions_.emplace(key, *std::move(found)).first->second;
}

Result<std::shared_ptr<const TablePlan>> SchemaCache::make_plan(const wire::TableMap& map) {
    const bool needed = needs_definition(map);
    const TableDefinition* known = nullptr;
    if (needed || wants_definition(map)) {
        const auto found = definition(map);
        if (found) {
            known = *found;
        } else if (needed && found.error().code == Errc::not_found) {
            return unknown_columns(map, found.error());
        } else if (found.error().code != Errc::not_found) {
            return found.error();
        }
    }
    auto plan = make_table_plan(map, known);
    if (!plan && plan.error().code == Errc::invalid && rules_.has_dead_letters()) {
        return std::make_shared<const TablePlan>(
            unrenderable_plan(map.database, map.table, plan.error().what));
    }
    if (!plan && plan.error().code == Errc::conflict && needed) {
        return unknown_columns(map, plan.error());
    }
    if (!plan && plan.error().code == Errc::conflict) {
        // The binlog has the names; what is lost is which LONGTEXT was declared as JSON.
        log::warn("cdc",
                  "{}.{} was altered since these events: JSON, UUID and INET columns are "
                  "written as text or base64",
                  map.database, map.table);
        plan = make_table_plan(map, nullptr);
    }
    if (!plan) return plan.error();
    rules_.treat(*plan);
    return std::make_shared<const TablePlan>(*std::move(plan));
}

void SchemaCache::forget() {
    tables_.clear();
    definitions_.clear();
}

void SchemaCache::trim() {
    if (tables_.size() > kTablesMax) tables_.clear();
}

}  // namespace evenkeel::cdc
