#include "cdc/schema/alter_table.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace evenkeel::cdc {
namespace {

using Kind = AlterStep::Kind;

Error misfit(std::string_view what, std::string_view name) {
    return {Errc::conflict, fmt::format("{} {}", what, name)};
}

// `converted_to`: of CONVERT TO in the same statement, which wins over the column's own charset;
// empty: there is none.
SchemaColumn make_column(const ColumnSpec& spec, const std::string& table_charset,
                         const std::string& converted_to) {
    SchemaColumn column{.name = spec.name};
    resolve_type(spec.type, table_charset, column);
    if (!column.charset.empty() && !converted_to.empty()) {
        WrittenType converted = spec.type;
        converted.charset = {.charset = converted_to};
        resolve_type(converted, table_charset, column);
    }
    column.generated = spec.generated;
    column.invisible = spec.invisible;
    return column;
}

class Alteration {
public:
    Alteration(const std::vector<AlterStep>& steps, const std::string& database_charset,
               SchemaTable& table)
        : steps_(steps), database_charset_(database_charset), table_(table) {}

    // The server makes a new list of columns: the old ones, without the dropped and with the
    // changed in their place; then what is added or moved, in the statement's order.
    Result<> run() {
        EK_TRY_VOID(check_names());
        charsets();
        if (table_.charset.empty()) return misfit("no default charset is known of", table_.name);
        keep_old();
        EK_TRY_VOID(place_new());
        EK_TRY_VOID(convert());
        key();
        table_.columns = std::move(columns_);
        return check_key();
    }

private:
    bool had(std::string_view name) const { return table_.find(name) != nullptr; }

    bool skipped(const AlterStep& step) const {
        if (!step.lenient) return false;
        return step.kind == Kind::add_column ? had(step.column.name) : !had(step.name);
    }

    Result<> check_names() const {
        std::set<std::string> changed;
        for (const AlterStep& step : steps_) {
            const bool of_old =
                step.kind == Kind::change_column || step.kind == Kind::drop_column ||
                step.kind == Kind::rename_column || step.kind == Kind::set_invisible;
            if (of_old && !skipped(step) && !had(step.name)) {
                return misfit("there is no column", step.name);
            }
            // MariaDB takes some of these, and what it makes of them is anybody's guess.
            const bool twice = of_old && step.kind != Kind::set_invisible &&
                               !changed.insert(lower_case(step.name)).second;
            if (twice) return misfit("two changes of column", step.name);
        }
        return {};
    }

    void charsets() {
        const std::string& otherwise = database_charset_;
        for (const AlterStep& step : steps_) {
            if (step.kind != Kind::convert_charset) continue;
            converted_to_ = resolve_charset(step.charset, otherwise);
            table_.charset = converted_to_;
        }
        for (const AlterStep& step : steps_) {
            if (step.kind == Kind::default_charset) {
                const bool named = !step.charset.charset.empty();
                table_.charset =
                    resolve_charset(step.charset, named ? database_charset_ : table_.charset);
            }
        }
    }

    // Of the old columns; the new ones have it already.
    Result<> convert() {
        if (converted_to_.empty()) return {};
        for (const AlterStep& step : steps_) {
            const std::string& base = step.column.type.base;
            // The servers choose another size of theirs, each by its own rule.
            if (base.ends_with("text") || base.ends_with("blob")) {
                return misfit("CONVERT TO beside the new column", step.column.name);
            }
        }
        for (SchemaColumn& column : columns_) {
            if (!convert_charset(column, converted_to_)) {
                return misfit("conversion to binary of column", column.name);
            }
        }
        return {};
    }

    const AlterStep* step_of(const SchemaColumn& column, Kind kind) const {
        const auto found = std::find_if(steps_.begin(), steps_.end(), [&](const AlterStep& step) {
            return step.kind == kind && same_name(step.name, column.name);
        });
        return found == steps_.end() ? nullptr : &*found;
    }

    void keep_old() {
        for (const SchemaColumn& old : table_.columns) {
            if (step_of(old, Kind::drop_column) != nullptr) {
                drop_from_key(old.name);
                continue;
            }
            if (const AlterStep* changed = step_of(old, Kind::change_column)) {
                rename_in_key(old.name, changed->column.name);
                if (changed->place.where == ColumnPlace::Where::unchanged) {
                    columns_.push_back(make_column(changed->column, table_.charset, converted_to_));
                }
                continue;
            }
            SchemaColumn column = old;
            if (const AlterStep* renamed = step_of(old, Kind::rename_column)) {
                rename_in_key(old.name, renamed->column.name);
                column.name = renamed->column.name;
            }
            if (const AlterStep* shown = step_of(old, Kind::set_invisible)) {
                column.invisible = shown->column.invisible;
            }
            columns_.push_back(std::move(column));
        }
    }

    Result<> place_new() {
        for (const AlterStep& step : steps_) {
            const bool moved = step.kind == Kind::change_column &&
                               step.place.where != ColumnPlace::Where::unchanged;
            if ((step.kind != Kind::add_column && !moved) || skipped(step)) continue;
            auto at = columns_.end();
            if (step.place.where == ColumnPlace::Where::first) at = columns_.begin();
            if (step.place.where == ColumnPlace::Where::after) {
                at = std::find_if(columns_.begin(), columns_.end(), [&](const SchemaColumn& c) {
                    return same_name(c.name, step.place.after);
                });
                if (at == columns_.end()) return misfit("there is no column", step.place.after);
                ++at;
            }
            columns_.insert(at, make_column(step.column, table_.charset, converted_to_));
        }
        return {};
    }

    // Names in the key stand under their old and new names at once while the steps are done.
    void rename_in_key(const std::string& from, const std::string& to) {
        for (std::size_t i = 0; i < table_.primary_key.size(); ++i) {
            if (same_name(table_.primary_key[i], from)) renamed_[i] = to;
        }
    }

    void drop_from_key(const std::string& name) {
        for (std::size_t i = 0; i < table_.primary_key.size(); ++i) {
            if (same_name(table_.primary_key[i], name)) renamed_[i].clear();
        }
    }

    void key() {
        table_.primary_key = renamed_;
        std::erase(table_.primary_key, std::string());
        const auto dropped = [](const AlterStep& step) { return step.kind == Kind::drop_key; };
        if (std::any_of(steps_.begin(), steps_.end(), dropped)) table_.primary_key.clear();
        for (const AlterStep& step : steps_) {
            if (step.kind != Kind::add_key) continue;
            if (step.lenient && !table_.primary_key.empty()) continue;
            table_.primary_key = step.key;
        }
    }

    // The key names its columns as they are declared.
    Result<> check_key() {
        for (std::string& name : table_.primary_key) {
            const SchemaColumn* column = table_.find(name);
            if (column == nullptr) return misfit("there is no key column", name);
            name = column->name;
        }
        for (std::size_t i = 0; i < table_.columns.size(); ++i) {
            if (table_.find(table_.columns[i].name) != &table_.columns[i]) {
                return misfit("two columns are called", table_.columns[i].name);
            }
        }
        if (table_.columns.empty()) return misfit("no column is left in", table_.name);
        return {};
    }

    const std::vector<AlterStep>& steps_;
    const std::string& database_charset_;
    SchemaTable& table_;
    std::string converted_to_;  // Empty: no CONVERT TO.
    std::vector<SchemaColumn> columns_;
    std::vector<std::string> renamed_ = table_.primary_key;
};

}  // namespace

Result<SchemaTable> make_table(const CreateTable& create, const std::string& database_charset) {
    SchemaTable table{.database = create.table.database, .name = create.table.table};
    table.charset = resolve_charset(create.charset, database_charset);
    std::vector<AlterStep> steps;
    for (const ColumnSpec& column : create.columns) {
        steps.push_back({.kind = Kind::add_column, .column = column});
    }
    if (!create.primary_key.empty()) {
        steps.push_back({.kind = Kind::add_key, .key = create.primary_key});
    }
    EK_TRY_VOID(alter_table(steps, database_charset, table));
    return table;
}

Result<> alter_table(const std::vector<AlterStep>& steps, const std::string& database_charset,
                     SchemaTable& table) {
    return Alteration(steps, database_charset, table).run();
}

}  // namespace evenkeel::cdc
