#include "bench/cdc/data_sets.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "io/clock.h"

namespace evenkeel::bench {
namespace {

constexpr Millis kLimit{600'000};

constexpr const char* kMixedTable = R"(
CREATE TABLE mixed (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id INT NOT NULL, status TINYINT UNSIGNED NOT NULL,
    name VARCHAR(64) NOT NULL, email VARCHAR(96), amount DECIMAL(12,2) NOT NULL,
    created_at DATETIME NOT NULL, note TEXT))";

// One transaction of 80 rows, then four of one row.
constexpr const char* kMixed = R"(
CREATE PROCEDURE make_mixed(rounds INT)
BEGIN
    DECLARE i INT DEFAULT 0;
    DECLARE first BIGINT UNSIGNED;
    DECLARE single BIGINT UNSIGNED;
    WHILE i < rounds DO
        START TRANSACTION;
        INSERT INTO mixed
            SELECT NULL, (seq * 7919 + i * 104729) MOD 1000000, seq MOD 7,
                CONCAT('Customer Name ', i, '-', seq),
                IF(seq MOD 11 = 0, NULL, CONCAT('user', i * 50 + seq, '@example.org')),
                ((seq * i) MOD 9999999) / 100, '2024-01-01' + INTERVAL (i * 50 + seq) SECOND,
                CONCAT('a note with "quotes" and \n newline ', MD5(i * 50 + seq),
                       IF(seq MOD 5 = 0, ' äöü €', ''))
            FROM seq_1_to_50;
        SET first = LAST_INSERT_ID();
        UPDATE mixed SET status = status + 1, amount = amount + 1.25
            WHERE id BETWEEN first AND first + 19;
        DELETE FROM mixed WHERE id BETWEEN first + 20 AND first + 29;
        COMMIT;
        INSERT INTO mixed VALUES (NULL, i MOD 99991, 1, CONCAT('Single ', i),
            CONCAT('single', i, '@example.org'), i / 100, '2024-06-01' + INTERVAL i SECOND,
            CONCAT('single row ', MD5(i)));
        SET single = LAST_INSERT_ID();
        UPDATE mixed SET amount = amount + 0.5, note = CONCAT(note, ' upd') WHERE id = single;
        UPDATE mixed SET status = 5 WHERE id = first + 35;
        DELETE FROM mixed WHERE id = first + 40;
        SET i = i + 1;
    END WHILE;
END)";

constexpr const char* kOltp = R"(
CREATE PROCEDURE make_oltp(rounds INT)
BEGIN
    DECLARE i INT DEFAULT 0;
    DECLARE single BIGINT UNSIGNED;
    WHILE i < rounds DO
        INSERT INTO oltp VALUES (NULL, i MOD 99991, 1, CONCAT('Single ', i),
            CONCAT('single', i, '@example.org'), i / 100, '2024-06-01' + INTERVAL i SECOND,
            CONCAT('single row ', MD5(i)));
        SET single = LAST_INSERT_ID();
        UPDATE oltp SET amount = amount + 0.5, status = 3 WHERE id = single;
        IF i MOD 2 = 0 THEN DELETE FROM oltp WHERE id = single; END IF;
        SET i = i + 1;
    END WHILE;
END)";

struct WideColumn {
    const char* type;
    const char* value;
};

// The 39 columns behind the key take these in turn.
constexpr WideColumn kWideColumns[] = {
    {"INT NOT NULL", "(seq * 7919 + @i * 31) MOD 2000000"},
    {"BIGINT", "IF(seq MOD 9 = 0, NULL, seq * 1000003 * @i)"},
    {"VARCHAR(40) NOT NULL", "CONCAT('val-', @i, '-', seq)"},
    {"DECIMAL(14,4) NOT NULL", "((seq * @i) MOD 99999999) / 10000"},
    {"DATETIME(3)", "'2024-01-01 00:00:00.123' + INTERVAL (@i * 50 + seq) SECOND"},
    {"DOUBLE NOT NULL", "seq * 1.1 / (@i + 1)"},
    {"VARCHAR(120)", "CONCAT('some longer text ', MD5(seq + @i))"},
    {"SMALLINT UNSIGNED NOT NULL", "seq MOD 60000"},
};
constexpr int kWideCount = 39;

std::string wide_table() {
    std::string sql = "CREATE TABLE wide (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY";
    for (int i = 0; i < kWideCount; ++i)
        sql += fmt::format(", c{:02} {}", i, kWideColumns[i % 8].type);
    return sql + ")";
}

std::string wide_procedure() {
    std::string values;
    for (int i = 0; i < kWideCount; ++i) values += fmt::format(", {}", kWideColumns[i % 8].value);
    return fmt::format(R"(
CREATE PROCEDURE make_wide(rounds INT)
BEGIN
    DECLARE i INT DEFAULT 0;
    DECLARE first BIGINT UNSIGNED;
    WHILE i < rounds DO
        SET @i = i;
        START TRANSACTION;
        INSERT INTO wide SELECT NULL{} FROM seq_1_to_40;
        SET first = LAST_INSERT_ID();
        UPDATE wide SET c07 = c07 + 1, c05 = c05 + 0.5 WHERE id BETWEEN first AND first + 9;
        DELETE FROM wide WHERE id BETWEEN first + 10 AND first + 14;
        COMMIT;
        SET i = i + 1;
    END WHILE;
END)",
                       values);
}

}  // namespace

const std::vector<DataSet>& data_sets() {
    static const std::vector<DataSet> sets = {
        {"A mixed", "8 columns; transactions of 80 rows and of one", "CALL make_mixed({})", 58'000},
        {"B oltp", "8 columns; transactions of one row", "CALL make_oltp({})", 300'000},
        {"C wide", "40 columns; transactions of 55 rows", "CALL make_wide({})", 16'000},
    };
    return sets;
}

Result<> prepare(const lab::Server& server) {
    const auto done =
        server.query({"SET GLOBAL read_only = 0", "CREATE DATABASE bench CHARACTER SET utf8mb4",
                      "USE bench", kMixedTable, "CREATE TABLE oltp LIKE mixed", wide_table(),
                      kMixed, kOltp, wide_procedure()},
                     io::within(kLimit));
    if (!done) return done.error();
    return {};
}

Result<Recorded> record(const lab::Server& server, const DataSet& set, double scale) {
    const auto rounds = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(static_cast<double>(set.rounds) * scale));
    EK_TRY(const sql::Table before,
           server.query({"FLUSH BINARY LOGS", "SHOW MASTER STATUS"}, io::within(kLimit)));
    EK_TRY(const sql::Table begin,
           server.query({"SELECT @@gtid_binlog_pos AS gtid"}, io::within(kLimit)));
    EK_TRY(const sql::Table end,
           server.query({"USE bench", fmt::format(fmt::runtime(set.call), rounds),
                         "SELECT @@gtid_binlog_pos AS gtid"},
                        io::within(kLimit)));
    EK_TRY(const sql::Table status, server.query({"SHOW MASTER STATUS"}, io::within(kLimit)));
    if (status.text(0, "File") != before.text(0, "File")) {
        return Error{Errc::invalid,
                     "record " + set.name + ": more than one binlog file: lower --scale"};
    }
    return Recorded{.file = before.text(0, "File"),
                    .begin = begin.text(0, "gtid"),
                    .end = end.text(0, "gtid"),
                    .bytes = parse_number(status.text(0, "Position")).value_or(0)};
}

}  // namespace evenkeel::bench
