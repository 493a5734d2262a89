#include "tests/integration/ddl_generator.h"

#include <fmt/core.h>

#include "base/text.h"
#include "sql/connection.h"

namespace evenkeel::test {
namespace {

const std::vector<std::string> kDatabases = {"d1", "d1", "d2", "Mixed"};
const std::vector<std::string> kTables = {"t1", "t2", "t3", "T3", "select", "a b", "we`ird", "ünï"};
const std::vector<std::string> kColumns = {"a",   "b",     "c",    "d",      "e",     "f",
                                           "key", "col 1", "Änne", "no`te",  "first", "AFTER",
                                           "x1",  "check", "2nd",  "comment"};
const std::vector<std::string> kCharsets = {"latin1", "utf8mb4", "utf8mb3", "ascii", "ucs2",
                                            "cp1251", "sjis",    "utf32",   "gbk"};

const std::vector<std::string> kTypes = {"INT",
                                         "int(5)",
                                         "INTEGER UNSIGNED",
                                         "TINYINT(1)",
                                         "BOOL",
                                         "BOOLEAN",
                                         "SMALLINT UNSIGNED",
                                         "MEDIUMINT",
                                         "MIDDLEINT",
                                         "BIGINT UNSIGNED ZEROFILL",
                                         "INT8",
                                         "INT1 UNSIGNED",
                                         "INT3",
                                         "INT ZEROFILL",
                                         "BIGINT(20) SIGNED",
                                         "DECIMAL",
                                         "DEC(7)",
                                         "NUMERIC(12,3) UNSIGNED",
                                         "FIXED(5,2)",
                                         "FLOAT",
                                         "FLOAT(7,3)",
                                         "FLOAT(30)",
                                         "FLOAT(10)",
                                         "FLOAT4",
                                         "FLOAT8",
                                         "DOUBLE PRECISION",
                                         "DOUBLE(10,2) UNSIGNED",
                                         "REAL",
                                         "BIT",
                                         "BIT(12)",
                                         "DATE",
                                         "TIME",
                                         "TIME(3)",
                                         "DATETIME",
                                         "DATETIME(6)",
                                         "TIMESTAMP NULL",
                                         "TIMESTAMP(2) NULL",
                                         "YEAR",
                                         "YEAR(4)",
                                         "BINARY",
                                         "BINARY(16)",
                                         "VARBINARY(20)",
                                         "BLOB",
                                         "BLOB(100)",
                                         "BLOB(70000)",
                                         "TINYBLOB",
                                         "MEDIUMBLOB",
                                         "LONGBLOB",
                                         "LONG VARBINARY",
                                         "ENUM('a','b''c','d,e)')",
                                         "ENUM('x ','Y') CHARACTER SET latin1",
                                         "SET('a','b','c')",
                                         "enum(\"q\",'r' 's','ä')",
                                         "JSON",
                                         "JSON",
                                         "GEOMETRY",
                                         "POINT",
                                         "LINESTRING",
                                         "MULTIPOLYGON",
                                         "GEOMETRYCOLLECTION",
                                         "ENUM('back\\\\slash','new\\nline')",
                                         "CHAR(10) BYTE",
                                         "VARCHAR(4) CHARACTER SET binary"};

}  // namespace

std::string DdlGenerator::charset() {
    const std::string name = pick(kCharsets);
    switch (below(6)) {
        case 0: return " CHARACTER SET " + name;
        case 1: return " charset " + name;
        case 2:
            return " COLLATE " +
                   pick<std::string>({"utf8mb4_bin", "latin1_swedish_ci", "latin2_czech_cs",
                                      "utf8mb4_unicode_ci", "ucs2_general_ci"});
        case 3: return " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
        case 4: return " CHARACTER SET " + name + " BINARY";
        default: return "";
    }
}

std::string DdlGenerator::text_type() {
    const std::string length = fmt::format("({})", 1 + below(300));
    const std::string base =
        pick<std::string>({"CHAR", fmt::format("CHAR({})", 1 + below(60)), "CHARACTER(3)",
                           "VARCHAR" + length, "VARCHAR" + length, "CHARACTER VARYING(8)",
                           "CHAR VARYING(9)", "TEXT", "TEXT" + length, "TEXT(20000)", "TINYTEXT",
                           "MEDIUMTEXT", "LONGTEXT", "LONG", "LONG VARCHAR", "VARCHAR(16000)"});
    if (chance(5)) return "NATIONAL VARCHAR(7)";
    if (chance(5)) return "NCHAR(4)";
    if (chance(5)) return "NVARCHAR(4)";
    if (chance(8)) return base + pick<std::string>({" ASCII", " UNICODE", " BYTE", " BINARY"});
    return base + charset();
}

std::string DdlGenerator::column_type() {
    if (chance(35)) return text_type();
    std::vector<std::string> types = kTypes;
    if (mariadb_) {
        types.insert(types.end(), {"INET6", "VARCHAR(30) COMPRESSED", "BLOB COMPRESSED",
                                   "LONGTEXT CHECK (JSON_VALID(`nothing`))"});
        if (version_ >= 100700) types.push_back("UUID");
        if (version_ >= 101000) types.push_back("INET4");
        if (version_ >= 110700) types.push_back("VECTOR(3)");
    } else if (version_ >= 90000) {
        types.insert(types.end(), {"VECTOR", "VECTOR(7)"});
    }
    return pick(types);
}

std::string DdlGenerator::attributes() {
    std::string text;
    if (chance(20)) text += pick<std::string>({" NULL", " NOT NULL"});
    if (chance(10)) text += " COMMENT 'it''s, (a) comment; -- no'";
    if (chance(5)) text += " /* a comment, with ) */";
    if (chance(5)) text += " /*!50003 COMMENT 'x' */";
    if (chance(4)) text += " /*!99999 UNSIGNED nonsense */";
    if (chance(5)) text += " COLUMN_FORMAT DEFAULT";
    if (chance(5)) text += " UNIQUE";
    if (mariadb_ ? chance(5) : version_ >= 80023 && chance(5)) text += " INVISIBLE DEFAULT NULL";
    return text;
}

std::string DdlGenerator::column(const std::string& name) {
    if (chance(6)) {
        return fmt::format("{} INT GENERATED ALWAYS AS (1 + (2 * 3)) {}", sql::quote_name(name),
                           chance(50) ? "VIRTUAL" : "STORED");
    }
    if (chance(6)) {
        return sql::quote_name(name) +
               pick<std::string>({" INT DEFAULT -5 NOT NULL", " DOUBLE DEFAULT 1.5e-3",
                                  " TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON "
                                  "UPDATE CURRENT_TIMESTAMP(3)",
                                  " VARCHAR(9) DEFAULT _utf8mb4'x' 'y' NOT NULL",
                                  " DATETIME DEFAULT NOW()", " BIT(3) DEFAULT b'101'",
                                  " VARCHAR(9) DEFAULT 'KEY, PRIMARY KEY (b)'"});
    }
    return sql::quote_name(name) + " " + column_type() + attributes();
}

std::string DdlGenerator::new_name() {
    return pick(kColumns);
}

std::string DdlGenerator::some_column(const cdc::SchemaTable& table) {
    std::string name = pick(table.columns).name;
    // Names of columns have no case.
    if (chance(10)) {
        for (char& c : name) {
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        }
    }
    return sql::quote_name(name);
}

std::string DdlGenerator::place(const cdc::SchemaTable& table) {
    if (chance(60)) return "";
    if (chance(30)) return " FIRST";
    return " AFTER " + some_column(table);
}

std::string DdlGenerator::table_name() {
    const std::string table = sql::quote_name(pick(kTables));
    if (chance(60)) return table;
    return sql::quote_name(pick(kDatabases)) + (chance(10) ? " . " : ".") + table;
}

const cdc::SchemaTable* DdlGenerator::some_table(const cdc::Schema& now) {
    if (now.tables().empty()) return nullptr;
    auto it = now.tables().begin();
    std::advance(it, below(now.tables().size()));
    return &it->second;
}

std::string DdlGenerator::create_table(const cdc::Schema& now) {
    std::string text = "CREATE ";
    if (mariadb_ && chance(15)) text += "OR REPLACE ";
    text += "TABLE ";
    if (!text.ends_with("REPLACE TABLE ") && chance(20)) text += "IF NOT EXISTS ";
    text += table_name();
    const cdc::SchemaTable* other = some_table(now);
    if (other != nullptr && chance(12)) {
        const std::string name =
            sql::quote_name(other->database) + "." + sql::quote_name(other->name);
        return text + (chance(50) ? " LIKE " + name : " (LIKE " + name + ")");
    }
    text += " (";
    const std::size_t count = 1 + below(6);
    std::vector<std::string> elements;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
        names.push_back(kColumns[(below(3) + i * 3) % kColumns.size()]);
        elements.push_back(column(names.back()));
    }
    if (chance(50)) {
        const char* form =
            chance(30) ? "CONSTRAINT `pk` PRIMARY KEY USING BTREE (" : "PRIMARY KEY (";
        std::string key = form + sql::quote_name(names[below(names.size())]);
        if (chance(40)) key += ", " + sql::quote_name(names[below(names.size())]) + " ASC";
        elements.push_back(key + ")");
        elements.insert(elements.begin(), "`id` INT NOT NULL");
    } else if (chance(50)) {
        elements.insert(
            elements.begin(),
            pick<std::string>({"id INT PRIMARY KEY AUTO_INCREMENT", "id SERIAL PRIMARY KEY",
                               "id BIGINT UNSIGNED KEY", "id INT NOT NULL UNIQUE KEY"}));
    }
    if (chance(20)) elements.push_back("KEY (" + sql::quote_name(names[0]) + ")");
    if (chance(10)) elements.push_back("CHECK (1 < 2)");
    text += join(elements, ", ") + ")";
    if (chance(30)) text += " ENGINE=InnoDB COMMENT='CHARSET=latin1'";
    if (chance(40)) {
        text += pick<std::string>({" DEFAULT CHARSET=latin1", " CHARACTER SET utf8mb4",
                                   " COLLATE utf8mb4_bin", " DEFAULT CHARACTER SET = ucs2",
                                   " CHARSET utf8mb3 COLLATE utf8mb3_bin"});
    }
    if (chance(5)) text += " PARTITION BY HASH (1) PARTITIONS 2";
    return text;
}

std::string DdlGenerator::alter_step(const cdc::SchemaTable& table) {
    switch (below(19)) {
        case 0:
        case 1:
        case 2: return "ADD " + column(new_name()) + place(table);
        case 3: return "ADD COLUMN (" + column(new_name()) + ", " + column(new_name()) + ")";
        case 4: return (chance(50) ? "DROP COLUMN " : "DROP ") + some_column(table);
        case 5:
        case 6: return "CHANGE " + some_column(table) + " " + column(new_name()) + place(table);
        case 7:
        case 8: {
            const std::string name = pick(table.columns).name;
            return "MODIFY COLUMN " + column(name) + place(table);
        }
        case 9:
        case 10: {
            if (!mariadb_ && version_ < 80000) return "FORCE";
            return "RENAME COLUMN " + some_column(table) + " TO " + sql::quote_name(new_name());
        }
        case 11: return "DROP PRIMARY KEY";
        case 12: return "ADD PRIMARY KEY (" + some_column(table) + ")";
        case 13: return "CONVERT TO CHARACTER SET " + pick(kCharsets);
        case 14: return "DEFAULT CHARACTER SET " + pick(kCharsets);
        case 15: return "ADD INDEX (" + some_column(table) + ")";
        case 16: return "ALTER COLUMN " + some_column(table) + " DROP DEFAULT";
        case 17:
            if (!mariadb_) return "COMMENT 'RENAME TO x'";
            if (chance(50)) return "ADD COLUMN IF NOT EXISTS " + column(new_name());
            return (chance(50) ? "DROP COLUMN IF EXISTS " : "DROP IF EXISTS ") +
                   sql::quote_name(new_name());
        default: return chance(50) ? "ORDER BY " + some_column(table) : "ENGINE=InnoDB";
    }
}

std::string DdlGenerator::alter_table(const cdc::SchemaTable& table) {
    std::vector<std::string> steps;
    const std::size_t count = 1 + below(3);
    for (std::size_t i = 0; i < count; ++i) steps.push_back(alter_step(table));
    if (chance(8) && table.columns.size() > 1) {
        // A swap.
        const std::string a = table.columns[0].name;
        const std::string b = table.columns[1].name;
        steps = {fmt::format("CHANGE {} {}", sql::quote_name(a), column(b)),
                 fmt::format("CHANGE {} {}", sql::quote_name(b), column(a))};
    }
    // MariaDB leaves the old table behind when it copies one whose name has special characters.
    const bool plain =
        table.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzT123456789") == std::string::npos;
    if ((plain || !mariadb_) && chance(8)) {
        steps.push_back(pick<std::string>({"RENAME TO ", "RENAME ", "RENAME AS "}) + table_name());
    }
    return "ALTER TABLE " + sql::quote_name(table.database) + "." + sql::quote_name(table.name) +
           " " + join(steps, chance(50) ? "," : " , ");
}

std::string DdlGenerator::rename_tables(const cdc::Schema& now) {
    const cdc::SchemaTable* a = some_table(now);
    const cdc::SchemaTable* b = some_table(now);
    const std::string first = sql::quote_name(a->database) + "." + sql::quote_name(a->name);
    const std::string second = sql::quote_name(b->database) + "." + sql::quote_name(b->name);
    if (chance(40)) {
        return fmt::format("RENAME TABLE {} TO d1.swap, {} TO {}, d1.swap TO {}", first, second,
                           first, second);
    }
    return "RENAME TABLE " + first + " TO " + table_name();
}

std::string DdlGenerator::other(const cdc::Schema& now) {
    const cdc::SchemaTable* table = some_table(now);
    const std::string name = sql::quote_name(table->database) + "." + sql::quote_name(table->name);
    switch (below(12)) {
        case 0: return "DROP TABLE IF EXISTS " + table_name() + ", " + table_name();
        case 1:
        case 2: return "DROP TABLE " + name;
        case 3: return "TRUNCATE TABLE " + name;
        case 4: return "CREATE INDEX i ON " + name + " (" + some_column(*table) + ")";
        case 5: return "DROP INDEX `PRIMARY` ON " + name;
        case 6: return "CREATE OR REPLACE VIEW d1.v AS SELECT * FROM " + name;
        case 7: return "ALTER DATABASE d2 CHARACTER SET " + pick(kCharsets);
        case 8: return "DROP DATABASE IF EXISTS `Mixed`";
        case 9: return "CREATE DATABASE IF NOT EXISTS `Mixed` " + charset();
        case 10: return "ANALYZE TABLE " + name;
        default: return "CREATE TEMPORARY TABLE tmp" + std::to_string(random_()) + " (a INT)";
    }
}

// The same for the server, another sight for a parser.
std::string DdlGenerator::disguised(std::string statement) {
    if (chance(5)) statement = "/* t1 */ " + statement;
    if (chance(5)) statement = "-- ALTER TABLE t1 DROP a\n" + statement;
    if (chance(5)) statement += " # end";
    if (chance(5) && mariadb_) statement = "SET STATEMENT lock_wait_timeout=5 FOR " + statement;
    if (chance(5)) {
        const std::size_t blank = statement.find(' ');
        statement.replace(blank, 1, "\n\t");
    }
    return statement;
}

std::string DdlGenerator::next(const cdc::Schema& now) {
    if (now.tables().size() < 3 || chance(12)) return disguised(create_table(now));
    if (chance(75)) return disguised(alter_table(*some_table(now)));
    return disguised(chance(35) ? rename_tables(now) : other(now));
}

}  // namespace evenkeel::test
