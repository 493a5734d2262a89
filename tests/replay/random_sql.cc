#include "tests/replay/random_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace evenkeel::test {
namespace {

using Rng = std::mt19937_64;
constexpr std::size_t kTablesMin = 5;
constexpr std::size_t kTablesMax = 10;
constexpr std::size_t kColumnsMax = 14;

std::string text_of(Rng& rng, std::size_t longest) {
    static const std::vector<std::string> pieces = {"a",  "b",  "Zebra", " ",   "\\\"", "''",
                                                    "ü",  "ß",  "\\\\",  "\\n", "\\t",  "0",
                                                    "12", "{}", "%",     "é",   "null", "x-y"};
    std::string text;
    for (std::size_t i = rng() % (longest + 1); i > 0; --i) text += pieces[rng() % pieces.size()];
    return "'" + text + "'";
}

std::string bytes_of(Rng& rng, std::size_t longest) {
    std::string hex = "x'";
    for (std::size_t i = rng() % (longest + 1); i > 0; --i)
        hex += fmt::format("{:02x}", rng() & 255);
    return hex + "'";
}

std::string number_of(Rng& rng, std::int64_t least, std::int64_t most) {
    const auto span = static_cast<std::uint64_t>(most - least) + 1;
    return fmt::format("{}", least + static_cast<std::int64_t>(rng() % span));
}

std::string json_of(Rng& rng) {
    switch (rng() % 5) {
        case 0: return "'[]'";
        case 1: return fmt::format("'{{\"a\": {}, \"b\": [1, 2.5, null, true]}}'", rng() % 100);
        case 2:
            return fmt::format("'{{\"name\": \"n{}\", \"deep\": {{\"x\": {}}}}}'", rng() % 9,
                               rng());
        case 3: return "'\"ü text\"'";
        default: return fmt::format("'[{}, {}, \"x\"]'", rng() % 3, rng() % 70000);
    }
}

std::string datetime_of(Rng& rng) {
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", 1971 + rng() % 60,
                       1 + rng() % 12, 1 + rng() % 28, rng() % 24, rng() % 60, rng() % 60,
                       rng() % 1000000);
}

}  // namespace

RandomSql::RandomSql(const RandomSqlOptions& options) : options_(options), rng_(options.seed) {
    make_kinds();
}

void RandomSql::make_kinds() {
    const auto between = [](std::int64_t least, std::int64_t most) {
        return [=](Rng& rng) { return number_of(rng, least, most); };
    };
    kinds_ = {
        {"TINYINT", between(-128, 127), true, {1, 2}},
        {"INT", between(-2147483648, 2147483647), true, {2}},
        {"BIGINT", [](Rng& r) { return number_of(r, INT64_MIN / 2, INT64_MAX / 2); }, true, {}},
        {"SMALLINT UNSIGNED", between(0, 65535), true, {4}},
        {"BIGINT UNSIGNED", [](Rng& r) { return fmt::format("{}", r()); }, true, {}},
        {"MEDIUMINT", between(-8388608, 8388607), true, {1, 2}},
        {"DECIMAL(20,6)",
         [](Rng& r) {
             return number_of(r, -99999999, 99999999) + fmt::format(".{:06}", r() % 1000000);
         },
         true,
         {}},
        {"FLOAT", [](Rng& r) { return fmt::format("{}e{}", r() % 999983, r() % 20); }, false, {8}},
        {"DOUBLE", [](Rng& r) { return fmt::format("{}e{}", r(), r() % 200); }, false, {}},
        {"VARCHAR(60) CHARACTER SET utf8mb4", [](Rng& r) { return text_of(r, 12); }, true, {11}},
        {"VARCHAR(60) CHARACTER SET latin1", [](Rng& r) { return text_of(r, 12); }, true, {}},
        {"TEXT CHARACTER SET utf8mb4", [](Rng& r) { return text_of(r, 60); }, true, {}},
        {"CHAR(7) CHARACTER SET utf8mb4", [](Rng& r) { return text_of(r, 3); }, true, {9, 11}},
        {"BLOB", [](Rng& r) { return bytes_of(r, 40); }, true, {}},
        {"VARBINARY(24)", [](Rng& r) { return bytes_of(r, 24); }, true, {13}},
        {"BINARY(5)", [](Rng& r) { return bytes_of(r, 5); }, true, {}},
        {"DATE", [](Rng& r) { return "'" + datetime_of(r).substr(0, 10) + "'"; }, true, {17}},
        {"DATETIME(3)", [](Rng& r) { return "'" + datetime_of(r) + "'"; }, true, {18}},
        {"DATETIME(6)", [](Rng& r) { return "'" + datetime_of(r) + "'"; }, true, {}},
        {"TIMESTAMP(6) NULL", [](Rng& r) { return "'" + datetime_of(r) + "'"; }, true, {}},
        {"TIME(2)",
         [](Rng& r) {
             return fmt::format("'{}:{:02}:{:02}.{:02}'", number_of(r, -838, 838), r() % 60,
                                r() % 60, r() % 100);
         },
         true,
         {}},
        {"YEAR", between(1901, 2155), true, {}},
        {"BIT(12)", between(0, 4095), true, {}},
        {"ENUM('a','b','\u00fcml''aut')", between(1, 3), true, {}},
        {"SET('x','y','z')", between(0, 7), true, {}},
        {"POINT",
         [](Rng& r) { return fmt::format("POINT({}, {}.5)", number_of(r, -90, 90), r() % 90); },
         false,
         {}},
    };
    if (options_.json_and_metadata) kinds_.push_back({"JSON", json_of, false, {}});
    if (options_.uuid) {
        kinds_.push_back({"UUID",
                          [](Rng& r) {
                              return fmt::format("'{:08x}-1234-11ee-8000-{:012x}'",
                                                 r() & 0xffffffff, r() & 0xffffffffffff);
                          },
                          true,
                          {}});
        kinds_.push_back(
            {"INET6", [](Rng& r) { return fmt::format("'::{:x}'", r() & 0xffff); }, true, {}});
    }
}

std::vector<std::string> RandomSql::session() const {
    return {"SET SESSION sql_mode = '', time_zone = '+00:00'", "SET NAMES utf8mb4"};
}

std::string RandomSql::name(const char* prefix) {
    // Names that were there before come back: with other columns, under other tables.
    const std::uint64_t number = chance(30) ? below(20) : ++names_;
    return fmt::format("{}{}", prefix, number);
}

// Ways to spell one name.
std::string RandomSql::quoted_path(const Table& table) {
    switch (below(3)) {
        case 0: return table.database + "." + table.name;
        case 1: return table.path();
        default: return table.database + ".`" + table.name + "` /* t */";
    }
}

RandomSql::Column RandomSql::new_column(const Table& table) {
    Column column;
    do {
        column.name = name(chance(20) ? "Col " : "c");
    } while (std::any_of(table.columns.begin(), table.columns.end(),
                         [&](const Column& other) { return other.name == column.name; }));
    do {
        column.kind = below(kinds_.size());
    } while (table.key == Key::none && !kinds_[column.kind].comparable);
    return column;
}

std::string RandomSql::key_columns(const Table& table) const {
    switch (table.key) {
        case Key::none: return "";
        case Key::id: return "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY";
        case Key::id_and_code:
            return "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, code VARCHAR(20) CHARACTER SET "
                   "utf8mb4 NOT NULL, PRIMARY KEY (id, code)";
        case Key::code: return "code VARCHAR(20) CHARACTER SET utf8mb4 NOT NULL PRIMARY KEY";
    }
    return "";
}

RandomSql::Step RandomSql::create_table() {
    Table table{.database = databases()[below(2)],
                .name = name(chance(20) ? kHidden : "t"),
                .key = static_cast<Key>(below(4)),
                .transactional = chance(85)};
    const bool exists = std::any_of(tables_.begin(), tables_.end(), [&](const Table& other) {
        return other.path() == table.path();
    });
    if (exists) return {};
    std::vector<std::string> parts;
    if (table.key != Key::none) parts.push_back(key_columns(table));
    for (std::size_t i = 1 + below(6); i > 0; --i) {
        table.columns.push_back(new_column(table));
        const Column& column = table.columns.back();
        parts.push_back(fmt::format("`{}` {}", column.name, kinds_[column.kind].type));
    }
    tables_.push_back(table);
    return {{fmt::format("CREATE TABLE {} ({}) ENGINE={} DEFAULT CHARSET={}", quoted_path(table),
                         join(parts, ",\n "), table.transactional ? "InnoDB" : "MyISAM",
                         chance(50) ? "utf8mb4" : "latin1")},
            true};
}

// Two columns take each other's names.
std::string RandomSql::swap_columns(Table& table) {
    Column& one = table.columns[below(table.columns.size())];
    Column& two = table.columns[below(table.columns.size())];
    if (one.name == two.name) return {};
    std::string sql = fmt::format("CHANGE `{0}` `{1}` {2}, CHANGE COLUMN `{1}` `{0}` {3}", one.name,
                                  two.name, kinds_[one.kind].type, kinds_[two.kind].type);
    if (chance(50) && options_.json_and_metadata) {
        sql = fmt::format("RENAME COLUMN `{0}` TO `{1}`, RENAME COLUMN `{1}` TO `{0}`", one.name,
                          two.name);
    }
    std::swap(one.name, two.name);
    return sql;
}

std::string RandomSql::action(Table& table) {
    Column& column = table.columns[below(table.columns.size())];
    const std::size_t choice = below(10);
    if (choice < 4 && table.columns.size() < kColumnsMax) {
        const Column added = new_column(table);
        const std::size_t place = below(table.columns.size() + 1);
        std::string at;
        if (place < table.columns.size())
            at = fmt::format(" AFTER `{}`", table.columns[place].name);
        table.columns.insert(place < table.columns.size()
                                 ? table.columns.begin() + static_cast<std::ptrdiff_t>(place) + 1
                                 : table.columns.end(),
                             added);
        return fmt::format("ADD{} `{}` {}{}", chance(50) ? " COLUMN" : "", added.name,
                           kinds_[added.kind].type, at);
    }
    if (choice < 6 && table.columns.size() > 1) {
        const std::string name = column.name;
        table.columns.erase(table.columns.begin() + (&column - table.columns.data()));
        return fmt::format("DROP COLUMN `{}`", name);
    }
    if (choice < 8) {
        const std::string old = column.name;
        column.name = new_column(table).name;
        if (chance(50) && options_.json_and_metadata) {
            return fmt::format("RENAME COLUMN `{}` TO `{}`", old, column.name);
        }
        return fmt::format("change `{}` `{}` {}", old, column.name, kinds_[column.kind].type);
    }
    if (choice < 9) {
        const auto& becomes = kinds_[column.kind].becomes;
        if (!becomes.empty()) column.kind = becomes[below(becomes.size())];
        return fmt::format("MODIFY `{}` {}", column.name, kinds_[column.kind].type);
    }
    return fmt::format("COMMENT = 'c{}'", below(9));
}

RandomSql::Step RandomSql::change_columns(Table& table) {
    std::string actions = chance(15) ? swap_columns(table) : "";
    // Several actions of one statement see the columns as they were before it.
    if (actions.empty()) actions = action(table);
    const char* verb = chance(80) ? "ALTER TABLE" : "alter /* `a` comment */ table";
    return {{fmt::format("{} {} {}", verb, quoted_path(table), actions)}, true};
}

RandomSql::Step RandomSql::change_tables() {
    Table& table = any_table();
    if (chance(40) && tables_.size() > kTablesMin) {
        const std::string sql =
            fmt::format("DROP TABLE{} {}", chance(50) ? " IF EXISTS" : "", quoted_path(table));
        tables_.erase(tables_.begin() + (&table - tables_.data()));
        return {{sql}, true};
    }
    const bool hidden = table.name.starts_with(kHidden);
    const std::string old = quoted_path(table);
    table.name = name(hidden ? kHidden : "t");
    const auto same = std::count_if(tables_.begin(), tables_.end(), [&](const Table& other) {
        return other.path() == table.path();
    });
    if (same > 1) {
        undo();
        return transaction();
    }
    if (chance(50)) return {{fmt::format("RENAME TABLE {} TO {}", old, quoted_path(table))}, true};
    return {{fmt::format("ALTER TABLE {} RENAME TO {}", old, quoted_path(table))}, true};
}

// How changes are logged.
RandomSql::Step RandomSql::tune() {
    // Changes to a JSON value without the value before say nothing, and end a stream.
    const bool patches = options_.mysql && options_.json_and_metadata;
    const std::string whole = "SET SESSION binlog_row_value_options = ''";
    const auto image = [&](const std::string& kind) {
        Step step{{"SET SESSION binlog_row_image = '" + kind + "'"}, false};
        if (patches) step.statements.insert(step.statements.begin(), whole);
        return step;
    };
    std::vector<Step> all = {
        image("FULL"), image("MINIMAL"), image("NOBLOB"), {{"FLUSH BINARY LOGS"}, false}};
    const auto add = [&](std::vector<std::string> statements) {
        all.push_back({std::move(statements), false});
    };
    if (options_.json_and_metadata) {
        add({"SET GLOBAL binlog_row_metadata = 'FULL'"});
        add({"SET GLOBAL binlog_row_metadata = 'MINIMAL'"});
    }
    if (!options_.mysql) {
        add({"SET GLOBAL log_bin_compress = 1"});
        add({"SET GLOBAL log_bin_compress = 0"});
    } else if (patches) {
        add({"SET SESSION binlog_row_image = 'FULL'",
             "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'"});
        add({whole});
        add({"SET SESSION binlog_transaction_compression = ON"});
        add({"SET SESSION binlog_transaction_compression = OFF"});
    }
    return all[below(all.size())];
}

std::string RandomSql::value_of(const Column& column) {
    if (chance(12)) return "NULL";
    return kinds_[column.kind].value(rng_);
}

std::string RandomSql::where(const Table& table) {
    const std::string limit = fmt::format(" LIMIT {}", 1 + below(8));
    if (table.key == Key::id || table.key == Key::id_and_code) {
        const std::size_t modulus = 1 + below(40);
        return fmt::format(" WHERE id % {} = {}{}", modulus, below(modulus), limit);
    }
    if (table.key == Key::code) return fmt::format(" WHERE code > '{}'{}", below(90), limit);
    return limit;
}

std::string RandomSql::insert(const Table& table) {
    std::string names;
    if (table.key == Key::code || table.key == Key::id_and_code) names = "code";
    for (const Column& column : table.columns) {
        names += (names.empty() ? "`" : ",`") + column.name + "`";
    }
    std::vector<std::string> rows;
    for (std::size_t i = chance(60) ? 1 : 1 + below(20); i > 0; --i) {
        std::string row;
        if (names.starts_with("code")) row = fmt::format("'K{:x}'", rng_() % 100000);
        for (const Column& column : table.columns) {
            row += (row.empty() ? "" : ", ") + value_of(column);
        }
        rows.push_back("(" + row + ")");
    }
    std::string tail;
    const char* verb = "INSERT INTO";
    if (table.key == Key::code && chance(40)) {
        verb = "REPLACE INTO";
    } else if (table.key == Key::code && chance(50)) {
        const Column& column = table.columns[below(table.columns.size())];
        tail = fmt::format(" ON DUPLICATE KEY UPDATE `{0}` = VALUES(`{0}`)", column.name);
    }
    return fmt::format("{} {} ({}) VALUES {}{}", verb, table.path(), names, join(rows, ", "), tail);
}

std::string RandomSql::update(const Table& table) {
    if (table.key == Key::id && chance(5)) {
        return fmt::format("UPDATE {} SET id = id + 1000000 ORDER BY id DESC LIMIT 1",
                           table.path());
    }
    const Column& column = table.columns[below(table.columns.size())];
    std::string value = value_of(column);
    if (options_.mysql && kinds_[column.kind].type == "JSON" && chance(70)) {
        value = fmt::format("JSON_SET(`{}`, '$.a', {}, '$.deep.x', '{}')", column.name, below(9),
                            std::string(below(12), 'y'));
    }
    return fmt::format("UPDATE {} SET `{}` = {}{}", table.path(), column.name, value, where(table));
}

std::string RandomSql::remove(const Table& table) {
    return fmt::format("DELETE FROM {}{}", table.path(), where(table));
}

std::string RandomSql::change_rows(const Table& table) {
    const std::size_t choice = below(10);
    if (choice < 5) return insert(table);
    return choice < 8 ? update(table) : remove(table);
}

RandomSql::Step RandomSql::transaction() {
    Table& first = any_table();
    if (chance(40) || !first.transactional) return {{change_rows(first)}, false};
    const bool xa = chance(8);
    const std::string id = fmt::format("'xa{}'", rng_() % 1000000);
    std::vector<std::string> statements = {xa ? "XA START " + id : "START TRANSACTION"};
    for (std::size_t i = 1 + below(12); i > 0; --i) {
        const Table& table = any_table();
        // Changes of the others stay when the rest is rolled back, which MySQL's GTIDs forbid.
        if (!table.transactional) continue;
        if (!xa && chance(15)) statements.emplace_back("SAVEPOINT `s p`");
        statements.push_back(change_rows(table));
        if (!xa && chance(8)) statements.emplace_back("ROLLBACK TO `s p`");
    }
    const bool commits = chance(88);
    if (xa) {
        statements.insert(statements.end(), {"XA END " + id, "XA PREPARE " + id,
                                             (commits ? "XA COMMIT " : "XA ROLLBACK ") + id});
    } else {
        statements.emplace_back(commits ? "COMMIT" : "ROLLBACK");
    }
    return {statements, false};
}

RandomSql::Step RandomSql::next() {
    before_ = tables_;
    if (tables_.size() < kTablesMin) {
        Step step;
        while (tables_.size() == before_.size()) step = create_table();
        return step;
    }
    const std::size_t choice = below(1000);
    if (choice < 8 && tables_.size() < kTablesMax) {
        Step step = create_table();
        if (!step.statements.empty()) return step;
    }
    if (choice < 40) return change_columns(any_table());
    if (choice < 48) return change_tables();
    if (choice < 60) return tune();
    return transaction();
}

}  // namespace evenkeel::test
