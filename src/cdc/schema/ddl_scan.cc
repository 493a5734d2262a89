#include "cdc/schema/ddl_scan.h"

#include "cdc/schema/query_context.h"

namespace evenkeel::cdc {

void DdlScan::on_server(std::string_view version) {
    dialect_ = dialect_of_server(version);
}

Result<std::vector<SchemaChange>> DdlScan::on_statement(const wire::Query& query) {
    constexpr std::size_t kShown = 200;
    const std::string text(query.statement.substr(0, kShown));
    const auto context = query_context(query, dialect_);
    const auto ddl =
        context ? parse_ddl(context->statement, context->ddl) : Result<Ddl>(context.error());
    if (!ddl) {
        if (any_.empty()) any_ = text;
        return std::vector<SchemaChange>();
    }
    for (const TableName& name : tables_of(*ddl))
        touched_.try_emplace(names_.table_key(name), text);
    return std::vector<SchemaChange>();
}

const std::string* DdlScan::statement(const TableName& name) const {
    auto found = touched_.find(names_.table_key(name));
    if (found == touched_.end())
        found = touched_.find(names_.table_key({.database = name.database}));
    if (found != touched_.end()) return &found->second;
    return any_.empty() ? nullptr : &any_;
}

}  // namespace evenkeel::cdc
