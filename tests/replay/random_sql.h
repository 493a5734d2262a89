// Random DDL and DML for one server, made of a seed: statements that it accepts, most of the time,
// and whose changes a stream of rows and DDL tells completely (so no TRUNCATE, which Maxwell's
// records leave out). Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace evenkeel::test {

struct RandomSqlOptions {
    std::uint64_t seed = 1;
    bool mysql = false;
    bool json_and_metadata = true;  // Not in MySQL 5.7 and MariaDB 10.4.
    bool uuid = false;              // MariaDB 10.7.
};

class RandomSql {
public:
    struct Step {
        std::vector<std::string> statements{};  // In order, on one session.
        bool ddl = false;
    };

    explicit RandomSql(const RandomSqlOptions& options);

    // Once per session, before the first step.
    std::vector<std::string> session() const;
    Step next();
    // The server refused the last step's DDL.
    void undo() { tables_ = before_; }

    // Databases that have to exist.
    static std::vector<std::string> databases() { return {"shop", "stock"}; }
    // Tables of these names are changed too, but are meant to be filtered out.
    static constexpr const char* kHidden = "hidden_";

private:
    using Rng = std::mt19937_64;
    struct Kind {
        std::string type{};
        std::function<std::string(Rng&)> value{};
        bool comparable = true;              // Fit for WHERE, so for tables without a key.
        std::vector<std::size_t> becomes{};  // Kinds that keep its values.
    };
    struct Column {
        std::string name{};
        std::size_t kind = 0;
    };
    enum class Key { none, id, id_and_code, code };
    struct Table {
        std::string database{};
        std::string name{};
        Key key = Key::id;
        bool transactional = true;
        std::vector<Column> columns{};  // Behind those of the key.

        std::string path() const { return "`" + database + "`.`" + name + "`"; }
    };

    void make_kinds();
    std::size_t below(std::size_t bound) { return rng_() % bound; }
    bool chance(unsigned percent) { return below(100) < percent; }
    Table& any_table() { return tables_[below(tables_.size())]; }
    std::string name(const char* prefix);
    std::string value_of(const Column& column);
    std::string quoted_path(const Table& table);
    std::string key_columns(const Table& table) const;
    Column new_column(const Table& table);

    Step create_table();
    Step change_columns(Table& table);
    Step change_tables();
    Step tune();
    Step transaction();
    std::string action(Table& table);
    std::string swap_columns(Table& table);

    std::string where(const Table& table);
    std::string insert(const Table& table);
    std::string update(const Table& table);
    std::string remove(const Table& table);
    std::string change_rows(const Table& table);

    const RandomSqlOptions options_;
    Rng rng_;
    std::vector<Kind> kinds_;
    std::vector<Table> tables_;
    std::vector<Table> before_;
    std::uint64_t names_ = 0;
};

}  // namespace evenkeel::test
