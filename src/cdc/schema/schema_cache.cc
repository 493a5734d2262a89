#include "cdc/schema/schema_cache.h"

#include <fmt/core.h>

#include "base/log.h"
#include "cdc/render/row_treatment.h"
#include "cdc/schema/query_context.h"
#include "cdc/schema/statement.h"

namespace evenkeel::cdc {
namespace {

constexpr std::size_t kTablesMax = 4096;

constexpr const char* kRemedy =
    "set binlog_row_metadata=FULL on the server, so that the binlog itself says it from then on; "
    "for rows that were written before, start once with --recapture_schema if the table was not "
    "altered since, or exclude the table";

Error unknown_columns(const TableName& name, const std::string& cause) {
    return {Errc::conflict,
            fmt::format("read rows of {}: its columns at this place are not known: {}; {}",
                        name.str(), cause, kRemedy)};
}

// For a reader of events "timed out" means that none came; here one would be lost.
template <typename T>
Result<T> from_dictionary(Result<T> answer) {
    if (!answer && answer.error().code == Errc::timed_out) {
        answer.error().code = Errc::unavailable;
    }
    return answer;
}

// Columns in the map's order, with what only a declaration says.
TableDefinition align(const wire::TableMap& map, const SchemaTable& table) {
    TableDefinition definition{.database = map.database, .table = map.table};
    for (const wire::MapColumn& column : map.columns) {
        ColumnDefinition& to = definition.columns.emplace_back();
        to.name = column.name;
        const SchemaColumn* declared = table.find(column.name);
        if (declared == nullptr) continue;
        to.column_type = declared->column_type;
        to.charset = declared->charset;
        to.json = declared->json;
    }
    return definition;
}

}  // namespace

SchemaCache::SchemaCache(Dictionary& dictionary, const TableRules& rules)
    : dictionary_(dictionary), rules_(rules) {}

bool SchemaCache::follows(const TableName& name) const {
    return !is_system_database(name.database) &&
           !rules_.filter().blacklists(name.database, name.table);
}

// A table that cannot be rendered need not end the stream.
Result<SchemaCache::Plan> SchemaCache::finish(const TableName& name, Result<TablePlan> plan) const {
    if (!plan && plan.error().code == Errc::invalid && rules_.has_dead_letters()) {
        return std::make_shared<const TablePlan>(
            unrenderable_plan(name.database, name.table, plan.error().what));
    }
    if (!plan) return plan.error();
    if (name != listened_) rules_.treat(*plan);
    return std::make_shared<const TablePlan>(*std::move(plan));
}

void SchemaCache::restart() {
    tables_.clear();
    declared_.clear();
}

void SchemaCache::on_server(std::string_view version) {
    dialect_ = dialect_of_server(version);
}

Result<> SchemaCache::on_table_map(const wire::Event& event) {
    EK_TRY(const std::uint64_t id, wire::table_id_of(event));
    Table& table = tables_[id];
    if (table.body == event.body) return {};
    EK_TRY(const wire::TableMap map, wire::parse_table_map(event));
    table.body.clear();  // Unknown until the plan is made.
    table.wanted = rules_.wants(map.database, map.table);
    table.listened = listened_ == TableName{map.database, map.table};
    table.plan.reset();
    if (table.wanted || table.listened) {
        auto plan = make_plan(map);
        const bool missing = !plan && plan.error().code == Errc::conflict;
        if (!plan && !(missing && ignore_missing_)) return plan.error();
        if (!plan && ignored_.insert({map.database, map.table}).second) {
            log::warn("cdc", "left out by ignore_missing_schema: {}", plan.error().what);
        }
        if (!plan) table.wanted = table.listened = false;
        if (plan) table.plan = *std::move(plan);
    }
    table.body = event.body;
    return {};
}

const SchemaCache::Table* SchemaCache::find(std::uint64_t table_id) const {
    const auto it = tables_.find(table_id);
    return it == tables_.end() ? nullptr : &it->second;
}

Result<SchemaCache::Plan> SchemaCache::make_plan(const wire::TableMap& map) {
    return map.has_names ? plan_by_names(map) : plan_by_schema(map);
}

// The binlog has the names. Without a declaration that fits, what is lost is which LONGTEXT was
// declared as JSON, which BINARY(16) as UUID.
Result<SchemaCache::Plan> SchemaCache::plan_by_names(const wire::TableMap& map) {
    const TableName name{map.database, map.table};
    if (!wants_definition(map)) return finish(name, make_table_plan(map, nullptr));
    const auto declared = declarations(name);
    if (!declared && declared.error().code != Errc::not_found) return declared.error();
    if (declared) {
        const TableDefinition aligned = align(map, **declared);
        auto plan = make_table_plan(map, &aligned);
        if (plan || plan.error().code != Errc::conflict) return finish(name, std::move(plan));
        log::warn("cdc",
                  "{} was altered since these events: JSON, UUID and INET columns are written as "
                  "text or base64",
                  name.str());
    }
    return finish(name, make_table_plan(map, nullptr));
}

Result<const SchemaTable*> SchemaCache::declarations(const TableName& name) {
    const SchemaTable* known = history_.schema().find(name);
    if (known != nullptr && known->knowledge != Knowledge::unknown) return known;
    const auto asked = declared_.find(name);
    if (asked != declared_.end()) return &asked->second;
    EK_TRY(SchemaTable found, from_dictionary(dictionary_.table(name)));
    return &declared_.insert_or_assign(name, std::move(found)).first->second;
}

Result<SchemaCache::Plan> SchemaCache::plan_by_schema(const wire::TableMap& map) {
    const TableName name{map.database, map.table};
    EK_TRY(const SchemaTable* known, exact_table(name));
    TableDefinition definition = known->definition();
    if (may_have_hashes(map, definition)) {
        EK_TRY(definition.hashes, from_dictionary(dictionary_.count_hashes(name)));
    }
    auto plan = make_table_plan(map, &definition);
    if (!plan && plan.error().code == Errc::conflict) {
        return unknown_columns(name, plan.error().what);
    }
    return finish(name, std::move(plan));
}

Result<const SchemaTable*> SchemaCache::exact_table(const TableName& name) {
    const SchemaTable* known = history_.schema().find(name);
    if (known != nullptr && known->knowledge == Knowledge::exact) return known;
    std::string why = "no statement since the stream's start defines it";
    if (known != nullptr && known->knowledge == Knowledge::unknown) why = known->why;
    if (!recover_) return unknown_columns(name, why);
    auto recovered = recover_(name);
    if (recovered) {
        history_.put(*recovered);
        return history_.schema().find(name);
    }
    Error error = recovered.error();
    if (error.code != Errc::conflict && error.code != Errc::not_found) return error;
    return unknown_columns(name, why + "; " + error.what);
}

Result<std::vector<SchemaChange>> SchemaCache::on_statement(const wire::Query& query) {
    EK_TRY(const QueryContext context, query_context(query, dialect_));
    const auto parsed = parse_ddl(context.statement, context.ddl);
    if (!parsed) {
        return Error{Errc::conflict, fmt::format("follow the schema: {}: {:.200}",
                                                 parsed.error().what, query.statement)};
    }
    Ddl ddl = *parsed;
    if (query.error_code != 0) ddl = after_failure(ddl, query.error_code);
    if (auto* unclear = std::get_if<NotUnderstood>(&ddl)) {
        unclear->why += fmt::format(": {:.200}", query.statement);
    }
    const ApplyContext apply{.server_charset = context.server_charset,
                             .follows = [this](const TableName& name) { return follows(name); }};
    // Also where the schema sees no change: what the server was asked for may be outdated.
    if (!std::holds_alternative<NoChange>(ddl)) restart();
    std::vector<SchemaChange> changes = history_.apply(ddl, apply);
    std::erase_if(changes, [this](const SchemaChange& change) {
        return !rules_.wants(change.database, change.table) ||
               (change.after && !rules_.wants(change.after->database, change.after->name));
    });
    return changes;
}

void SchemaCache::trim() {
    if (tables_.size() > kTablesMax) tables_.clear();
}

}  // namespace evenkeel::cdc
