#include "cdc/schema/query_context.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "wire/charset.h"

namespace evenkeel::cdc {
namespace {

constexpr std::uint64_t kRealAsFloat = 1u << 0;
constexpr std::uint64_t kAnsiQuotes = 1u << 2;
constexpr std::uint64_t kOracle = 1u << 9;
constexpr std::uint64_t kNoBackslashEscapes = 1u << 20;

bool is_ascii_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Names and labels are UTF-8 in the schema, whatever the client spoke.
Result<std::string> to_utf8(std::string_view text, std::uint16_t collation) {
    if (collation == 0 || is_ascii_text(text)) return std::string(text);
    EK_TRY(const wire::Charset charset, wire::charset_of_collation(collation));
    if (charset.kind != wire::CharsetKind::other) return std::string(text);
    EK_TRY(const wire::TextConverter converter, wire::TextConverter::open(charset));
    std::string converted;
    converter.to_utf8(text, converted);
    return converted;
}

}  // namespace

QueryContext& QueryContext::operator=(QueryContext&& other) noexcept {
    statement = std::move(other.statement);
    database = std::move(other.database);
    ddl = other.ddl;
    ddl.database = database;
    server_charset = std::move(other.server_charset);
    return *this;
}

SqlDialect dialect_of_server(std::string_view version) {
    SqlDialect dialect{.mariadb = version.find("MariaDB") != std::string_view::npos};
    // What MariaDB tells replicas that cannot read two digits.
    if (dialect.mariadb && version.starts_with("5.5.5-")) version.remove_prefix(6);
    unsigned number = 0;
    for (const std::string& part : split(version.substr(0, version.find_first_of("-+ ")), '.')) {
        number = number * 100 + static_cast<unsigned>(parse_number(part).value_or(0)) % 100;
    }
    if (number != 0) dialect.version = number;
    return dialect;
}

Result<QueryContext> query_context(const wire::Query& query, const SqlDialect& dialect) {
    QueryContext context;
    const auto statement = to_utf8(query.statement, query.client_collation);
    if (!statement) {
        return Error{Errc::invalid, fmt::format("read a statement: {}", statement.error().what)};
    }
    context.statement = *statement;
    context.database = query.schema;
    context.ddl.dialect = dialect;
    SqlDialect& to = context.ddl.dialect;
    to.ansi_quotes = (query.sql_mode & kAnsiQuotes) != 0;
    to.no_backslash_escapes = (query.sql_mode & kNoBackslashEscapes) != 0;
    to.real_as_float = (query.sql_mode & kRealAsFloat) != 0;
    to.oracle = dialect.mariadb && (query.sql_mode & kOracle) != 0;
    context.ddl.database = context.database;
    if (query.server_collation != 0) {
        const auto charset = wire::charset_of_collation(query.server_collation);
        if (charset) context.server_charset = canonical_charset(charset->name);
    }
    return context;
}

Ddl after_failure(const Ddl& ddl, std::uint16_t error) {
    constexpr std::uint16_t kUnknownTable = 1051;
    // The tables that there were are gone.
    if (error == kUnknownTable && std::holds_alternative<DropTables>(ddl)) return ddl;
    return NotUnderstood{.tables = tables_of(ddl),
                         .why = fmt::format("it ended with error {} on the server", error)};
}

}  // namespace evenkeel::cdc
