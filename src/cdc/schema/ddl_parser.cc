#include "cdc/schema/ddl_parser.h"

#include <fmt/core.h>

#include <algorithm>

#include "cdc/schema/alter_steps.h"
#include "cdc/schema/table_elements.h"

namespace evenkeel::cdc {
namespace {

// The columns of a MariaDB sequence: it is a table for the binlog.
constexpr std::pair<const char*, const char*> kSequenceColumns[] = {
    {"next_not_cached_value", "bigint"}, {"minimum_value", "bigint"}, {"maximum_value", "bigint"},
    {"start_value", "bigint"},           {"increment", "bigint"},     {"cache_size", "bigint"},
    {"cycle_option", "tinyint"},         {"cycle_count", "bigint"}};

class DdlParser {
public:
    DdlParser(std::string_view statement, const DdlContext& context)
        : cursor_(tokenize(statement, context.dialect), context.dialect),
          database_(context.database) {}

    Result<Ddl> parse() {
        skip_settings();
        Ddl ddl = statement();
        // A statement that was read in full and goes on was not read right.
        if (!cursor_.failed() && matters(ddl) && !cursor_.at_end()) cursor_.fail();
        if (!cursor_.failed()) return ddl;
        const std::string why = fmt::format("not understood near {:.60}",
                                            cursor_.near().empty() ? "its end" : cursor_.near());
        if (about_.empty()) return Error{Errc::invalid, "parse a statement: " + why};
        return Ddl(NotUnderstood{.tables = std::move(about_), .why = why});
    }

private:
    static bool matters(const Ddl& ddl) { return !std::holds_alternative<NoChange>(ddl); }

    // SET STATEMENT variable = value, … FOR
    void skip_settings() {
        if (!cursor_.accept("SET", "STATEMENT")) return;
        while (!cursor_.at_end() && !cursor_.accept("FOR")) {
            if (!cursor_.accept_group()) cursor_.next();
        }
    }

    Ddl statement() {
        if (cursor_.accept("CREATE")) return create();
        if (cursor_.accept("ALTER")) return alter();
        if (cursor_.accept("DROP")) return drop();
        if (cursor_.accept("RENAME")) return rename();
        return NoChange{};
    }

    TableName table() {
        TableName name = parse_table_name(cursor_, database_);
        if (!cursor_.failed()) about_.push_back(name);
        return name;
    }

    bool accept_if_exists() {
        if (!cursor_.accept("IF")) return false;
        cursor_.expect("EXISTS");
        return true;
    }

    bool accept_if_not_exists() {
        if (!cursor_.accept("IF", "NOT")) return false;
        cursor_.expect("EXISTS");
        return true;
    }

    void skip_wait() {
        if (cursor_.accept("WAIT")) cursor_.next();
        (void)cursor_.accept("NOWAIT");
    }

    // --- databases ------------------------------------------------------------------------------

    Ddl database(DatabaseChange::Kind kind) {
        DatabaseChange change{.kind = kind};
        if (kind == DatabaseChange::Kind::create) change.if_not_exists = accept_if_not_exists();
        if (kind == DatabaseChange::Kind::drop) (void)accept_if_exists();
        change.name = std::string(database_);
        const bool unnamed = kind == DatabaseChange::Kind::alter &&
                             cursor_.is_one("DEFAULT", "CHARACTER", "CHARSET", "COLLATE");
        if (!unnamed) change.name = cursor_.name();
        if (!cursor_.failed()) about_.push_back({.database = change.name});
        while (!cursor_.at_end()) database_option(change);
        return change;
    }

    void database_option(DatabaseChange& change) {
        (void)cursor_.accept("DEFAULT");
        if (accept_charset(cursor_, change.charset)) return;
        if (cursor_.accept("ENCRYPTION") || cursor_.accept("COMMENT") || cursor_.accept("READ")) {
            (void)cursor_.accept("ONLY");
            (void)cursor_.accept_symbol('=');
            cursor_.next();
        } else {
            cursor_.fail();
        }
    }

    // --- tables ---------------------------------------------------------------------------------

    Ddl create() {
        if (cursor_.accept("OR")) cursor_.expect("REPLACE");
        if (cursor_.is("TEMPORARY")) return NoChange{};
        if (cursor_.accept("TABLE")) return create_table();
        if (cursor_.accept("SEQUENCE")) return create_sequence();
        if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) {
            return database(DatabaseChange::Kind::create);
        }
        return NoChange{};
    }

    Ddl create_table() {
        CreateTable create{.if_not_exists = accept_if_not_exists()};
        create.table = table();
        skip_wait();
        if (cursor_.accept("LIKE")) {
            create.like = parse_table_name(cursor_, database_);
            return create;
        }
        const bool listed = is_list();
        if (listed && cursor_.is("LIKE", 1)) {
            cursor_.next();
            cursor_.next();
            create.like = parse_table_name(cursor_, database_);
            cursor_.expect_symbol(')');
            return create;
        }
        if (listed) columns(create);
        table_options(create);
        if (create.columns.empty()) create.server_knows = true;
        return create;
    }

    // Not (SELECT …).
    bool is_list() const {
        return cursor_.is_symbol('(') && !cursor_.is_symbol('(', 1) && !cursor_.is("SELECT", 1) &&
               !cursor_.is("WITH", 1) && !cursor_.is("VALUES", 1);
    }

    void columns(CreateTable& create) {
        cursor_.next();
        TableElements elements;
        parse_elements(cursor_, elements);
        create.columns = std::move(elements.columns);
        create.primary_key = std::move(elements.primary_key);
        for (const ColumnSpec& column : create.columns) {
            if (column.primary_key) create.primary_key = {column.name};
        }
    }

    void table_options(CreateTable& create) {
        while (!cursor_.at_end()) {
            if (cursor_.is_one("SELECT", "VALUES", "AS", "TABLE") ||
                (cursor_.is("WITH") && !cursor_.is("SYSTEM", 1)) ||
                (cursor_.is_symbol('(') && !cursor_.is_name(1))) {
                create.server_knows = true;
            } else if (cursor_.is_symbol('(') && cursor_.is_one_ahead("SELECT", "WITH", "VALUES")) {
                create.server_knows = true;
            }
            if (cursor_.accept("COMMENT") || cursor_.accept("CONNECTION") ||
                cursor_.accept("PASSWORD")) {
                (void)cursor_.accept_symbol('=');
                cursor_.next();
            } else if (cursor_.accept("SEQUENCE")) {
                cursor_.skip_element();
            } else if (cursor_.accept("PARTITION", "BY")) {
                skip_partitions();
            } else if (!accept_charset(cursor_, create.charset) && !cursor_.accept_group()) {
                cursor_.next();
            }
        }
    }

    // Up to AS SELECT, if there is one.
    void skip_partitions() {
        while (!cursor_.at_end() && !cursor_.is_one("SELECT", "AS")) {
            if (!cursor_.accept_group()) cursor_.next();
        }
    }

    Ddl create_sequence() {
        CreateTable create{.if_not_exists = accept_if_not_exists()};
        create.table = table();
        for (const auto& [name, type] : kSequenceColumns) {
            ColumnSpec column{.name = name};
            column.type.base = type;
            // As the server declares them.
            column.type.is_unsigned =
                std::string_view(name) == "cache_size" || std::string_view(name) == "cycle_option";
            create.columns.push_back(std::move(column));
        }
        while (!cursor_.at_end()) cursor_.next();
        return create;
    }

    Ddl alter() {
        if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) {
            return database(DatabaseChange::Kind::alter);
        }
        (void)cursor_.accept("ONLINE");
        (void)cursor_.accept("OFFLINE");
        (void)cursor_.accept("IGNORE");
        if (!cursor_.accept("TABLE")) return NoChange{};
        AlterTable change{.if_exists = accept_if_exists()};
        change.table = table();
        skip_wait();
        change.steps = parse_alter_steps(cursor_, database_);
        for (const AlterStep& step : change.steps) {
            if (!step.table.table.empty()) about_.push_back(step.table);
        }
        return change;
    }

    Ddl drop() {
        if (cursor_.accept("DATABASE") || cursor_.accept("SCHEMA")) {
            return database(DatabaseChange::Kind::drop);
        }
        if (cursor_.accept("INDEX")) return drop_index();
        if (!cursor_.accept("TABLE") && !cursor_.accept("TABLES") && !cursor_.accept("SEQUENCE")) {
            return NoChange{};
        }
        (void)accept_if_exists();
        DropTables drop;
        do {
            drop.tables.push_back(table());
        } while (cursor_.accept_symbol(','));
        skip_wait();
        (void)(cursor_.accept("RESTRICT") || cursor_.accept("CASCADE"));
        return drop;
    }

    // DROP INDEX `PRIMARY` ON t
    Ddl drop_index() {
        (void)accept_if_exists();
        if (!same_name(cursor_.name(), "PRIMARY")) return NoChange{};
        cursor_.expect("ON");
        AlterTable change{.table = table()};
        change.steps.push_back({.kind = AlterStep::Kind::drop_key});
        while (!cursor_.at_end()) cursor_.next();
        return change;
    }

    Ddl rename() {
        if (!cursor_.accept("TABLE") && !cursor_.accept("TABLES")) return NoChange{};
        RenameTables rename{.if_exists = accept_if_exists()};
        do {
            RenameTables::Pair& pair = rename.pairs.emplace_back();
            pair.from = table();
            skip_wait();
            cursor_.expect("TO");
            pair.to = table();
        } while (cursor_.accept_symbol(','));
        return rename;
    }

    TokenCursor cursor_;
    const std::string_view database_;
    std::vector<TableName> about_;
};

}  // namespace

Result<Ddl> parse_ddl(std::string_view statement, const DdlContext& context) {
    return DdlParser(statement, context).parse();
}

std::vector<TableName> tables_of(const Ddl& ddl) {
    std::vector<TableName> names;
    if (const auto* create = std::get_if<CreateTable>(&ddl)) {
        names.push_back(create->table);
    } else if (const auto* alter = std::get_if<AlterTable>(&ddl)) {
        if (alter->steps.empty()) return names;
        names.push_back(alter->table);
        for (const AlterStep& step : alter->steps) {
            if (!step.table.table.empty()) names.push_back(step.table);
        }
    } else if (const auto* drop = std::get_if<DropTables>(&ddl)) {
        names = drop->tables;
    } else if (const auto* rename = std::get_if<RenameTables>(&ddl)) {
        for (const auto& pair : rename->pairs) {
            names.push_back(pair.from);
            names.push_back(pair.to);
        }
    } else if (const auto* database = std::get_if<DatabaseChange>(&ddl)) {
        if (database->kind == DatabaseChange::Kind::drop) {
            names.push_back({.database = database->name, .table = {}});
        }
    } else if (const auto* unclear = std::get_if<NotUnderstood>(&ddl)) {
        names = unclear->tables;
    }
    return names;
}

}  // namespace evenkeel::cdc
