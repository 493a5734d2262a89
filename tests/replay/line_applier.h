// Does to a server what a stream's lines say: rows as Maxwell prints them, and its DDL records.
// Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sql/connection.h"
#include "tests/replay/json_members.h"

namespace evenkeel::test {

class LineApplier {
public:
    // `target` must outlive this and be used by nobody else.
    explicit LineApplier(sql::Connection& target) : target_(target) {}

    // Errors: corrupt  a line that is not right: it changes no row, or more than one; others those
    //                  of the server.
    Result<> apply(std::string_view line);
    std::uint64_t rows() const { return rows_; }
    std::uint64_t ddl() const { return ddl_; }

private:
    struct Column {
        std::string name{};
        std::string type{};  // DATA_TYPE
        bool key = false;
    };
    using Columns = std::vector<Column>;

    Result<const Columns*> columns_of(const std::string& database, const std::string& table);
    Result<std::string> json_checks(const std::string& database, const std::string& table);
    Result<> apply_ddl(const JsonMembers& line, const std::string& database);
    Result<> apply_row(const JsonMembers& line, std::string_view type, const std::string& database);
    Result<std::string> where(const Columns& columns, const JsonMembers& data,
                              const JsonMembers& old) const;
    Result<> run(const std::string& statement);

    sql::Connection& target_;
    std::map<std::string, Columns> columns_;
    std::string last_ddl_;
    std::uint64_t rows_ = 0;
    std::uint64_t ddl_ = 0;
};

}  // namespace evenkeel::test
