#include "cdc/schema/ddl_apply.h"

#include <algorithm>

#include "cdc/schema/alter_table.h"

namespace evenkeel::cdc {
namespace {

using Kind = SchemaChange::Kind;

class Applier {
public:
    Applier(const ApplyContext& context, Schema& schema) : context_(context), schema_(schema) {}

    std::vector<SchemaChange> take() { return std::move(changes_); }

    void operator()(const NoChange&) {}

    void operator()(const NotUnderstood& ddl) {
        for (const TableName& name : ddl.tables) {
            if (!name.table.empty()) {
                doubt(name, ddl.why);
                continue;
            }
            for (const TableName& table : schema_.tables_of(name.database)) doubt(table, ddl.why);
        }
    }

    void operator()(const DatabaseChange& ddl) {
        if (!follows({.database = ddl.name})) return;
        const std::string before = schema_.database_charset(ddl.name);
        SchemaChange change{.database = schema_.stored(ddl.name)};
        if (ddl.kind == DatabaseChange::Kind::drop) {
            for (const TableName& table : schema_.tables_of(ddl.name)) drop(table);
            schema_.drop_database(ddl.name);
            change.kind = Kind::database_drop;
            changes_.push_back(std::move(change));
            return;
        }
        const bool create = ddl.kind == DatabaseChange::Kind::create;
        if (create && ddl.if_not_exists && !before.empty()) return;
        // OR REPLACE, or a database that was lost sight of: its tables are gone.
        for (const TableName& table :
             create ? schema_.tables_of(ddl.name) : std::vector<TableName>()) {
            drop(table);
        }
        change.kind = create ? Kind::database_create : Kind::database_alter;
        const std::string& otherwise = create ? context_.server_charset : before;
        change.charset = resolve_charset(ddl.charset, otherwise);
        if (!create && change.charset == before) return;
        schema_.put_database(ddl.name, change.charset);
        changes_.push_back(std::move(change));
    }

    void operator()(const CreateTable& ddl) {
        const SchemaTable* existing = schema_.find(ddl.table);
        if (existing != nullptr && ddl.if_not_exists) {
            // A table of a later time may not have been there yet.
            if (existing->knowledge != Knowledge::later) return;
        }
        auto made = created(ddl);
        if (made && schema_.database_charset(ddl.table.database).empty() && made->charset.empty()) {
            made = Error{Errc::conflict, "its database's default charset is not known"};
        }
        if (!made) return doubt(ddl.table, made.error().what);
        put(Kind::table_create, {}, *std::move(made));
    }

    void operator()(const AlterTable& ddl) {
        // A copy: a statement could take the very table away that it alters.
        const std::optional<SchemaTable> existing = copy_of(ddl.table);
        TableName target = ddl.table;
        for (const AlterStep& step : ddl.steps) {
            if (step.kind == AlterStep::Kind::rename_table) target = step.table;
            if (step.kind == AlterStep::Kind::take_in) drop(step.table);
            if (step.kind == AlterStep::Kind::split_off) split_off(existing, step.table);
        }
        if (!existing) return came_from_elsewhere(ddl.table, target);
        if (existing->knowledge != Knowledge::exact) return move(*existing, target);
        SchemaTable table = *existing;
        const auto altered =
            alter_table(ddl.steps, schema_.database_charset(ddl.table.database), table);
        if (!altered) {
            table = *existing;
            table.knowledge = Knowledge::unknown;
            table.why = altered.error().what;
        }
        rename_to(std::move(table), *existing, target);
    }

    void operator()(const DropTables& ddl) {
        for (const TableName& name : ddl.tables) drop(name);
    }

    void operator()(const RenameTables& ddl) {
        for (const auto& pair : ddl.pairs) {
            const SchemaTable* existing = schema_.find(pair.from);
            if (existing != nullptr) {
                move(*existing, pair.to);
            } else {
                came_from_elsewhere(pair.from, pair.to);
            }
        }
    }

private:
    Result<SchemaTable> created(const CreateTable& ddl) const {
        if (ddl.server_knows) return Error{Errc::conflict, "only the server knows its columns"};
        if (!ddl.like) return make_table(ddl, schema_.database_charset(ddl.table.database));
        const SchemaTable* model = schema_.find(*ddl.like);
        if (model == nullptr || model->knowledge != Knowledge::exact) {
            return Error{Errc::conflict,
                         "it was made like " + ddl.like->str() + ", whose columns are not known"};
        }
        SchemaTable table = *model;
        table.database = ddl.table.database;
        table.name = ddl.table.table;
        return table;
    }

    void doubt(const TableName& name, const std::string& why) {
        SchemaTable table{.database = name.database, .name = name.table};
        table.knowledge = Knowledge::unknown;
        table.why = why;
        const SchemaTable* existing = schema_.find(name);
        // What is of a later time holds for that time, whatever happens before it.
        if (existing != nullptr && existing->knowledge == Knowledge::later) return;
        put(Kind::table_alter, existing == nullptr ? std::nullopt : std::optional(*existing),
            std::move(table));
    }

    void put(Kind kind, std::optional<SchemaTable> before, SchemaTable after) {
        after.database = schema_.stored(after.database);
        after.name = schema_.stored(after.name);
        const TableName name{.database = after.database, .table = after.name};
        if (!follows(name)) {
            if (before) changes_.push_back(gone(*before));
            schema_.drop(name);
            return;
        }
        const SchemaTable& named = before ? *before : after;
        if (before != after) {
            changes_.push_back({.kind = kind,
                                .database = named.database,
                                .table = named.name,
                                .before = before,
                                .after = after});
        }
        schema_.put(std::move(after));
    }

    void drop(const TableName& name) {
        const SchemaTable* existing = schema_.find(name);
        if (existing == nullptr) return;
        changes_.push_back(gone(*existing));
        schema_.drop(name);
    }

    bool follows(const TableName& name) const {
        return !context_.follows || context_.follows({.database = schema_.stored(name.database),
                                                      .table = schema_.stored(name.table)});
    }

    static SchemaChange gone(const SchemaTable& table) {
        return {.kind = Kind::table_drop,
                .database = table.database,
                .table = table.name,
                .before = table};
    }

    void rename_to(SchemaTable table, SchemaTable before, const TableName& target) {
        schema_.drop({before.database, before.name});
        table.database = target.database;
        table.name = target.table;
        put(Kind::table_alter, std::move(before), std::move(table));
    }

    void move(const SchemaTable& existing, const TableName& target) {
        // A later time's table has its name of that time.
        if (existing.knowledge == Knowledge::later) return;
        rename_to(existing, existing, target);
    }

    // A table that is not followed gets a name that may be.
    void came_from_elsewhere(const TableName& from, const TableName& target) {
        if (schema_.table_key(from) == schema_.table_key(target)) return;
        doubt(target, "it was " + from.str() + ", whose columns are not known");
    }

    std::optional<SchemaTable> copy_of(const TableName& name) const {
        const SchemaTable* found = schema_.find(name);
        return found == nullptr ? std::nullopt : std::optional(*found);
    }

    void split_off(const std::optional<SchemaTable>& model, const TableName& name) {
        if (!model || model->knowledge != Knowledge::exact) {
            return doubt(name, "it was a partition of a table whose columns are not known");
        }
        SchemaTable table = *model;
        table.database = name.database;
        table.name = name.table;
        put(Kind::table_create, {}, std::move(table));
    }

    const ApplyContext& context_;
    Schema& schema_;
    std::vector<SchemaChange> changes_;
};

}  // namespace

std::vector<SchemaChange> apply_ddl(const Ddl& ddl, const ApplyContext& context, Schema& schema) {
    Applier applier(context, schema);
    std::visit(applier, ddl);
    return applier.take();
}

}  // namespace evenkeel::cdc
