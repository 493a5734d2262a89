#include "cdc/schema/ddl_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cdc/render/json_writer.h"
#include "cdc/schema/column_type.h"

namespace evenkeel::cdc {
namespace {

using Kind = SchemaChange::Kind;

const char* type_of(Kind kind) {
    switch (kind) {
        case Kind::database_create: return "database-create";
        case Kind::database_alter: return "database-alter";
        case Kind::database_drop: return "database-drop";
        case Kind::table_create: return "table-create";
        case Kind::table_alter: return "table-alter";
        case Kind::table_drop: break;
    }
    return "table-drop";
}

void field(std::string& out, std::string_view name, std::string_view value) {
    if (out.back() != '{') out += ',';
    out += fmt::format("\"{}\":", name);
    out += json_string(value);
}

bool ends_with_blob_or_binary(std::string_view type) {
    return type.ends_with("blob") || type.ends_with("binary");
}

// Of time(3): 3.
std::uint64_t fraction_of(std::string_view column_type) {
    const std::size_t open = column_type.find('(');
    if (open == std::string_view::npos) return 0;
    return parse_number(column_type.substr(open + 1, 1)).value_or(0);
}

void strings(std::string& out, const std::vector<std::string>& values) {
    out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) out += ',';
        out += json_string(values[i]);
    }
    out += ']';
}

void column(std::string& out, const SchemaColumn& column) {
    const std::string_view type = type_name(column.column_type);
    out += '{';
    field(out, "type", column.json ? "json" : type);
    field(out, "name", column.name);
    if (type == "enum" || type == "set") {
        out += ",\"enum-values\":";
        strings(out, type_labels(column.column_type));
    } else if (ends_with_blob_or_binary(type)) {
        field(out, "charset", "binary");
    } else if (!column.charset.empty() && !column.json) {
        field(out, "charset", column.charset);
    } else if (type.ends_with("int") && !type.ends_with("point")) {
        const bool is_unsigned = column.column_type.find("unsigned") != std::string::npos;
        out += is_unsigned ? ",\"signed\":false" : ",\"signed\":true";
    } else if (type == "time" || type == "datetime" || type == "timestamp") {
        out += fmt::format(",\"column-length\":{}", fraction_of(column.column_type));
    }
    out += '}';
}

void definition(std::string& out, std::string_view name, const SchemaTable& table) {
    out += fmt::format(",\"{}\":{{", name);
    field(out, "database", table.database);
    field(out, "charset", table.charset);
    field(out, "table", table.name);
    out += ",\"columns\":[";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (i > 0) out += ',';
        column(out, table.columns[i]);
    }
    out += "],\"primary-key\":";
    strings(out, table.primary_key);
    out += '}';
}

bool is_known(const std::optional<SchemaTable>& table) {
    return table && table->knowledge == Knowledge::exact;
}

}  // namespace

bool append_ddl_record(const SchemaChange& change, const DdlPlace& place, std::string& out) {
    const bool of_table = !change.table.empty();
    if (change.kind == Kind::table_create && !is_known(change.after)) return false;
    if (change.kind == Kind::table_alter && !(is_known(change.before) && is_known(change.after))) {
        return false;
    }
    out += '{';
    field(out, "type", type_of(change.kind));
    field(out, "database", change.database);
    if (of_table) field(out, "table", change.table);
    if (!of_table && change.kind != Kind::database_drop) field(out, "charset", change.charset);
    if (change.kind == Kind::table_alter) definition(out, "old", *change.before);
    if (of_table && change.kind != Kind::table_drop) definition(out, "def", *change.after);
    out += fmt::format(",\"ts\":{}", place.ts_ms);
    field(out, "sql", place.sql);
    if (!place.position.empty()) field(out, "position", place.position);
    if (!place.gtid.empty()) field(out, "gtid", place.gtid);
    out += "}\n";
    return true;
}

}  // namespace evenkeel::cdc
