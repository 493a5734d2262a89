// Makes up DDL for the test that a follower of statements and the server agree. Seeded; knows the
// tables that there are, so that most statements succeed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "cdc/schema/schema.h"

namespace evenkeel::test {

class DdlGenerator {
public:
    DdlGenerator(std::uint64_t seed, bool mariadb, unsigned version)
        : random_(seed), mariadb_(mariadb), version_(version) {}

    // The next statement, for a session whose default database is d1.
    std::string next(const cdc::Schema& now);

private:
    bool chance(unsigned percent) { return random_() % 100 < percent; }
    std::size_t below(std::size_t limit) { return random_() % limit; }
    template <typename T>
    const T& pick(const std::vector<T>& of) {
        return of[below(of.size())];
    }

    std::string column_type();
    std::string text_type();
    std::string charset();
    std::string attributes();
    std::string column(const std::string& name);
    std::string new_name();
    std::string some_column(const cdc::SchemaTable& table);
    std::string place(const cdc::SchemaTable& table);
    std::string table_name();
    std::string create_table(const cdc::Schema& now);
    std::string alter_table(const cdc::SchemaTable& table);
    std::string alter_step(const cdc::SchemaTable& table);
    std::string rename_tables(const cdc::Schema& now);
    std::string other(const cdc::Schema& now);
    std::string disguised(std::string statement);
    const cdc::SchemaTable* some_table(const cdc::Schema& now);

    std::mt19937_64 random_;
    const bool mariadb_;
    const unsigned version_;
};

}  // namespace evenkeel::test
